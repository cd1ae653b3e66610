package approval

import (
	"context"
	"slices"
	"sync"
	"time"

	"clanker/adapters"
)

// pulse tells all who wait that something changed.
type pulse struct {
	mu      sync.Mutex
	next    chan struct{}
	waiting []context.Context // of those who wait for the next beat
	watched bool              // somebody looks what other processes do
}

// after returns a channel that closes at the next change. Take it before you look, so that no change is missed. It is the
// caller who has to watch when there is nobody yet.
func (p *pulse) after(ctx context.Context) (next <-chan struct{}, watch bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = make(chan struct{})
	}
	p.waiting = append(p.waiting, ctx)
	watch, p.watched = !p.watched, true
	return p.next, watch
}

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next != nil {
		close(p.next)
		p.next, p.waiting = nil, nil
	}
}

// awaited reports whether somebody waits; else nobody watches any more.
func (p *pulse) awaited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(ctx context.Context) bool { return ctx.Err() != nil })
	p.watched = len(p.waiting) > 0
	return p.watched
}

// watching is how often the ledger is asked whether another process has changed it, while somebody waits.
const watching = 250 * time.Millisecond

// watch beats when the audit log has grown: every change of a request is told there. At first it does not know, and beats.
func (g *Gate) watch() {
	ticker := time.NewTicker(watching)
	defer ticker.Stop()
	for known := int64(-1); g.pulse.awaited(); {
		head, err := g.Keeper.Head(g.life)
		if err == nil && head.Seq != known {
			known = head.Seq
			g.pulse.beat()
		}
		<-ticker.C
	}
}

// Changed returns a channel that closes when any request changes after the call, in whichever process, or a command that runs
// here writes something. It is for who waits no longer than ctx.
func (g *Gate) Changed(ctx context.Context) <-chan struct{} {
	next, watch := g.pulse.after(ctx)
	if watch {
		go g.watch()
	}
	return next
}

// Wait returns the request once done says so, or as it is when ctx ends.
func (g *Gate) Wait(ctx context.Context, id string, done func(Request) bool) (Request, error) {
	for {
		changed := g.Changed(ctx)
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

func (o *outputs) begin(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil {
		o.of = map[string][]adapters.Output{}
	}
	o.of[id] = []adapters.Output{}
}

func (o *outputs) add(id string, piece adapters.Output) {
	o.mu.Lock()
	defer o.mu.Unlock()
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
	return slices.Clone(o.of[id])
}

func (o *outputs) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.of, id)
}

// Output is what a command that runs here has written lately; nil when it does not run, or runs in another process.
func (g *Gate) Output(id string) []adapters.Output { return g.outputs.get(id) }
