package router

import (
	"fmt"

	"clanker/router/learn"
)

// Cache keeps what was learned of a catalogue, so that it is learned once. Keys are names of files; a value that was not
// stored or got damaged only costs the time to learn it again.
type Cache interface {
	Load(key string) ([]byte, bool)
	Store(key string, value []byte)
}

// remember returns the model of that key from one of the caches, or trains it and stores it in all of them.
func remember(caches []Cache, key string, train func() (*learn.Model, error)) (*learn.Model, error) {
	for _, cache := range caches {
		if data, ok := cache.Load(key); ok {
			model := new(learn.Model)
			if err := model.UnmarshalBinary(data); err == nil {
				return model, nil
			}
		}
	}
	model, err := train()
	if err != nil {
		return nil, err
	}
	data, err := model.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("keep what was learned: %w", err)
	}
	for _, cache := range caches {
		cache.Store(key, data)
	}
	return model, nil
}
