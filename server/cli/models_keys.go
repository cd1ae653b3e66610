package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"clanker/server/config"
	"clanker/server/telemetry"
)

// modelKeys are the keys of providers. What a command printed is kept until that key is refused or somebody asks for all to be loaded
// again: it may take its time or bother a person. Others are found anew each time. It is safe for concurrent use.
type modelKeys struct {
	masks *masks
	mu    sync.Mutex // guards kept, and is held for no command
	kept  map[keyCommand]*keptKey
}

type keyCommand struct{ provider, command string }

// keptKey is what a command printed.
type keptKey struct {
	turn chan struct{} // of who may touch the key: a command runs once, whoever waits for it
	key  string        // empty until it was found
}

// find returns the key of a provider, which is masked in logs from now on.
func (k *modelKeys) find(ctx context.Context, provider string, from config.Secret) (string, error) {
	if len(from.Command) == 0 {
		return k.resolve(ctx, provider, from)
	}
	kept := k.keeping(keyCommand{provider, from.String()})
	select {
	case kept.turn <- struct{}{}:
		defer func() { <-kept.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if kept.key != "" {
		return kept.key, nil
	}
	var err error
	kept.key, err = k.resolve(ctx, provider, from)
	return kept.key, err
}

// keeping is where the key of a command is kept.
func (k *modelKeys) keeping(c keyCommand) *keptKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[keyCommand]*keptKey{}
	}
	if k.kept[c] == nil {
		k.kept[c] = &keptKey{turn: make(chan struct{}, 1)}
	}
	return k.kept[c]
}

func (k *modelKeys) resolve(ctx context.Context, provider string, from config.Secret) (string, error) {
	key, err := from.Resolve(ctx)
	if err == nil {
		k.mask(provider, key)
	}
	return key, err
}

// mask leaves alone what is too short: servers on one's own machine take any word for a key.
func (k *modelKeys) mask(of, key string) {
	if len(key) >= telemetry.MinKnown {
		_ = k.masks.put(of, key) // it is long enough
	}
}

// forget makes the keys of a provider be found anew, those of all if it is empty. A command that runs now is run once more.
func (k *modelKeys) forget(provider string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	maps.DeleteFunc(k.kept, func(c keyCommand, _ *keptKey) bool { return provider == "" || c.provider == provider })
}

// masking is an environment whose keys are masked in logs as soon as somebody looks at them.
func (k *modelKeys) masking(getenv func(string) string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		if strings.HasSuffix(name, "_API_KEY") {
			k.mask("$"+name, value)
		}
		return value
	}
}

// masks are the secrets that this process has found, masked in logs by their value. The zero value knows none.
type masks struct {
	telemetry.Known
	mu    sync.Mutex
	found map[string]string // by what they are for
}

// put adds a secret in the place of the last one for the same.
func (m *masks) put(of, secret string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := maps.Clone(m.found)
	if next == nil {
		next = map[string]string{}
	}
	next[of] = secret
	if err := m.Set(slices.Sorted(maps.Values(next))...); err != nil {
		return err
	}
	m.found = next
	return nil
}
