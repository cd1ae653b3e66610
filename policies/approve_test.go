package policies

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

func approvals(list ...Approval) []Approval { return list }

func TestPermits(t *testing.T) {
	t.Parallel()
	two := Decision{Effect: RequireApproval, Require: []Requirement{{Group: "database", Count: 2, MinAssurance: 2}}}
	both := Decision{Effect: RequireApproval, Require: []Requirement{{Group: "operators", Count: 1, MinAssurance: 1}, {Group: "security", Count: 1, MinAssurance: 1}}}
	any := Decision{Effect: RequireApproval, Require: []Requirement{{Count: 1, MinAssurance: 1}}}
	ann := Approval{"ann", []string{"database", "operators", "security"}, 3}
	bob := Approval{"bob", []string{"database", "operators"}, 2}
	weak := Approval{"cid", []string{"database", "operators"}, 1}
	stranger := Approval{"dan", nil, 4}
	for name, test := range map[string]struct {
		decision Decision
		given    []Approval
		want     bool
		missing  []int
	}{
		"nobody":                       {two, nil, false, []int{2}},
		"one of two":                   {two, approvals(ann), false, []int{1}},
		"the same twice":               {two, approvals(ann, ann, ann), false, []int{1}},
		"two":                          {two, approvals(bob, ann), true, []int{0}},
		"a weak key":                   {two, approvals(ann, weak), false, []int{1}},
		"another group":                {two, approvals(ann, stranger), false, []int{1}},
		"who asked":                    {two, approvals(ann, bob, Approval{"asker", []string{"database"}, 4}), true, []int{0}},
		"who asked does not count":     {two, approvals(ann, Approval{"asker", []string{"database"}, 4}), false, []int{1}},
		"one person, two requirements": {both, approvals(ann), true, []int{0, 0}},
		"one requirement met":          {both, approvals(bob), false, []int{0, 1}},
		"an empty group is anybody":    {any, approvals(stranger), true, []int{0}},
		"nobody is nobody":             {any, approvals(Approval{"", nil, 4}), false, []int{1}},
		"an allowed read":              {Decision{Effect: Allow}, nil, true, nil},
		"denied":                       {Decision{Effect: Deny}, approvals(ann, bob), false, nil},
		"denied though all is met":     {Decision{Effect: Deny, Require: any.Require}, approvals(ann), false, []int{0}},
		"nothing required":             {Decision{Effect: RequireApproval}, approvals(ann), false, nil},
		"a count of none":              {Decision{Effect: RequireApproval, Require: []Requirement{{}}}, approvals(ann), false, []int{0}},
		"no effect":                    {Decision{}, approvals(ann), false, nil},
	} {
		ok, needs := test.decision.Permits("asker", test.given)
		assert.Equal(t, test.want, ok, name)
		var missing []int
		for _, need := range needs {
			missing = append(missing, need.Missing)
			assert.NotContains(t, need.By, "asker", name)
		}
		assert.Equal(t, test.missing, missing, name)
	}
	_, needs := two.Permits("", approvals(bob, ann, bob))
	assert.Equal(t, []string{"ann", "bob"}, needs[0].By)
}

func TestStricter(t *testing.T) {
	t.Parallel()
	asks := func(list ...Requirement) Decision { return Decision{Effect: RequireApproval, Require: list} }
	one, two := Requirement{Group: "a", Count: 1, MinAssurance: 1}, Requirement{Group: "a", Count: 2, MinAssurance: 1}
	key, other, anybody := Requirement{Group: "a", Count: 1, MinAssurance: 2}, Requirement{Group: "b", Count: 1, MinAssurance: 1}, Requirement{Count: 1, MinAssurance: 1}
	worded := one
	worded.Reason, worded.Rule = "another", "x:1"
	for name, test := range map[string]struct {
		before, now Decision
		want        bool
	}{
		"the same":                     {asks(one, other), asks(other, one), false},
		"other words":                  {asks(one), asks(worded), false},
		"fewer":                        {asks(two, other), asks(one), false},
		"more people":                  {asks(one), asks(two), true},
		"a stronger key":               {asks(one), asks(key), true},
		"another group":                {asks(one), asks(other), true},
		"one more":                     {asks(one), asks(one, other), true},
		"anybody instead of a group":   {asks(one), asks(anybody), false},
		"a group instead of anybody":   {asks(anybody), asks(one), true},
		"two requirements are not one": {asks(two, key), asks(Requirement{Group: "a", Count: 2, MinAssurance: 2}), true},
		"allowed now":                  {asks(one), Decision{Effect: Allow}, false},
		"denied now":                   {asks(one), Decision{Effect: Deny}, true},
		"no longer allowed":            {Decision{Effect: Allow}, asks(one), true},
		"still allowed":                {Decision{Effect: Allow}, Decision{Effect: Allow}, false},
		"no decision":                  {asks(one), Decision{}, true},
		"nothing to compare with":      {Decision{}, asks(one), true},
	} {
		assert.Equal(t, test.want, Stricter(test.before, test.now), name)
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, before, after string
		want                int // percent; -1 is no scale
	}{
		{"replicas", "10", "14", 40}, {"replicas", "10", "5", 50}, {"replicas", "3", "4", 34}, {"replicas", "3", "2", 34}, {"spec.replicas", "3", "0", 100},
		{"replicas", "0", "0", 0}, {"replicas", "0", "3", 300}, {"minReplicas", "1", "2", 100}, {"replicas", "3", "3", 0},
		{"replicas", "three", "3", unknownPercent}, {"replicas", "3", "-1", unknownPercent}, {"replicas", "3", "99999999999999999999", unknownPercent},
		{"replicas", "1", "1000000000", 99999999900}, {"replicas", "", "3", -1}, {"replicas", "3", "", -1}, {"image", "1", "2", -1}, {"myreplicas", "1", "2", -1},
	} {
		scale, ok := scaleOf(TouchInput{}, adapters.Field{Name: test.name, Before: test.before, After: test.after})
		if assert.Equal(t, test.want >= 0, ok, "%v", test) && ok {
			assert.Equal(t, test.want, scale.Percent, "%v", test)
		}
	}
}

func TestDemands(t *testing.T) {
	t.Parallel()
	need := func(count int, group string, level Assurance, reason string) Need {
		return Need{Requirement: Requirement{Group: group, Count: count, MinAssurance: level, Reason: reason}, Missing: count}
	}
	got := Demands([]Need{need(1, "operators", 1, "a"), need(1, "operators", 3, "b"), need(2, "database", 2, "c"), need(2, "operators", 1, "d"), need(1, "operators", 1, "e"), need(1, "", 0, "f")})
	var said []string
	for _, d := range got {
		said = append(said, d.String())
	}
	assert.Equal(t, []string{"1 of operators (passkey, PIN or finger): b; a; e", "2 of database (hardware key, touched): c", "2 of operators (any key): d", "1 of those who are enrolled (a typed phrase): f"}, said)
	assert.Equal(t, "assurance 9", Assurance(9).String())
	assert.Empty(t, Demands(nil))
}
