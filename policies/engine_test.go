package policies

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// monday is a Monday at ten.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// proposal is a change of staging.
func proposal(class adapters.Class) Proposal {
	return Proposal{ID: "p", Requester: Principal{ID: "claude", Kind: Agent}, Reason: "more traffic", Plan: adapters.Plan{
		Command: adapters.Command{Argv: []string{"kubectl", "scale"}, Tool: "kubectl", Path: []string{"scale"}, Class: class, Why: "scales"},
		Target:  adapters.Target{Provider: "kubernetes", Namespace: "shop", Environment: "staging"},
		Resources: []adapters.Touched{{ID: "api", Kind: "service", Name: "api", Namespace: "shop", Action: adapters.ActionUpdate,
			Fields: []adapters.Field{{Name: "image", Before: "a", After: "b"}, {Name: "spec.replicas", Before: "3", After: "4"}}}},
	}}
}

func shipped(t testing.TB) *Engine {
	t.Helper()
	e, err := Load(Default())
	require.NoError(t, err)
	return e
}

// data is the data.yaml that ships, changed.
func data(t testing.TB, changes ...string) string {
	t.Helper()
	content, err := os.ReadFile(DataFile)
	require.NoError(t, err)
	text := string(content)
	for i := 0; i < len(changes); i += 2 {
		require.Contains(t, text, changes[i])
		text = strings.Replace(text, changes[i], changes[i+1], 1)
	}
	return text
}

