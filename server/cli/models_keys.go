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

// modelKeys are the keys of providers. What a command printed is kept until a key is refused or somebody asks for all to be loaded
// again: it may take its time or bother a person. Others are found anew each time. It is safe for concurrent use.
type modelKeys struct {
	masks *masks
	mu    sync.Mutex
	kept  map[string]string // by the command
}

// find returns the key of a provider, which is masked in logs from now on.
func (k *modelKeys) find(ctx context.Context, provider string, from config.Secret) (string, error) {
	if len(from.Command) == 0 {
		return k.resolve(ctx, provider, from)
	}
	k.mu.Lock() // a command runs once, whoever waits for it
	defer k.mu.Unlock()
	if key, ok := k.kept[from.String()]; ok {
		return key, nil
	}
	key, err := k.resolve(ctx, provider, from)
	if err == nil && k.kept == nil {
		k.kept = map[string]string{}
	}
	if err == nil {
		k.kept[from.String()] = key
	}
	return key, err
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

// forget makes every key be found anew.
func (k *modelKeys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = nil
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
