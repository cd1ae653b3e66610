package approval

import "slices"

// State is where a request stands.
type State string

// The states. What is neither [Pending], [Approved] nor [Running] has ended.
const (
	Pending   State = "pending"   // people must approve
	Approved  State = "approved"  // enough people have, or policy allows the read; it runs next
	Running   State = "running"   //
	Succeeded State = "succeeded" // ran, exit code 0
	Failed    State = "failed"    // ran and failed, or was never started: see Why
	Unknown   State = "unknown"   // the workspace died while it ran: look, and propose again what is missing
	Denied    State = "denied"    // by policy
	Rejected  State = "rejected"  // by a person
	Expired   State = "expired"   // nobody approved in time, or the approval lapsed
	Stale     State = "stale"     // what it was approved for is not what would run now
)

// States are all of them, in the order in which a request may see them.
func States() []State {
	return []State{Pending, Approved, Running, Succeeded, Failed, Unknown, Denied, Rejected, Expired, Stale}
}

// moves is the table of all moves; the empty state is before the first.
var moves = map[State][]State{
	"":       {Pending, Approved, Denied},
	Pending:  {Approved, Rejected, Expired, Stale},
	Approved: {Running, Rejected, Expired, Stale, Failed},
	Running:  {Succeeded, Failed, Unknown},
}

// Allows reports whether a request may go from one state to the other. A state is never left for itself.
func (s State) Allows(to State) bool { return slices.Contains(moves[s], to) }

// Over reports whether the state is final.
func (s State) Over() bool { return len(moves[s]) == 0 }
