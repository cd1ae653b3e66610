package bridge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// opensWithin is how long a workspace may take to open a session.
const opensWithin = 5 * time.Second

// move finds another workspace to talk to, because from is not there any more or does not know us. Of several messages that
// fail at once, one moves all.
func (b *bridge) move(from line, why error) {
	b.moving.Lock()
	defer b.moving.Unlock()
	if b.where().moves != from.moves {
		return
	}
	b.log.InfoContext(b.running, "looking for the workspace anew", "because", why)
	next, err := b.next(from)
	if err != nil {
		b.log.WarnContext(b.running, "serving alone from here on", "because", err)
		next = line{moves: next.moves, alone: b.serveAlone()}
	} else {
		b.greet(next.record)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at = next
	if b.opened != nil {
		b.watch(next)
	}
}

// next waits for a workspace and opens a session in it, if the client has one.
func (b *bridge) next(from line) (line, error) {
	to := line{moves: from.moves + 1}
	var err error
	if to.record, err = b.find(); err != nil {
		return to, err
	}
	opening, opened := b.said()
	if opening == nil {
		return to, nil
	}
	ctx, cancel := context.WithTimeout(b.running, opensWithin)
	defer cancel()
	unheard := func([]byte) {} // the client has got its answer from the workspace before
	if err := b.post(ctx, &to, look(opening), opening, unheard); err != nil {
		return to, err
	}
	if to.version == "" {
		return to, errors.New("the workspace opens no session")
	}
	if opened != nil {
		return to, b.post(ctx, &to, look(opened), opened, unheard)
	}
	return to, nil
}

func (b *bridge) said() (opening, opened []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.opening, b.opened
}

// find waits for a workspace that may just be restarting.
func (b *bridge) find() (r Record, err error) {
	ctx, cancel := context.WithTimeout(b.running, b.options.patience)
	defer cancel()
	retry := time.NewTicker(50 * time.Millisecond)
	defer retry.Stop()
	place := b.place
	if b.options.Now != nil {
		if now, err := b.options.Now(); err == nil {
			place = now
		}
	}
	for {
		if r, err = place.Find(b.running, b.client); err == nil {
			return r, nil
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return Record{}, err
		}
	}
}

// alone is a workspace of this process, for this client.
type alone struct {
	in    *io.PipeWriter
	ended chan struct{}
	err   error // set when ended is closed
}

// replayed is the id of the client's initialize when it is repeated to the workspace that serves alone.
const replayed = `"clanker-bridge"`

// serveAlone starts a workspace and tells it what the client has said to the one before.
func (b *bridge) serveAlone() *alone {
	read, write := io.Pipe()
	a := &alone{in: write, ended: make(chan struct{})}
	go func() {
		defer close(a.ended)
		a.err = b.options.Alone(b.input, read, &muffler{out: b.out})
		_ = read.CloseWithError(fmt.Errorf("the workspace is gone, and serving alone ended: %w", errors.Join(a.err, io.ErrClosedPipe)))
	}()
	opening, opened := b.said()
	if opening == nil {
		return a
	}
	if opening, err := withID(opening, json.RawMessage(replayed)); err == nil {
		_ = a.send(opening) // if it fails, so will the message that is sent next
	}
	if opened != nil {
		_ = a.send(opened)
	}
	return a
}

func (a *alone) send(text []byte) error {
	_, err := a.in.Write(append(slices.Clip(text), '\n'))
	return err
}

// end lets it finish what runs.
func (a *alone) end() error {
	_ = a.in.Close() // never fails
	<-a.ended
	return a.err
}

// muffler keeps the answer to the repeated initialize from the client, which has had one.
type muffler struct {
	out  io.Writer
	done bool
}

func (m *muffler) Write(text []byte) (int, error) {
	if !m.done && string(look(text).ID) == replayed {
		m.done = true
		return len(text), nil
	}
	return m.out.Write(text)
}
