package approval

import (
	"time"

	"clanker/policies"
)

// Needs are the requirements that are not met yet, at a time.
func (r Request) Needs(now time.Time) []policies.Requirement { return r.missing(now) }

// Phrase is three words that the agent, the page and the terminal show alike.
func (r Request) Phrase() string { return phrase(r.Digest) }

// missing are the requirements that the approvals standing at a time do not meet yet.
func (r Request) missing(now time.Time) []policies.Requirement {
	words := r.standing(now)
	var missing []policies.Requirement
	for _, need := range r.Decision.Require {
		have := 0
		for _, w := range words {
			if w.Assurance >= need.MinAssurance {
				have++
			}
		}
		if have < need.Count {
			missing = append(missing, need)
		}
	}
	return missing
}

func stricter(was, is policies.Decision) bool { return len(is.Require) > len(was.Require) }
