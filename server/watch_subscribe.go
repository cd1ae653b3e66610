package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/policies"
	"clanker/router"
)

// Bounds of what is watched.
const (
	mostWatched = 100             // questions, of all clients
	mostOfOne   = 20              // of one client
	mostAsking  = 4               // that are being asked at the same time
	deafness    = 1 * time.Minute // how long the subscriptions of a session last while no stream of it is open
)

// watcher is who asks the questions that clients watch.
func watcher() policies.Principal { return policies.Principal{ID: "watch", Kind: policies.Agent} }

// watches are the questions that clients have subscribed to. Each is asked by one goroutine, however many watch it, and by
// none when nobody does.
type watches struct {
	router Router
	now    func() time.Time
	log    *slog.Logger
	turns  chan struct{} // of those that ask
	least  time.Duration // between two rounds

	mu       sync.Mutex
	asked    map[watched]*asking
	sessions map[string]*subscriber // by the session's id
}

func newWatches(r Router, now func() time.Time, log *slog.Logger) *watches {
	return &watches{router: r, now: now, log: log, turns: make(chan struct{}, mostAsking), least: time.Minute, asked: map[watched]*asking{}, sessions: map[string]*subscriber{}}
}

// asking is a question that is asked for its subscribers.
type asking struct {
	of      watched
	stop    context.CancelFunc
	begun   chan struct{} // closed when the first answer is there, or the question was refused
	refused error         // why it is not watched; set before begun closes

	last string            // the newest answer, to compare with; guarded by the mu of its watches, like what follows
	to   []*subscriber     // in the order they came
	seen map[string]string // the answer that each client saw last
}

// subscribe has the question of the URI asked for the subscriber. The error says why it is not. It returns when the first
// answer is there.
func (w *watches) subscribe(ctx context.Context, u *subscriber, uri string) error {
	of, err := parseWatched(uri)
	if err == nil && of.every < w.least {
		err = fmt.Errorf("every=%s is too often: a watched question is asked every %s at most", of.every, w.least)
	}
	if err != nil {
		return err
	}
	a, err := w.join(u, uri, of)
	if err != nil {
		return err
	}
	select {
	case <-a.begun:
		err = a.refused
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		w.unsubscribe(u, uri)
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := a.seen[u.client]; !known {
		a.seen[u.client] = a.last
	}
	return nil
}

// join puts the subscriber to those of the question, which is asked from now on if it was not.
func (w *watches) join(u *subscriber, uri string, of watched) (*asking, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, known := w.asked[of]
	switch {
	case u.uris[uri] != nil:
		return u.uris[uri], nil
	case w.of(u.client) >= mostOfOne:
		return nil, fmt.Errorf("this client watches %d questions, which is the most: unsubscribe from one of them", mostOfOne)
	case !known && len(w.asked) >= mostWatched:
		return nil, fmt.Errorf("%d questions are watched by all clients together, which is the most: try again later", mostWatched)
	case !known:
		a = w.begin(of)
	}
	u.uris[uri] = a
	a.to = append(a.to, u)
	return a, nil
}

// of is how many questions a client watches; mu is held.
func (w *watches) of(client string) int {
	n := 0
	for _, a := range w.asked {
		for _, u := range a.to {
			if u.client == client {
				n++
			}
		}
	}
	return n
}

// begin asks a question from now on, until nobody watches it; mu is held.
func (w *watches) begin(of watched) *asking {
	ctx, stop := context.WithCancel(context.Background())
	a := &asking{of: of, stop: stop, begun: make(chan struct{}), seen: map[string]string{}}
	w.asked[of] = a
	watch := Watch{Ask: w.ask, Every: of.every, Now: w.now, Question: router.Question{Text: of.question, Asker: watcher()}}
	go func() {
		err := watch.Run(ctx, func(r Round) error { return w.heard(a, r) })
		w.ended(a, err)
	}()
	return a
}

// ended lets nobody wait for the first answer of a question that is not asked any more.
func (w *watches) ended(a *asking, why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-a.begun:
	default:
		a.refused = cmp.Or(why, errors.New("the subscription ended before there was an answer"))
		close(a.begun)
	}
	if w.asked[a.of] == a {
		delete(w.asked, a.of)
	}
}

