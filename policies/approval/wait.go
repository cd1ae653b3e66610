package approval

import (
	"context"
	"slices"
	"sync"

	"clanker/adapters"
)

// pulse tells all who wait that something changed.
type pulse struct {
	mu   sync.Mutex
	next chan struct{}
}

// after returns a channel that closes at the next change. Take it before you look, so that no change is missed.
func (p *pulse) after() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = make(chan struct{})
	}
	return p.next
}

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != nil {
		close(p.next)
		p.next = nil
	}
}

// Changed returns a channel that closes when any request changes after the call, or a running command writes something.
func (g *Gate) Changed() <-chan struct{} { return g.pulse.after() }

// Wait returns the request once done says so, or as it is when ctx ends.
func (g *Gate) Wait(ctx context.Context, id string, done func(Request) bool) (Request, error) {
	for {
		changed := g.Changed()
		r, err := g.Get(ctx, id)
		if err != nil || done(r) {
			return r, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return r, nil
		}
	}
}

// maxLive is how many bytes of a running command's newest output are kept for those who watch; the outcome has more.
const maxLive = 64 << 10

// outputs is what running commands have written so far, redacted.
type outputs struct {
	mu sync.Mutex
	of map[string][]adapters.Output
}

func (o *outputs) add(id string, piece adapters.Output) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[string][]adapters.Output{}
	}
	o.of[id] = append(o.of[id], piece)
	size := 0
	for i, old := range slices.Backward(o.of[id]) {
		if size += len(old.Text); size > maxLive {
			o.of[id] = o.of[id][i+1:]
			return
		}
	}
}

func (o *outputs) get(id string) []adapters.Output {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]adapters.Output{}, o.of[id]...)
}

func (o *outputs) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.of, id)
}

// Output is what a running command has written lately; empty when it does not run.
func (g *Gate) Output(id string) []adapters.Output { return g.outputs.get(id) }
