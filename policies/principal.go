// Package policies is what may be done, and by whom.
//
// For now it holds the one noun that the reading path needs: who is asking. Nothing is decided here yet, so nothing that
// writes can be asked for: the server lists no tool that proposes a command.
package policies

// PrincipalKind says how far a [Principal] can be believed.
type PrincipalKind string

// Agents claim who they are (a client's name in the protocol); only what an operator proves may ever approve anything.
const (
	Agent    PrincipalKind = "agent"
	Operator PrincipalKind = "operator"
)

// Principal is who asks.
type Principal struct {
	ID   string
	Kind PrincipalKind
}
