package server

import (
	"container/list"
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	mcpserver "github.com/mark3labs/mcp-go/server"
)

// sessions lets clients with a session and callers without one use the same endpoint: no id at all is valid, an id must
// be one that was handed out and not ended since. mcp-go has only servers that require a session or ignore it.
//
// There are at most so many: a new one ends the one that was used longest ago, whose client initializes again when it is
// told so. Clients that crash leave their sessions behind, and must not lock out the others.
type sessions struct {
	most  func() int
	count func(open int)  // is told how many are open
	end   func(id string) // ends one for mcp-go as well; it calls Terminate

	mu    sync.Mutex
	open  map[string]*list.Element
	order list.List // of *session, the last used in front
}

// session is an open one.
type session struct {
	id    string
	ended context.Context // says so when it is
	end   context.CancelFunc
}

var _ mcpserver.SessionIdManager = (*sessions)(nil)

func newSessions(most func() int, count func(int)) *sessions {
	return &sessions{most: most, count: count, end: func(string) {}, open: map[string]*list.Element{}}
}

// Generate opens a session.
func (s *sessions) Generate() string {
	id := rand.Text()
	for _, old := range s.begin(id) {
		s.end(old)
	}
	return id
}

// begin opens a session and returns those that have to make room.
func (s *sessions) begin(id string) (crowded []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended, end := context.WithCancel(context.Background())
	s.open[id] = s.order.PushFront(&session{id, ended, end})
	s.count(len(s.open))
	at := s.order.Back()
	for range len(s.open) - s.most() {
		crowded = append(crowded, at.Value.(*session).id)
		at = at.Prev()
	}
	return crowded
}

// Validate returns an error for an id that is neither empty nor open; its first value, for sessions that are remembered
// after their end, is always false.
func (s *sessions) Validate(id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.open[id]
	if !ok {
		return false, fmt.Errorf("unknown or ended session %.80q: initialize a new one", id)
	}
	s.order.MoveToFront(at)
	return false, nil
}

// during returns a context that ends with the session as well.
func (s *sessions) during(ctx context.Context, id string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.open[id]
	if !ok {
		cancel()
		return ctx, cancel
	}
	stop := context.AfterFunc(at.Value.(*session).ended, cancel)
	return ctx, func() { stop(); cancel() }
}

// Terminate ends a session; its first value, for servers that do not let clients do so, is always false.
func (s *sessions) Terminate(id string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.open[id]; ok {
		s.order.Remove(at).(*session).end()
		delete(s.open, id)
		s.count(len(s.open))
	}
	return false, nil
}
