package server

import (
	"crypto/rand"
	"fmt"
	"sync"

	mcpserver "github.com/mark3labs/mcp-go/server"
)

// sessions lets clients with a session and callers without one use the same endpoint: no id at all is valid, an id must
// be one that was handed out and not ended since. mcp-go has only servers that require a session or ignore it.
type sessions struct{ open sync.Map }

var _ mcpserver.SessionIdManager = (*sessions)(nil)

// Generate opens a session.
func (s *sessions) Generate() string {
	id := rand.Text()
	s.open.Store(id, true)
	return id
}

// Validate returns an error for an id that is neither empty nor open; its first value, for sessions that are remembered
// after their end, is always false.
func (s *sessions) Validate(id string) (bool, error) {
	if _, ok := s.open.Load(id); !ok && id != "" {
		return false, fmt.Errorf("unknown or ended session %.80q: initialize a new one", id)
	}
	return false, nil
}

// Terminate ends a session; its first value, for servers that do not let clients do so, is always false.
func (s *sessions) Terminate(id string) (bool, error) {
	s.open.Delete(id)
	return false, nil
}
