package bridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"clanker/server"
)

// Options say how to bridge.
type Options struct {
	// Alone serves one client without the help of another process, as [server.Server.ServeStdio] does; it writes each
	// message in one call. Nothing of it is needed before it is called, once at most.
	Alone func(ctx context.Context, in io.Reader, out io.Writer) error
	// Token is what the workspace wants to see, empty if nothing. It is asked at the start, and whenever the workspace wants
	// another one than before: tokens change while it runs. Nil stands for none.
	Token func(context.Context) string

	// Now is where a workspace that serves the same would be by now, when the one that was found is gone. Nil, or an error,
	// stands for where that one was.
	Now func() (Place, error)

	Logger *slog.Logger // discards when nil

	patience, prompt time.Duration // what tests have less of; see the constants
}

const (
	maxRunning = 256              // requests of the client at once: more than a workspace lets one client run
	grace      = 30 * time.Second // for what runs when the client ends
	farewell   = 2 * time.Second  // for ending the session
	patience   = 3 * time.Second  // with a workspace that may be restarting
	prompt     = 10 * time.Second // for a message that those behind it wait for
)

// Serve serves one client that writes messages to in, one per line, and reads answers from out: through the workspace that
// is at the place, or alone. It returns nil when in ends or ctx does, after finishing what runs within half a minute.
func Serve(ctx context.Context, place Place, in io.Reader, out io.Writer, o Options) error {
	o.Logger, o.patience, o.prompt = cmp.Or(o.Logger, slog.New(slog.DiscardHandler)), cmp.Or(o.patience, patience), cmp.Or(o.prompt, prompt)
	client := server.LocalClient()
	found, err := place.Find(ctx, client)
	if err != nil {
		level := slog.LevelInfo
		if errors.Is(err, errNone) {
			level = slog.LevelDebug // as usual
		}
		o.Logger.Log(ctx, level, "serving alone", "because", err)
		return o.Alone(ctx, in, out)
	}
	running, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	watching, hangUp := context.WithCancel(running)
	defer hangUp()
	b := &bridge{place: place, client: client, options: o, log: o.Logger, out: &lineWriter{out: out}, input: ctx, running: running, watching: watching,
		slots: make(chan struct{}, maxRunning), calls: map[string]context.CancelFunc{}, at: line{record: found}}
	b.greet(found)
	b.renew(ctx, "")
	err = server.EachLine(ctx, in, b.take)
	hangUp()
	timer := time.AfterFunc(grace, cut)
	b.wait.Wait()
	if !timer.Stop() {
		err = errors.Join(err, fmt.Errorf("serve stdio: not everything was answered within %s of the end", grace))
	}
	return errors.Join(err, b.leave())
}

// bridge is one client and where its messages go.
type bridge struct {
	place    Place
	client   *http.Client
	options  Options
	log      *slog.Logger
	out      *lineWriter
	input    context.Context // ends when no more messages are taken
	running  context.Context // of requests, which are finished
	watching context.Context // of what only ends when the client does
	slots    chan struct{}
	wait     sync.WaitGroup

	moving sync.Mutex // held while another workspace is looked for
	mu     sync.Mutex // guards what follows
	at     line
	token  string // that the workspace is shown
	opening,
	opened []byte // the client's initialize, and what it said when that was answered
	calls map[string]context.CancelFunc // of running requests, by id
}

// line is where messages go at present.
type line struct {
	record  Record
	session string // as the workspace calls it; empty without one
	version string // of the protocol, once it is agreed on
	moves   int    // how many there were before this one
	alone   *alone // serves instead of the workspace, when set
}

func (b *bridge) greet(found Record) {
	b.log.InfoContext(b.running, "handing over to the workspace that runs", "url", found.URL, "pid", found.PID, "version", found.Clanker)
}

// take passes one message on. Requests run beside each other and keep nothing waiting, least of all what cancels them,
// except initialize, which others build on; everything else keeps its order.
func (b *bridge) take(text []byte) {
	m := look(text)
	switch {
	case len(bytes.TrimSpace(text)) == 0 || m.Method == cancelled && b.cancel(m):
	case m.Method == initialize || !m.request():
		b.deliver(b.running, m, text)
	default:
		select {
		case b.slots <- struct{}{}:
		default:
			b.out.send(failure(m, fmt.Errorf("%d requests are running: wait for one of them to end", maxRunning)))
			return
		}
		calling, done := b.begin(m)
		b.wait.Go(func() {
			defer func() { done(); <-b.slots }()
			b.deliver(calling, m, text)
		})
	}
}

