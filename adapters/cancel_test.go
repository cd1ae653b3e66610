package adapters

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// holding is a driver whose every call lasts until its context ends, or for a minute; it notes when each call ended.
type holding struct {
	mu    sync.Mutex
	start time.Time
	ended []time.Duration
}

var (
	_ Changer = (*holding)(nil)
	_ Logger  = (*holding)(nil)
)

func (h *holding) hold(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, time.Since(h.start))
	return ctx.Err()
}

func (h *holding) Name() string  { return "held" }
func (h *holding) Kinds() []Kind { return []Kind{KindPod} }

func (h *holding) List(ctx context.Context, _ Query) ([]Resource, []Source, error) {
	return nil, nil, h.hold(ctx)
}

func (h *holding) Changes(ctx context.Context, _ Query) ([]Change, []Source, error) {
	return nil, nil, h.hold(ctx)
}

func (h *holding) Logs(ctx context.Context, _ Query) ([]LogLine, []Source, error) {
	return nil, nil, h.hold(ctx)
}

func (h *holding) Connections(ctx context.Context) []Connection {
	_ = h.hold(ctx)
	return nil
}

// reads are all ways to make drivers work.
var reads = map[string]func(*Workspace, context.Context){
	"list":        func(w *Workspace, ctx context.Context) { _, _ = w.Query(ctx, Query{}) },
	"changes":     func(w *Workspace, ctx context.Context) { _, _ = w.Changes(ctx, Query{}) },
	"logs":        func(w *Workspace, ctx context.Context) { _, _ = w.Logs(ctx, Query{}) },
	"names":       func(w *Workspace, ctx context.Context) { w.Names(ctx, false) },
	"fresh names": func(w *Workspace, ctx context.Context) { w.Names(ctx, true) },
	"connections": func(w *Workspace, ctx context.Context) { w.Connections(ctx) },
}

// A bubble that is left with a goroutine in it fails the test, so each of these proves too that none stays.

func TestDriversStopAtOnceWhenTheCallerDoes(t *testing.T) {
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Second, cancel)
				h := &holding{start: time.Now()}
				read(NewWorkspace(h, good("quick")), ctx)
				assert.LessOrEqual(t, time.Since(h.start), time.Second+grace)
				synctest.Wait()
				assert.Equal(t, []time.Duration{time.Second}, h.ended)
			})
		})
	}
}

// Of two callers that share a flight one leaves after a second, the other after two.
func TestDriversGoOnWhileAnybodyWaits(t *testing.T) {
	for name, read := range reads {
		if name == "connections" { // nobody shares them
			continue
		}
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &holding{start: time.Now()}
				w := NewWorkspace(h)
				var wait sync.WaitGroup
				for i := range 2 {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Duration(i+1)*time.Second, cancel)
					wait.Go(func() {
						read(w, ctx)
						assert.Equal(t, time.Duration(i+1)*time.Second, time.Since(h.start), "nobody waits for the other")
					})
				}
				wait.Wait()
				synctest.Wait()
				assert.Equal(t, []time.Duration{2 * time.Second}, h.ended)
			})
		})
	}
}

// Who comes after the last has left does not get the call that was cancelled.
func TestANewcomerGetsACallOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &holding{start: time.Now()}
		w := NewWorkspace(h)
		w.Deadline = 2 * time.Minute
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := w.Query(ctx, Query{})
		require.ErrorIs(t, err, context.Canceled)
		snapshot, err := w.Query(t.Context(), Query{})
		require.NoError(t, err)
		assert.Empty(t, snapshot.Sources, "the second call ended by itself")
		assert.Equal(t, []time.Duration{time.Second, time.Second + time.Minute}, h.ended)
	})
}
