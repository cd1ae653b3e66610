package policies

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestPortedRules are rules of other gates: what they say can be said here.
func TestPortedRules(t *testing.T) {
	t.Parallel()
	content := func(name string) string {
		text, err := os.ReadFile("testdata/ported/" + name)
		require.NoError(t, err)
		return string(text)
	}
	e, err := Check(t.Context(), folder(map[string]string{
		"run_command.rego": content("run_command.rego"), "run_command_test.rego": content("run_command_test.rego"),
		DataFile: data(t, "freezes: []", "freezes: []\nlists: {network: [\"aws_vpc*\", firewall]}", `database: ["*"]`, "platform: [ann, bob]\n  network: [cid]"),
	}))
	require.NoError(t, err)
	report, err := e.Test(t.Context())
	require.NoError(t, err)
	assert.InDelta(t, 100, report.Coverage(), 0.01, "%v", report.Missed)
	assert.Empty(t, e.Warnings())
	p := proposal(adapters.ClassDestroy)
	assert.Equal(t, []string{"b is not from our registry"}, decide(t, e, p).Reasons)
	p.Plan.Resources = nil
	d := decide(t, e, p)
	require.Len(t, d.Require, 1)
	assert.Equal(t, "platform", d.Require[0].Group)
}

func TestCheckRunsTests(t *testing.T) {
	t.Parallel()
	const rule = "package clanker.run_command\n\ndeny contains {\"reason\": \"x\"} if input.command.tool == \"rm\"\n\nallow contains {\"reason\": \"x\"} if input.command.tool == \"ls\"\n"
	const test = "package clanker.run_command_test\n\nimport data.clanker.run_command\n\n"
	for tests, want := range map[string]string{
		"ok if count(run_command.deny) == 1":                                                     "there are no tests; write rules that begin with test_",
		"ok if count(run_command.deny) == 0\n\ntst if ok":                                        "there are no tests",
		"test_x if count(run_command.deny) == 1 with input as {\"command\": {\"tool\": \"ls\"}}": "own_test.rego:5:1: test_x: it is not true",
		"test_x if {\n\tprint(\"seen\", count(run_command.deny))\n\tfalse\n}":                    "printed: seen 0",
		"test_x if run_command.deney":                                                            "there is no data.clanker.run_command.deney",
		"todo_test_x if run_command.deny":                                                        "it is skipped",
		"test_x if count(run_command.deny) == 0 with input as {\"command\": {\"tool\": time.parse_rfc3339_ns(input.x)}} with input.x as \"\"": "own_test.rego",
	} {
		_, err := Check(t.Context(), folder(map[string]string{"own.rego": rule, "own_test.rego": test + tests + "\n"}))
		assert.ErrorContains(t, err, want, tests)
	}
	e, err := Check(t.Context(), folder(map[string]string{"own.rego": rule,
		"own_test.rego": test + "test_x if count(run_command.deny) == 1 with input as {\"command\": {\"tool\": \"rm\"}}\n"}))
	require.NoError(t, err)
	report, err := e.Test(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, report.Tests)
	assert.Less(t, report.Coverage(), 95.0)
	assert.Equal(t, Lines{"own.rego", 5, 5}, report.Missed[0])
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	e := policy(t, `deny contains {"reason": "x"} if not input.command.flags["dry-run"]

allow contains {"reason": "x"} if not  other

other if input.command.tool == "ls"
`)
	warnings := e.Warnings()
	require.Len(t, warnings, 1)
	assert.Contains(t, warnings[0].Error(), `own.rego:2:34: "not" holds of whatever nobody thought of`)
	unformatted, err := e.Unformatted()
	require.NoError(t, err)
	assert.Contains(t, string(unformatted["own.rego"]), "if not other\n")
}

// FuzzReplay holds the reader of inputs to an error or a decision.
func FuzzReplay(f *testing.F) {
	e := shipped(f)
	d, err := e.Decide(f.Context(), proposal(adapters.ClassWrite), monday)
	require.NoError(f, err)
	f.Add(d.Input)
	f.Add("{}")
	f.Fuzz(func(t *testing.T, input string) {
		d, err := e.Replay(t.Context(), input)
		if err != nil {
			assert.Equal(t, Deny, d.Effect)
		} else {
			assert.Equal(t, input, d.Input)
		}
		if d.Effect == Allow {
			assert.Contains(t, input, `"class":"read"`)
		}
	})
}

// FuzzLoad holds the readers of rules and settings to an error or an engine.
func FuzzLoad(f *testing.F) {
	f.Add(`deny contains {"reason": "x"} if input.command.tool == "rm"`, "timezone: UTC")
	f.Add("", data(f))
	f.Fuzz(func(t *testing.T, rules, settings string) {
		e, err := Load(folder(map[string]string{"own.rego": "package clanker.run_command\n" + rules, DataFile: settings}))
		if err == nil {
			d, _ := e.Decide(t.Context(), proposal(adapters.ClassWrite), monday)
			assert.NotEqual(t, Allow, d.Effect)
		}
	})
}
