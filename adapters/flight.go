package adapters

import (
	"context"
	"sync"
	"time"
)

// flights lets identical reads that are in flight at the same time share one provider call.
//
// golang.org/x/sync/singleflight does not fit: there the call runs under the first caller's context, so a caller that
// gives up takes the others down. Here a call ends early only when nobody waits for it any more.
type flights struct {
	mu      sync.Mutex
	running map[string]*flight
}

type flight struct {
	done    chan struct{}
	found   part
	cancel  context.CancelFunc
	waiting int
}

// join returns what run brings for key, starting it unless it is running already. It returns an error, that of a context,
// a moment after the deadline or when ctx ends, whichever is first.
func (f *flights) join(ctx context.Context, key string, deadline time.Duration, run func(context.Context) part) (part, error) {
	flying := f.board(ctx, key, deadline, run)
	defer f.leave(key, flying)
	limit := time.NewTimer(deadline + grace)
	defer limit.Stop()
	select {
	case <-flying.done:
		return flying.found, nil
	case <-limit.C:
		return part{}, context.DeadlineExceeded
	case <-ctx.Done():
		return part{}, ctx.Err()
	}
}

// board adds a waiter to the flight of this key, and starts one if there is none.
func (f *flights) board(ctx context.Context, key string, deadline time.Duration, run func(context.Context) part) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if flying, ok := f.running[key]; ok {
		flying.waiting++
		return flying
	}
	if f.running == nil {
		f.running = map[string]*flight{}
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), deadline)
	flying := &flight{done: make(chan struct{}), cancel: cancel, waiting: 1}
	f.running[key] = flying
	go func() {
		defer cancel()
		flying.found = run(detached)
		f.land(key, flying)
		close(flying.done)
	}()
	return flying
}

// leave removes a waiter; when the last one leaves, the provider call is cancelled and no newcomer joins it.
func (f *flights) leave(key string, flying *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	flying.waiting--
	if flying.waiting > 0 {
		return
	}
	flying.cancel()
	if f.running[key] == flying {
		delete(f.running, key)
	}
}

func (f *flights) land(key string, flying *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[key] == flying {
		delete(f.running, key)
	}
}
