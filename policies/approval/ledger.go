package approval

import "context"

// Ledger keeps requests. A change of a request and the entries it makes in the audit log are one transaction: either both
// are on the disk when a method returns, or neither.
type Ledger interface {
	// Create keeps a new request.
	Create(ctx context.Context, r Request, e Event, checks ...Check) error
	// Get returns a request, or [ErrNotFound].
	Get(ctx context.Context, id string) (Request, error)
	// List returns the requests that the filter wants, the newest first.
	List(ctx context.Context, f Filter) ([]Request, error)
	// Update changes a request that is in the state from, else it returns [ErrMoved]. The state after edit must be from or one
	// that from allows. edit may be called again; an error of it leaves everything as it was and is returned. A nonce in
	// Words that any request used before is [ErrUsed].
	Update(ctx context.Context, id string, from State, edit func(*Request) ([]Event, error), checks ...Check) (Request, error)
}

// Check looks at the other requests in the transaction that keeps or changes one, before it does: whatever other processes
// are about, nothing moves until it is over. An error of Allow leaves everything as it was, and is returned.
type Check struct {
	Among Filter
	Allow func([]Request) error // may be called again
}

// Log is the audit log, a chain of entries.
type Log interface {
	// Append adds an entry that belongs to no change of a request.
	Append(ctx context.Context, e Event) (Head, error)
	// Head returns the newest entry's; the zero Head of an empty log.
	Head(ctx context.Context) (Head, error)
	// At returns the entry of that number, or [ErrNotFound].
	At(ctx context.Context, seq int64) (Entry, error)
}

// Trust keeps who may approve.
type Trust interface {
	// Approvers returns all who are enrolled, sorted by ID.
	Approvers(ctx context.Context) ([]Approver, error)
	// Change replaces them, with the entry in the audit log, in one transaction.
	Change(ctx context.Context, edit func([]Approver) ([]Approver, Event, error)) error
	// Count keeps the counter of a credential's newest signature. One that has not grown is an error, unless both are zero.
	Count(ctx context.Context, credential string, counter uint32) error
}

// Presence tells which of the processes that share a ledger are alive. Whether one is does not depend on any clock.
type Presence interface {
	// Instance names this process among them; another run of the program has another name.
	Instance() string
	// Alive reports whether the process of that name is.
	Alive(ctx context.Context, instance string) (bool, error)
}