func folder(files map[string]string) fstest.MapFS {
	found := fstest.MapFS{}
	for name, content := range files {
		found[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return found
}

// policy makes an engine of rules and the data.yaml that ships.
func policy(t testing.TB, rules string) *Engine {
	t.Helper()
	e, err := Load(folder(map[string]string{"own.rego": "package clanker.run_command\n" + rules}))
	require.NoError(t, err, rules)
	return e
}

func decide(t testing.TB, e *Engine, p Proposal) Decision {
	t.Helper()
	d, err := e.Decide(t.Context(), p, monday)
	require.NoError(t, err)
	return d
}

const nobody = `deny contains {"reason": "no"} if input.command.tool == "rm"` + "\n"

// TestInvariants holds hostile policies to what none of them can change.
func TestInvariants(t *testing.T) {
	t.Parallel()
	one := []Requirement{{Count: 1, MinAssurance: AssuranceSoftware}}
	all := []adapters.Class{adapters.ClassRead, adapters.ClassSensitiveRead, adapters.ClassWrite, adapters.ClassDestroy}
	for _, test := range []struct {
		name, rules string
		classes     []adapters.Class
		effect      Effect
		require     []Requirement
	}{
		{"silence", nobody, all, RequireApproval, one},
		{"a read is allowed", `allow contains {"reason": "ok"}`, all[:1], Allow, nil},
		{"nothing else is", `allow contains {"reason": "ok"}`, all[1:], RequireApproval, one},
		{"a requirement beats allow", `allow contains {"reason": "ok"}` + "\n" + `require contains {"group": "", "count": 2, "minAssurance": 1, "reason": "r"}`, all, RequireApproval,
			[]Requirement{{Count: 2, MinAssurance: 1}}},
		{"deny beats all", `allow contains {"reason": "ok"}` + "\n" + `deny contains {"reason": "no"}` + "\n" + `require contains {"group": "", "count": 2, "minAssurance": 1, "reason": "r"}`, all, Deny, nil},
		{"what destroys needs a key", `require contains {"group": "", "count": 1, "minAssurance": 0, "reason": "r"}`, all[3:], RequireApproval, one},
		{"a phrase may do elsewhere", `require contains {"group": "", "count": 1, "minAssurance": 0, "reason": "r"}`, all[:3], RequireApproval, []Requirement{{Count: 1}}},
	} {
		for _, class := range test.classes {
			d := decide(t, policy(t, test.rules), proposal(class))
			assert.Equal(t, test.effect, d.Effect, "%s: %s", test.name, class)
			require.Len(t, d.Require, len(test.require), "%s: %s", test.name, class)
			for i, r := range d.Require {
				assert.Equal(t, test.require[i], Requirement{Group: r.Group, Count: r.Count, MinAssurance: r.MinAssurance}, "%s: %s", test.name, class)
				assert.Contains(t, d.Reasons, r.Reason)
			}
		}
	}
}

// TestMalformed denies whatever is not exactly of the right shape.
func TestMalformed(t *testing.T) {
	t.Parallel()
	req := func(more string) string { return "require contains {" + more + `, "reason": "r"}` }
	for rules, want := range map[string]string{
		req(`"group": "", "count": 0, "minAssurance": 1`):                                     "count",
		req(`"group": "", "count": -1, "minAssurance": 1`):                                    "count",
		req(`"group": "", "count": 11, "minAssurance": 1`):                                    "count",
		req(`"group": "", "count": 1.5, "minAssurance": 1`):                                   "count",
		req(`"group": "", "count": "1", "minAssurance": 1`):                                   "count",
		req(`"group": "", "count": 1e99, "minAssurance": 1`):                                  "count",
		req(`"group": "", "count": 1, "minAssurance": 5`):                                     "minAssurance",
		req(`"group": "", "count": 1, "minAssurance": -1`):                                    "minAssurance",
		req(`"group": 1, "count": 1, "minAssurance": 1`):                                      "group",
		req(`"group": "nobody", "count": 1, "minAssurance": 1`):                               `"nobody" is not in data.yaml`,
		req(`"group": "", "count": 1`):                                                        "has the fields",
		req(`"Group": "", "count": 1, "minAssurance": 1`):                                     "has the fields",
		req(`"group": "", "count": 1, "minAssurance": 1, "optional": true`):                   "has the fields",
		`deny contains {"reason": ""}`:                                                        "reason",
		`deny contains {"reason": 1}`:                                                         "reason",
		`deny contains {"reason": "no", "unless": "x"}`:                                       "has the fields",
		`deny contains "no"`:                                                                  "not an object",
		`deny contains ["no"]`:                                                                "not an object",
		`allow contains null`:                                                                 "not an object",
		`allow contains {"reason": sprintf("%s", [concat("", [s | some s in wide])])}` + wide: "reason",
		`deny contains {"reason": sprintf("%d", [i])} if some i in numbers.range(1, 101)`:     "at most 100 members",
		`deny contains {"reason": "bad"} if time.parse_rfc3339_ns("never") > 0`:               "parse_rfc3339_ns",
		`deny contains {"reason": "bad"} if 1 / (input.counts.total - 1) > 0`:                 "divide by zero",
		`f(x) := 1 if x.kind` + "\n" + `f(x) := 2 if x.id` + "\n" + `deny contains {"reason": "two"} if f(input.requester) == 3`:                 "conflict",
		`deny contains {"reason": "slow"} if count([1 | some a in numbers.range(1, 20000); some b in numbers.range(1, 20000); a + b == 0]) == 1`: "cancel",
	} {
		for _, class := range classes {
			d, err := policy(t, `allow contains {"reason": "ok"} if input.command.class == "read"`+"\n"+rules).Decide(t.Context(), proposal(class), monday)
			require.ErrorContains(t, err, want, rules)
			assert.Equal(t, Deny, d.Effect, rules)
			assert.Contains(t, d.Reasons[0], want, rules)
			assert.Empty(t, d.Require)
			if want == "cancel" {
				break // one is slow enough
			}
		}
	}
}

const wide = "\n" + `wide := ["x" | some _ in numbers.range(1, 1001)]`

func TestDecideRefusesStrangeProposals(t *testing.T) {
	t.Parallel()
	e := policy(t, `allow contains {"reason": "ok"}`)
	for name, change := range map[string]func(*Proposal){
		"class":  func(p *Proposal) { p.Plan.Command.Class = "harmless" },
		"none":   func(p *Proposal) { p.Plan.Command.Class = "" },
		"action": func(p *Proposal) { p.Plan.Resources[0].Action = "vanish" },
		"flag": func(p *Proposal) {
			p.Plan.Command.Flags = []adapters.Flag{{Name: "n", Value: "a"}, {Name: "n", Value: "b"}}
		},
	} {
		p := proposal(adapters.ClassRead)
		change(&p)
		d, err := e.Decide(t.Context(), p, monday)
		assert.Error(t, err, name)
		assert.Equal(t, Deny, d.Effect, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := e.Decide(ctx, proposal(adapters.ClassRead), monday)
	assert.Error(t, err)
	assert.Equal(t, Deny, d.Effect)
}

// TestPlaces tells of each requirement which rule it is from, while other rules see the sets as they are written.
func TestPlaces(t *testing.T) {
	t.Parallel()
	d := decide(t, policy(t, `require contains {"group": "operators", "count": 1, "minAssurance": 1, "reason": "a"}

allow contains {"reason": "ok"}

deny contains {"reason": "seen"} if {
	some a in allow
	a.reason == "never"
}

require contains r if {
	some a in allow
	r := {"group": "operators", "count": 2, "minAssurance": 1, "reason": a.reason}
}
`), proposal(adapters.ClassWrite))
	require.Len(t, d.Require, 2)
	assert.Equal(t, "own.rego:2", d.Require[0].Rule)
	assert.Equal(t, "own.rego:11", d.Require[1].Rule)
	assert.Equal(t, []string{"own.rego:11", "own.rego:2"}, d.Rules)
}

func TestCannotBeMet(t *testing.T) {
	t.Parallel()
	own := func(members string) *Engine {
		e, err := Load(folder(map[string]string{DataFile: data(t, `database: ["*"]`, "database: "+members),
			"own.rego": "package clanker.run_command\n" + `require contains {"group": "database", "count": 2, "minAssurance": 1, "reason": "data"}`}))
		require.NoError(t, err)
		return e
	}
	for members, effect := range map[string]Effect{
		"[]": Deny, "[ann]": Deny, "[ann, claude]": Deny, "[ann, bob]": RequireApproval, "[ann, bob, claude]": RequireApproval, `["*"]`: RequireApproval, `[ann, "*"]`: RequireApproval,
	} {
		asked := proposal(adapters.ClassWrite)
		asked.Requester.Kind = Operator
		d := decide(t, own(members), asked)
		assert.Equal(t, effect, d.Effect, members)
		if effect == Deny {
			assert.Contains(t, d.Reasons[0], "data; that cannot be met: 2 of the group database must approve")
			assert.Equal(t, []string{"own.rego:2"}, d.Rules)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	first := decide(t, e, proposal(adapters.ClassWrite))
	again, err := LoadFiles(e.Files())
	require.NoError(t, err)
	assert.Equal(t, e.Revision(), again.Revision())
	replayed, err := again.Replay(t.Context(), first.Input)
	require.NoError(t, err)
	assert.Equal(t, first, replayed)
	for _, input := range []string{"", "{}", "[]", " " + first.Input, first.Input + "\n", first.Input + "{}",
		strings.Replace(first.Input, `"class"`, `"klass"`, 1), strings.Replace(first.Input, `"class"`, `"Class"`, 1)} {
		d, err := again.Replay(t.Context(), input)
		assert.Error(t, err, input)
		assert.Equal(t, Deny, d.Effect, input)
	}
}

// TestRevision grows with every byte, name and file.
func TestRevision(t *testing.T) {
	t.Parallel()
	files := shipped(t).Files()
	seen := map[string]string{}
	note := func(name string, change func(map[string][]byte)) {
		changed := maps.Clone(files)
		change(changed)
		e, err := LoadFiles(changed)
		require.NoError(t, err, name)
		assert.Len(t, e.Revision(), 64)
		assert.Empty(t, seen[e.Revision()], name)
		seen[e.Revision()] = name
	}
	note("as it is", func(map[string][]byte) {})
	note("a comment", func(f map[string][]byte) { f["run_command.rego"] = append([]byte("# x\n"), f["run_command.rego"]...) })
	note("a test less", func(f map[string][]byte) { delete(f, "run_command_test.rego") })
	note("another name", func(f map[string][]byte) { f["a.rego"] = f["run_command.rego"]; delete(f, "run_command.rego") })
	note("data", func(f map[string][]byte) { f[DataFile] = append([]byte("# x\n"), f[DataFile]...) })
	files["run_command.rego"] = nil
	assert.NotEmpty(t, shipped(t).Files()["run_command.rego"], "the files are a copy")
}

func TestConcurrentDecisionsAreTheSame(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	want := decide(t, e, proposal(adapters.ClassDestroy))
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for range 20 {
				assert.Equal(t, want, decide(t, e, proposal(adapters.ClassDestroy)))
			}
		})
	}
}

// TestReadAnswer wants one result of one shape.
func TestReadAnswer(t *testing.T) {
	t.Parallel()
	said := func(value any) rego.Result { return rego.Result{Bindings: rego.Vars{"said": value}} }
	good := said(map[string]any{ruleDeny: []any{[]any{"a:1", map[string]any{"reason": "no"}}}})
	a, err := readAnswer(rego.ResultSet{good})
	require.NoError(t, err)
	assert.Equal(t, []verdict{{"no", "a:1"}}, a.deny)
	assert.False(t, a.same(answer{}), "a rule that only one of two evaluations knows is a difference")
	for _, results := range []rego.ResultSet{nil, {good, good}, {{}}, {said("x")}, {said(map[string]any{ruleDeny: "x"})},
		{said(map[string]any{ruleDeny: []any{"x"}})}, {said(map[string]any{ruleDeny: []any{[]any{"a:1"}}})}, {said(map[string]any{ruleDeny: []any{[]any{"a:1", "x"}}})}} {
		_, err := readAnswer(results)
		assert.Error(t, err, "%v", results)
	}
}

// TestRulesOfOtherNames cannot pose as those that decide.
func TestRulesOfOtherNames(t *testing.T) {
	t.Parallel()
	for _, rules := range []string{
		"package clanker\n\nrun_command.allow contains {\"reason\": \"x\"}\n",
		"package clanker\n\nrun_command[\"allow with its place\"] contains [\"x\", {\"reason\": \"x\"}]\n",
		"package clanker.run_command\n\nallow[\"x\"] := {\"reason\": \"x\"}\n",
		"package clanker.run_command.allow\n\nx := {\"reason\": \"x\"}\n",
	} {
		_, err := Load(folder(map[string]string{"own.rego": "package clanker.run_command\n\n" + nobody, "posing.rego": rules}))
		assert.Error(t, err, rules)
	}
}
