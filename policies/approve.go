package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Approval is what the newest word of one person counts for: an approval that is valid now.
type Approval struct {
	Approver  string
	Groups    []string // that the approver belongs to, see [Engine.Groups]
	Assurance Assurance
}

// Need is a requirement, and who met it.
type Need struct {
	Requirement
	By      []string `json:"by,omitempty"` // who counts, sorted
	Missing int      `json:"missing"`      // how many are missing
}

// String says who is missing: "1 of operators (any key)".
func (n Need) String() string {
	return fmt.Sprintf("%d of %s (%s)", n.Missing, cmp.Or(n.Group, "those who are enrolled"), n.MinAssurance)
}

// Demand is a need as people read it, with all reasons for which rules want that, or less of the same group.
type Demand struct {
	Need
	Reasons []string
}

// String says it with its reasons: "1 of operators (any key): it changes production; it destroys".
func (d Demand) String() string { return d.Need.String() + ": " + strings.Join(d.Reasons, "; ") }

// Demands puts a need with another of the same group that is never met without it: three rules that each want one person are
// not three people.
func Demands(needs []Need) []Demand {
	var all []Demand
	for _, n := range needs {
		more := func(d Demand) bool { return d.Group == n.Group && d.covers(n.Requirement) }
		if at := slices.IndexFunc(all, more); at >= 0 {
			all[at].Reasons = append(all[at].Reasons, n.Reason)
			continue
		}
		reasons := []string{n.Reason}
		all = slices.DeleteFunc(all, func(d Demand) bool {
			less := d.Group == n.Group && n.covers(d.Requirement)
			if less {
				reasons = append(reasons, d.Reasons...)
			}
			return less
		})
		all = append(all, Demand{n, reasons})
	}
	return all
}

// Permits reports whether approvals are enough for a decision, and how far each requirement is met. Who asked never
// counts, and a person counts once for a requirement however often they approve. A person may count for several
// requirements: "one of security and one of operators" is met by one who is both, since each asks whether its group has
// agreed. Rules that want two people ask for two in one requirement.
func (d Decision) Permits(requester string, approvals []Approval) (bool, []Need) {
	enough := d.Effect == RequireApproval && len(d.Require) > 0
	var needs []Need
	for _, r := range d.Require {
		n := Need{Requirement: r}
		for _, a := range approvals {
			if a.Approver != requester && r.counts(a) {
				n.By = append(n.By, a.Approver)
			}
		}
		slices.Sort(n.By)
		n.By = slices.Compact(n.By)
		n.Missing = max(0, r.Count-len(n.By))
		enough = enough && r.Count > 0 && n.Missing == 0
		needs = append(needs, n)
	}
	return enough || d.Effect == Allow, needs
}

// counts reports whether an approval is one that the requirement asks for.
func (r Requirement) counts(a Approval) bool {
	return a.Approver != "" && a.Assurance >= r.MinAssurance && (r.Group == "" || slices.Contains(a.Groups, r.Group))
}

// Stricter reports whether a decision that was made anew asks for anything that the one before did not: people who agreed to
// that one have not agreed to this.
func Stricter(before, now Decision) bool {
	rank := map[Effect]int{Allow: 0, RequireApproval: 1, Deny: 2}
	was, known := rank[before.Effect]
	is, alsoKnown := rank[now.Effect]
	if !known || !alsoKnown || is > was {
		return true
	}
	return slices.ContainsFunc(now.Require, func(r Requirement) bool {
		return !slices.ContainsFunc(before.Require, func(b Requirement) bool { return b.covers(r) })
	})
}

// covers reports whether whoever meets one requirement meets the other.
func (r Requirement) covers(other Requirement) bool {
	return (other.Group == "" || r.Group == other.Group) && r.Count >= other.Count && r.MinAssurance >= other.MinAssurance
}
