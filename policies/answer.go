package policies

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/rego"

	"clanker/adapters"
)

// The bounds of what a rule may say.
const (
	mostPeople  = 10
	mostMembers = 100  // of a set
	mostReason  = 1000 // bytes
)

// answer is what the rules say.
type answer struct {
	deny, allow []verdict
	require     []Requirement
}

// verdict is a member of deny or allow.
type verdict struct{ reason, rule string }

// member is an object of one of the sets, and where its rule is.
type member struct {
	set, rule string
	object    map[string]any
}

// readAnswer wants exactly one result of exactly the right shape.
func readAnswer(results rego.ResultSet) (answer, error) {
	var a answer
	if len(results) != 1 {
		return a, fmt.Errorf("the policies have %d results, not one", len(results))
	}
	sets, ok := results[0].Bindings["said"].(map[string]any)
	if !ok {
		return a, fmt.Errorf("the result of the policies is not an object")
	}
	for _, name := range slices.Sorted(maps.Keys(sets)) {
		members, ok := sets[name].([]any)
		if !ok || len(members) > mostMembers {
			return answer{}, fmt.Errorf("%s is not a set of at most %d members; let a rule speak once for many resources", name, mostMembers)
		}
		for _, value := range members {
			if err := a.add(name, value); err != nil {
				return answer{}, err
			}
		}
	}
	a.sort()
	return a, nil
}

func (a *answer) add(name string, value any) error {
	pair, ok := value.([]any)
	if !ok || len(pair) != 2 {
		return fmt.Errorf("a member of %s has no place", name)
	}
	rule, _ := pair[0].(string)
	object, ok := pair[1].(map[string]any)
	if !ok {
		return fmt.Errorf("%s: a member of %s is not an object", rule, name)
	}
	m := member{name, rule, object}
	if name == ruleRequire {
		r, err := m.requirement()
		a.require = append(a.require, r)
		return err
	}
	v, err := m.verdict()
	if name == ruleDeny {
		a.deny = append(a.deny, v)
	} else {
		a.allow = append(a.allow, v)
	}
	return err
}

// only wants exactly these fields.
func (m member) only(fields ...string) error {
	slices.Sort(fields)
	if have := slices.Sorted(maps.Keys(m.object)); !slices.Equal(have, fields) {
		return fmt.Errorf("%s: a member of %s has the fields %s, and must have %s", m.rule, m.set, strings.Join(have, ", "), strings.Join(fields, ", "))
	}
	return nil
}

func (m member) reason() (string, error) {
	reason, ok := m.object["reason"].(string)
	if !ok || strings.TrimSpace(reason) == "" || len(reason) > mostReason {
		return "", fmt.Errorf("%s: the reason of a member of %s is not a text of 1 to %d bytes", m.rule, m.set, mostReason)
	}
	return reason, nil
}

func (m member) number(field string, least, most int) (int, error) {
	number, _ := m.object[field].(json.Number)
	n, err := strconv.Atoi(number.String())
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s: %s of a member of %s is not a whole number between %d and %d", m.rule, field, m.set, least, most)
	}
	return n, nil
}

func (m member) verdict() (verdict, error) {
	if err := m.only("reason"); err != nil {
		return verdict{}, err
	}
	reason, err := m.reason()
	return verdict{reason, m.rule}, err
}

func (m member) requirement() (Requirement, error) {
	if err := m.only("group", "count", "minAssurance", "reason"); err != nil {
		return Requirement{}, err
	}
	group, ok := m.object["group"].(string)
	if !ok {
		return Requirement{}, fmt.Errorf("%s: the group of a member of %s is not a text", m.rule, m.set)
	}
	count, err := m.number("count", 1, mostPeople)
	if err != nil {
		return Requirement{}, err
	}
	assurance, err := m.number("minAssurance", int(AssuranceTerminal), int(AssuranceElsewhere))
	if err != nil {
		return Requirement{}, err
	}
	reason, err := m.reason()
	return Requirement{Group: group, Count: count, MinAssurance: Assurance(assurance), Reason: reason, Rule: m.rule}, err
}

func (a *answer) sort() {
	for _, verdicts := range [][]verdict{a.deny, a.allow} {
		slices.SortFunc(verdicts, func(x, y verdict) int { return cmp.Or(cmp.Compare(x.reason, y.reason), cmp.Compare(x.rule, y.rule)) })
	}
	slices.SortFunc(a.require, compareRequirements)
}

func compareRequirements(x, y Requirement) int {
	return cmp.Or(cmp.Compare(x.Group, y.Group), cmp.Compare(x.Count, y.Count), cmp.Compare(x.MinAssurance, y.MinAssurance),
		cmp.Compare(x.Reason, y.Reason), cmp.Compare(x.Rule, y.Rule))
}

func (a answer) same(b answer) bool { return reflect.DeepEqual(a, b) }

// check wants every group to be known, and to have enough people beside the one who asks.
func (a *answer) check(s Settings, requester string) error {
	for _, r := range a.require {
		members, all, known := s.members(r.Group)
		if !known {
			return fmt.Errorf("%s: the group %q is not in %s", r.Rule, r.Group, DataFile)
		}
		others := len(members)
		if slices.Contains(members, requester) {
			others--
		}
		if !all && others < r.Count {
			a.deny = append(a.deny, verdict{fmt.Sprintf("%s; that cannot be met: %d of the group %s must approve, and %s names %d who did not ask for it themselves",
				r.Reason, r.Count, r.Group, DataFile, others), r.Rule})
		}
	}
	a.sort()
	return nil
}

// settle makes the decision. What no policy can change is here: only a read is ever allowed, everything else needs a
// person, and what destroys needs a key.
func (a *answer) settle(d *Decision, class adapters.Class) {
	switch {
	case len(a.deny) > 0:
		d.Effect = Deny
		d.because(a.deny)
	case len(a.require) > 0:
		d.Effect = RequireApproval
		d.Require = a.require
	case class == adapters.ClassRead && len(a.allow) > 0:
		d.Effect = Allow
		d.because(a.allow)
	default:
		d.Effect = RequireApproval
		d.Require = []Requirement{{Count: 1, MinAssurance: AssuranceSoftware, Reason: "no rule asks for more, and a person must approve " + string(class)}}
	}
	for i := range d.Require {
		r := &d.Require[i]
		if class == adapters.ClassDestroy {
			r.MinAssurance = max(r.MinAssurance, AssuranceSoftware)
		}
		d.because([]verdict{{r.Reason, r.Rule}})
	}
	slices.SortFunc(d.Require, compareRequirements)
}

// because adds reasons and rules.
func (d *Decision) because(verdicts []verdict) {
	for _, v := range verdicts {
		d.Reasons = append(d.Reasons, v.reason)
		if v.rule != "" {
			d.Rules = append(d.Rules, v.rule)
		}
	}
	slices.Sort(d.Reasons)
	slices.Sort(d.Rules)
	d.Reasons, d.Rules = slices.Compact(d.Reasons), slices.Compact(d.Rules)
}
