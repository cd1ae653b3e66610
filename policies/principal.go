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
	ID     string        `json:"id"`
	Kind   PrincipalKind `json:"kind"`
	Groups []string      `json:"groups,omitempty"` // of an operator, sorted; from data.yaml
}

// Unknown is the ID of an agent that claims no name: there may be many of them.
const Unknown = "unknown"

// Claimed is the ID, or empty where none is claimed.
func (p Principal) Claimed() string {
	if p.ID == Unknown {
		return ""
	}
	return p.ID
}
