package approval_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/policies/approval"
)

// memory keeps what a gate needs, as long as the test lasts. The real one, on a disk, is held to more.
type memory struct {
	mu       sync.Mutex
	requests map[string][]byte
	order    []string
	entries  []approval.Entry
	people   []approval.Approver
	nonces   map[string]bool
	broken   error         // returned by every write, when set
	tried    chan struct{} // closed by the first of those
}

var _ approval.Keeper = (*memory)(nil)

func newMemory() *memory {
	return &memory{requests: map[string][]byte{}, nonces: map[string]bool{}}
}

// fails lets every write fail from now on, or none. The channel closes when one has.
func (m *memory) fails(because error) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken, m.tried = because, make(chan struct{})
	return m.tried
}

func (m *memory) append(events ...approval.Event) error {
	if m.broken != nil {
		if m.tried != nil {
			close(m.tried)
			m.tried = nil
		}
		return m.broken
	}
	for _, e := range events {
		body, err := adapters.Canonical(e.Body)
		if err != nil {
			return err
		}
		entry := approval.Entry{Seq: int64(len(m.entries) + 1), Type: e.Type, Body: body}
		if len(m.entries) > 0 {
			entry.Prev = m.entries[len(m.entries)-1].Hash
		}
		if entry.Hash, err = entry.Sum(); err != nil {
			return err
		}
		m.entries = append(m.entries, entry)
	}
	return nil
}

func (m *memory) save(r approval.Request) error {
	text, err := json.Marshal(r)
	if err == nil && m.requests[r.ID] == nil {
		m.order = append(m.order, r.ID)
	}
	m.requests[r.ID] = text
	return err
}

func (m *memory) load(id string) (r approval.Request, err error) {
	text, ok := m.requests[id]
	if !ok {
		return r, approval.ErrNotFound
	}
	return r, json.Unmarshal(text, &r)
}

func (m *memory) Create(_ context.Context, r approval.Request, e approval.Event, checks ...approval.Check) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.allowed(checks); err != nil {
		return err
	}
	if err := m.append(e); err != nil {
		return err
	}
	return m.save(r)
}

func (m *memory) Get(_ context.Context, id string) (approval.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.load(id)
}

func (m *memory) List(_ context.Context, f approval.Filter) ([]approval.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list(f)
}

func (m *memory) allowed(checks []approval.Check) error {
	for _, check := range checks {
		found, err := m.list(check.Among)
		if err = cmp.Or(err, check.Allow(found)); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) list(f approval.Filter) (found []approval.Request, err error) {
	for _, id := range slices.Backward(m.order) {
		r, err := m.load(id)
		if err != nil {
			return nil, err
		}
		wanted := (len(f.States) == 0 || slices.Contains(f.States, r.State)) && !r.Proposal.Created.Before(f.Since)
		if wanted && (f.Requester == "" || f.Requester == r.Proposal.Requester.ID) {
			found = append(found, r)
		}
	}
	return found, nil
}

func (m *memory) Update(_ context.Context, id string, from approval.State, edit func(*approval.Request) ([]approval.Event, error), checks ...approval.Check) (approval.Request, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.load(id)
	if err != nil {
		return r, err
	}
	if r.State != from {
		return r, approval.ErrMoved
	}
	if err := m.allowed(checks); err != nil {
		return r, err
	}
	said := len(r.Words)
	events, err := edit(&r)
	if err != nil {
		return r, err
	}
	if r.State != from && !from.Allows(r.State) {
		return r, fmt.Errorf("%s never becomes %s", from, r.State)
	}
	for _, word := range r.Words[said:] {
		if m.nonces[word.Nonce] {
			return r, approval.ErrUsed
		}
		m.nonces[word.Nonce] = true
	}
	if err := m.append(events...); err != nil {
		return r, err
	}
	r.Version++
	return r, m.save(r)
}

func (m *memory) Append(_ context.Context, e approval.Event) (approval.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.append(e)
	return m.head(), err
}

func (m *memory) head() approval.Head {
	if len(m.entries) == 0 {
		return approval.Head{}
	}
	last := m.entries[len(m.entries)-1]
	return approval.Head{Seq: last.Seq, Hash: last.Hash}
}

func (m *memory) Head(context.Context) (approval.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.head(), nil
}

func (m *memory) At(_ context.Context, seq int64) (approval.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq < 1 || seq > int64(len(m.entries)) {
		return approval.Entry{}, approval.ErrNotFound
	}
	return m.entries[seq-1], nil
}

func (m *memory) Approvers(context.Context) ([]approval.Approver, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.people), nil
}

func (m *memory) Change(_ context.Context, edit func([]approval.Approver) ([]approval.Approver, approval.Event, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	people, event, err := edit(slices.Clone(m.people))
	if err != nil {
		return err
	}
	if err := m.append(event); err != nil {
		return err
	}
	m.people = people
	return nil
}

func (m *memory) Count(_ context.Context, credential string, counter uint32) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, person := range m.people {
		for j, c := range person.Credentials {
			if c.ID == credential {
				if counter <= c.Counter {
					return fmt.Errorf("the counter did not grow")
				}
				m.people[i].Credentials[j].Counter = counter
			}
		}
	}
	return nil
}

// types are those of the log's entries, in order.
func (m *memory) types(t *testing.T) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []string
	for _, e := range m.entries {
		all = append(all, e.Type)
	}
	require.NotEmpty(t, all)
	return all
}