// begin returns what a request runs under, until done.
func (b *bridge) begin(m message) (ctx context.Context, done func()) {
	parent := b.running
	if m.Method == listen {
		parent = b.watching
	}
	ctx, cancel := context.WithCancel(parent)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls[string(m.ID)] = cancel
	return ctx, func() {
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.calls, string(m.ID))
	}
}

// cancel hangs up on a request. It reports whether that is all there is to do, because there is no session, and so nobody
// who knows the request by its id.
func (b *bridge) cancel(m message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cancel, ok := b.calls[string(m.Params.RequestID)]; ok {
		cancel()
	}
	return b.at.session == "" && b.at.alone == nil
}

// tries is how often a message is sent that has not been worked on.
const tries = 3

// deliver passes a message on, again if it did not arrive, and says so if that cannot be helped.
func (b *bridge) deliver(ctx context.Context, m message, text []byte) {
	var err error
	for range tries {
		to := b.where()
		if to.alone != nil {
			err = to.alone.send(text)
			break
		}
		shown := b.shown()
		err = b.pass(ctx, &to, m, text)
		if err == nil {
			b.remember(to, m, text)
		}
		if errors.Is(err, errToken) && b.renew(ctx, shown) {
			continue
		}
		if !errors.Is(err, server.ErrUnreachable) && !errors.Is(err, errSession) || ctx.Err() != nil {
			break
		}
		b.move(to, err)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	b.log.WarnContext(ctx, "a message was not answered", "method", m.Method, "error", err)
	if m.answerable() {
		b.out.send(failure(m, err))
	}
}

// renew asks for the token, unless there is another one than was shown already, and reports whether there is now.
func (b *bridge) renew(ctx context.Context, shown string) bool {
	if now := b.shown(); now != shown || b.options.Token == nil {
		return now != shown
	}
	token := b.options.Token(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.token = token
	return token != shown
}

// pass posts a message. One that others wait for has to be taken soon: a workspace that hangs must not keep us from seeing
// that the client ends.
func (b *bridge) pass(ctx context.Context, to *line, m message, text []byte) error {
	if m.Method == initialize || !m.request() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.options.prompt)
		defer cancel()
	}
	return b.post(ctx, to, m, text, b.out.send)
}

func (b *bridge) where() line {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

// remember keeps what the next workspace has to be told, which does not know the client yet.
func (b *bridge) remember(to line, m message, text []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case m.Method == initialize && to.version != "":
		b.opening, b.opened = text, nil
		if b.at.moves == to.moves {
			b.at = to
		}
	case m.Method == initialized:
		b.opened = text
		b.watch(to)
	}
}

// leave ends the session, or the workspace that serves alone.
func (b *bridge) leave() error {
	to := b.where()
	switch {
	case to.alone != nil:
		return to.alone.end()
	case to.session == "":
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.running), farewell)
	defer cancel()
	request, err := b.request(ctx, http.MethodDelete, to, message{}, nil)
	if err != nil {
		return err
	}
	response, err := b.client.Do(request)
	if err != nil {
		b.log.InfoContext(ctx, "the session could not be ended, and will end by itself", "error", err)
		return nil
	}
	return response.Body.Close()
}

// lineWriter writes one message and the line's end in one call.
type lineWriter struct {
	mu  sync.Mutex
	out io.Writer
	err error // the client does not read any more
}

// send writes a message as one line. One for a client that is gone goes nowhere.
func (w *lineWriter) send(message []byte) {
	var text bytes.Buffer
	if json.Compact(&text, message) != nil {
		return // no message: nothing that the client could read
	}
	text.WriteByte('\n')
	_, _ = w.Write(text.Bytes())
}

func (w *lineWriter) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, fmt.Errorf("the client does not read any more: %w", w.err)
	}
	n, err := w.out.Write(text)
	w.err = err
	return n, err
}
