package adapters

import (
	"context"
	"slices"
	"sync"
)

type watcherKey struct{}

// WithWatcher returns a context whose reads tell watch how they get on: once when the drivers are asked, with none of them
// done, and then each time one is done, whether it answered or failed. Both lists are sorted by name and the watcher's own.
//
// Calls of one read come one after the other; reads that run at the same time call at the same time. The last call comes
// before the read returns. A read that several callers share tells each of them, by its own watcher.
func WithWatcher(ctx context.Context, watch func(done, waiting []string)) context.Context {
	return context.WithValue(ctx, watcherKey{}, watch)
}

// round is one read as its caller's watcher sees it.
type round struct {
	mu            sync.Mutex
	watch         func(done, waiting []string)
	done, waiting []string
}

// watched opens the round of a read, or returns nil when nobody watches.
func watched(ctx context.Context, drivers []Adapter) *round {
	watch, ok := ctx.Value(watcherKey{}).(func(done, waiting []string))
	if !ok || len(drivers) == 0 {
		return nil
	}
	r := &round{watch: watch}
	for _, d := range drivers {
		r.waiting = append(r.waiting, d.Name())
	}
	slices.Sort(r.waiting)
	watch(nil, slices.Clone(r.waiting))
	return r
}

// landed tells the watcher that a driver is done.
func (r *round) landed(name string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.waiting, name); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	}
	r.done = append(r.done, name)
	slices.Sort(r.done)
	r.watch(slices.Clone(r.done), slices.Clone(r.waiting))
}
