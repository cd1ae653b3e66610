package cli

import (
	"context"
	"sync/atomic"
	"time"

	"clanker/policies"
	"clanker/policies/approval"
	"clanker/server"
)

// door is the gate as agents reach it: closed, with the reason, until there is one.
type door struct{ now atomic.Pointer[server.Gate] }

var _ server.Gate = (*door)(nil)

func (d *door) leadTo(g server.Gate) { d.now.Store(&g) }

func (d *door) Propose(ctx context.Context, ask approval.Ask) (approval.Request, error) {
	return (*d.now.Load()).Propose(ctx, ask)
}

func (d *door) Wait(ctx context.Context, id string, done func(approval.Request) bool) (approval.Request, error) {
	return (*d.now.Load()).Wait(ctx, id, done)
}

func (d *door) Needs(r approval.Request) []policies.Need { return (*d.now.Load()).Needs(r) }

// unlock opens what is kept, and the gate. Questions are answered without them too; then nothing is kept, no command is run, and
// whoever proposes one is told why.
func (w *live) unlock(ctx context.Context) error {
	if w.kept == nil {
		k, err := w.app.keep(ctx)
		if err != nil {
			return err
		}
		w.kept = k
		w.memory.open.Store(k.store)
	}
	gate, err := w.app.openGate(ctx, w.parts, w.kept)
	if err != nil {
		return err
	}
	w.gate.Store(gate)
	w.door.leadTo(gate.gate)
	return nil
}

// locked says why there is no gate, to the log and to whoever proposes something.
func (w *live) locked(why error) {
	w.app.log.Error("no commands are run: the gate could not be opened", "because", why)
	w.door.leadTo(server.NoGate(why))
}

// again is how long a workspace waits before it tries once more to open its gate: the database of a team may have been away.
const again = 5 * time.Second

// guard opens the gate if it is not, as soon as that can be done, and does what it needs until ctx ends.
func (w *live) guard(ctx context.Context) error {
	for w.gate.Load() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
		switch err := w.unlock(ctx); {
		case err == nil:
			w.app.log.Info("the gate is open now", "operators", w.gate.Load().url())
		case ctx.Err() == nil && err.Error() != w.why.Error():
			w.why = err
			w.locked(err)
		}
	}
	return w.gate.Load().serve(ctx)
}

// close closes what was opened.
func (w *live) close(ctx context.Context) []error {
	var failures []error
	if gate := w.gate.Load(); gate != nil {
		failures = append(failures, gate.close(ctx))
	}
	return append(failures, w.kept.close())
}