// ask asks when it is its turn. A panic is one question's problem and not the workspace's.
func (w *watches) ask(ctx context.Context, q router.Question) (answer router.Answer, err error) {
	select {
	case w.turns <- struct{}{}:
		defer func() { <-w.turns }()
	case <-ctx.Done():
		return router.Answer{}, ctx.Err()
	}
	defer func() {
		if problem := recover(); problem != nil {
			w.log.Error("a watched question panicked", "panic", problem, "stack", string(debug.Stack()))
			err = errors.New("internal error: the log has the details; please report it")
		}
	}()
	q.Unaided = true
	return w.router.Route(ctx, q)
}

// heard takes an answer: the first is what the later ones are compared with.
func (w *watches) heard(a *asking, r Round) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Before == nil {
		return a.heardFirst(r)
	}
	if r.Err != nil {
		w.log.Warn("a watched question could not be answered", "error", r.Err)
		return nil
	}
	a.last = baseline(r.Answer, a.last)
	if r.Changed() {
		for _, u := range a.to {
			u.tell(a)
		}
	}
	return nil
}

// heardFirst takes the first answer, unless it tells that the question cannot be watched; mu is held.
func (a *asking) heardFirst(r Round) error {
	switch {
	case r.Err != nil:
		return fmt.Errorf("answer the question: %w", r.Err)
	case r.Answer.Status == router.StatusUnsupported || r.Answer.Status == router.StatusNeedsInput:
		return fmt.Errorf("this question cannot be watched: %s", strings.TrimSpace(router.Text(r.Answer, router.TextLimits{})))
	}
	a.last = baseline(r.Answer, "")
	close(a.begun)
	return nil
}

// unsubscribe ends a subscription; the question is not asked any more when it was the last one.
func (w *watches) unsubscribe(u *subscriber, uri string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leave(u, uri)
	w.lapse(u)
}

// leave is unsubscribe; mu is held.
func (w *watches) leave(u *subscriber, uri string) {
	a := u.uris[uri]
	if a == nil {
		return
	}
	delete(u.uris, uri)
	i := slices.Index(a.to, u)
	a.to = slices.Delete(a.to, i, i+1)
	if !slices.ContainsFunc(a.to, func(other *subscriber) bool { return other.client == u.client }) {
		delete(a.seen, u.client)
	}
	if len(a.to) == 0 {
		a.stop()
		if w.asked[a.of] == a {
			delete(w.asked, a.of)
		}
	}
}

// since is what an answer to a client that reads a question is compared with: the one that it saw last, if it watches it.
func (w *watches) since(client, question string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.watching(client, question) {
		return a.seen[client]
	}
	return ""
}

// read notes what a client has seen.
func (w *watches) read(client, question string, answer router.Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.watching(client, question) {
		a.seen[client] = baseline(answer, a.seen[client])
	}
}

// watching are the askings of a question that the client watches, whatever their interval, the most frequent first; mu is
// held.
func (w *watches) watching(client, question string) []*asking {
	var found []*asking
	for of, a := range w.asked {
		if _, watches := a.seen[client]; watches && of.question == question {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *asking) int { return int(a.of.every - b.of.every) })
	return found
}

// session returns the subscriber that a session is.
func (w *watches) session(id string) *subscriber {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sessions[id] == nil {
		w.sessions[id] = newSubscriber(id)
		w.lapse(w.sessions[id])
	}
	return w.sessions[id]
}

// drop forgets a session that has ended.
func (w *watches) drop(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u := w.sessions[id]; u != nil {
		w.forget(u)
	}
}

// forget ends all that a subscriber has; mu is held.
func (w *watches) forget(u *subscriber) {
	for _, uri := range slices.Collect(maps.Keys(u.uris)) {
		w.leave(u, uri)
	}
	if u.deaf != nil {
		u.deaf.Stop()
	}
	if w.sessions[u.client] == u {
		delete(w.sessions, u.client)
	}
}

// lapse forgets a session that no stream of is open soon, if none is opened; mu is held.
func (w *watches) lapse(u *subscriber) {
	if u.deaf != nil {
		u.deaf.Stop()
	}
	if w.sessions[u.client] != u || u.streams > 0 {
		return
	}
	u.deaf = time.AfterFunc(deafness, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if u.streams == 0 {
			w.forget(u)
		}
	})
}
