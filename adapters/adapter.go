package adapters

import "context"

// Adapter is a driver: it reads one provider with the credentials already on the machine. It holds no cache, and every
// call may run concurrently with every other.
//
// List returns the resources the query asks for, with one [Source] for each provider call made, failed ones included.
// When part of a read fails (one context of three, metrics but not pods) the rest is returned with the failure in its
// Source and a nil error; an error means that nothing could be read, and is a [SourceError] wherever the driver knows
// why. List returns promptly when ctx ends, with what it has. The returned slices are handed over; what they
// point to (maps, relations) is shared from then on, and nobody writes to it again.
type Adapter interface {
	// Name is the provider's name in lower case: aws, kubernetes.
	Name() string
	// Kinds are the kinds that List can return, sorted.
	Kinds() []Kind
	// List reads what q asks for; see above.
	List(ctx context.Context, q Query) ([]Resource, []Source, error)
	// Connections says what the driver reaches and as whom, one entry for each context or account, with the exact fix
	// for each that does not work. It always returns at least one entry.
	Connections(ctx context.Context) []Connection
}

// Changer is the optional half of a driver whose provider keeps a record of changes: revisions, audit logs, activity.
// Query.Since bounds how far back; zero means the last change of each resource.
type Changer interface {
	Changes(ctx context.Context, q Query) ([]Change, []Source, error)
}

// Logger is the optional half of a driver that can read what workloads write.
type Logger interface {
	Logs(ctx context.Context, q Query) ([]LogLine, []Source, error)
}

// Several is for a driver that speaks for more than one provider; others speak for the one of their name.
type Several interface {
	Providers() []string
}

// Fictional is for a driver whose data is invented; every answer made from it says so.
type Fictional interface {
	Demo() bool
}
