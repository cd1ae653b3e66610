package adaptertest

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// RunnerHarness says how to open a runner and what it can be asked. Each check opens its own runner on a world of its own.
//
//	adaptertest.Runner(t, adaptertest.RunnerHarness{
//		Open: func(t *testing.T) adaptertest.World {
//			folder := prepare(t)
//			return adaptertest.World{Runner: NewRunner(folder), Look: func() string { return stateOf(t, folder) }}
//		},
//		Read:    parse("kubectl get pods"),
//		Write:   parse("kubectl scale deployment web --replicas=5"),
//		Unknown: parse("kubectl drain node-1"),
//	})
type RunnerHarness struct {
	Open    func(t *testing.T) World
	Read    adapters.Command   // changes nothing and prints something
	Write   adapters.Command   // changes what Look shows
	Unknown adapters.Command   // of the runner's tool, and none that it runs
	Others  []adapters.Command // more that can be planned
	Reveal  adapters.Command   // prints or touches one of [Secrets]; without a tool it is left out
}

// World is a runner and what it works on.
type World struct {
	Runner adapters.Runner
	Look   func() string // all that commands could change, as a text
}

// runnerCheck is one promise of [adapters.Runner].
type runnerCheck struct {
	name string
	run  func(t tb, w World, h RunnerHarness)
}

func runnerChecks() []runnerCheck {
	return []runnerCheck{
		{"tools", checkTools},
		{"plans are the same to the byte", checkSame},
		{"plans are complete", checkPlan},
		{"planning changes nothing", checkPlanning},
		{"a read", checkRead},
		{"a write happens once", checkWrite},
		{"another plan is not run", checkOther},
		{"what is unknown is not run", checkUnknown},
		{"nothing begins after the end", checkOver},
		{"secrets", checkReveal},
	}
}

// Runner checks the promises of a runner.
func Runner(t *testing.T, h RunnerHarness) {
	for _, c := range runnerChecks() {
		t.Run(c.name, func(t *testing.T) { c.run(t, h.Open(t), h) })
	}
}

// commands are all that can be planned.
func (h RunnerHarness) commands() []adapters.Command {
	return append([]adapters.Command{h.Read, h.Write}, h.Others...)
}

func checkTools(t tb, w World, h RunnerHarness) {
	tools := w.Runner.Tools()
	assert.True(t, slices.IsSorted(tools), "%v", tools)
	for _, c := range append(h.commands(), h.Unknown) {
		assert.Contains(t, tools, c.Tool)
	}
}

func planned(t tb, w World, c adapters.Command) adapters.Plan {
	t.Helper()
	p, err := w.Runner.Plan(t.Context(), c)
	require.NoError(t, err, "Plan(%v)", c.Argv)
	return p
}

func frozen(t tb, p adapters.Plan) string {
	t.Helper()
	f, err := p.Freeze()
	require.NoError(t, err)
	return string(f.Bytes)
}

func checkSame(t tb, w World, h RunnerHarness) {
	for _, c := range h.commands() {
		p := planned(t, w, c)
		text := frozen(t, p)
		assert.Equal(t, text, frozen(t, planned(t, w, c)), "%v", c.Argv)
		thawed, err := adapters.Thaw([]byte(text))
		require.NoError(t, err, "%v", c.Argv)
		assert.Equal(t, text, frozen(t, thawed), "%v", c.Argv)
		assert.NotContains(t, text, "clanker-run-", "a private folder is in the plan of %v", c.Argv)
	}
}

func checkPlan(t tb, w World, h RunnerHarness) {
	for _, c := range h.commands() {
		p := planned(t, w, c)
		assert.Equal(t, adapters.PlanSchema, p.Schema)
		assert.Equal(t, c, p.Command)
		for _, word := range []string{p.Binary.Name, p.Binary.Path, p.Binary.Version, p.Target.Provider, p.Preview.Kind} {
			assert.NotEmpty(t, word, "%v: %+v %+v", c.Argv, p.Binary, p.Target)
		}
		sums := []string{p.Binary.SHA256}
		for _, file := range p.Files {
			sums = append(sums, file.SHA256)
		}
		for _, sum := range sums {
			raw, err := hex.DecodeString(sum)
			assert.True(t, err == nil && len(raw) == 32, "%q is no SHA-256", sum)
		}
		assert.Equal(t, p.Preview.Kind == adapters.PreviewNone, p.Preview.Reason != "", "a preview, or why there is none: %+v", p.Preview)
		assert.LessOrEqual(t, len(p.Preview.Text), 64<<10)
		checkOrder(t, p)
	}
}

// checkOrder holds for all lists of a plan, and for what a plan says of each resource.
func checkOrder(t tb, p adapters.Plan) {
	t.Helper()
	assert.True(t, slices.IsSortedFunc(p.Env, func(a, b adapters.Variable) int { return strings.Compare(a.Name, b.Name) }), "%v", p.Env)
	assert.True(t, slices.IsSortedFunc(p.Files, func(a, b adapters.File) int { return strings.Compare(a.Path, b.Path) }), "%v", p.Files)
	last := ""
	for _, r := range p.Resources {
		assert.Less(t, last, r.ID, "resources are sorted, and each is there once")
		last = r.ID
		for _, word := range []string{r.Kind, r.Name, string(r.Action)} {
			assert.NotEmpty(t, word, "%+v", r)
		}
		assert.True(t, slices.IsSortedFunc(r.Fields, func(a, b adapters.Field) int { return strings.Compare(a.Name, b.Name) }), "%v", r.Fields)
	}
}

func checkPlanning(t tb, w World, h RunnerHarness) {
	before := w.Look()
	for _, c := range h.commands() {
		planned(t, w, c)
		assert.Equal(t, before, w.Look(), "planning %v changed something", c.Argv)
	}
}

// ran runs a plan, and checks what is true of every outcome.
func ran(t tb, w World, p adapters.Plan) adapters.Outcome {
	t.Helper()
	told := map[string]string{}
	o, err := w.Runner.Run(t.Context(), p, func(piece adapters.Output) { told[piece.Stream] += piece.Text })
	require.NoError(t, err, "Run(%v)", p.Command.Argv)
	assert.True(t, o.OK(), "%v: %+v", p.Command.Argv, o)
	assert.Equal(t, map[string]string{"stdout": o.Stdout, "stderr": o.Stderr}, map[string]string{"stdout": told["stdout"], "stderr": told["stderr"]})
	assert.False(t, o.Started.IsZero() || o.Ended.Before(o.Started), "from %s to %s", o.Started, o.Ended)
	noCanary(t, fmt.Sprint("outcome of ", p.Command.Argv), o)
	noCanary(t, "running commentary", told)
	return o
}

// refused runs a plan that must not be run.
func refused(t tb, w World, p adapters.Plan, why string) {
	t.Helper()
	before := w.Look()
	o, err := w.Runner.Run(t.Context(), p, nil)
	assert.Error(t, err, why)
	assert.Zero(t, o, "what was not started has no outcome: %s", why)
	assert.Equal(t, before, w.Look(), why)
}

func checkRead(t tb, w World, h RunnerHarness) {
	before := w.Look()
	assert.NotEmpty(t, ran(t, w, planned(t, w, h.Read)).Stdout)
	assert.Equal(t, before, w.Look())
}

func checkWrite(t tb, w World, h RunnerHarness) {
	before, p := w.Look(), planned(t, w, h.Write)
	assert.NotEmpty(t, p.Resources, "what would be changed?")
	thawed, err := adapters.Thaw([]byte(frozen(t, p)))
	require.NoError(t, err)
	o := ran(t, w, thawed)
	assert.NotEqual(t, before, w.Look(), "nothing happened")
	assert.NotEmpty(t, o.Verified, "was anybody looking?")
	assert.NotEmpty(t, o.Observed)
	for _, change := range o.Observed {
		assert.NotEmpty(t, change.Resource, "%+v", change)
		assert.NotEqual(t, change.Before, change.After, "%+v", change)
	}
	refused(t, w, p, "the plan was made before something changed")
}

// checkOther changes one thing in a plan after the other.
func checkOther(t tb, w World, h RunnerHarness) {
	for name, change := range map[string]func(p *adapters.Plan){
		"program":     func(p *adapters.Plan) { p.Binary.SHA256 = strings.Repeat("0", 64) },
		"environment": func(p *adapters.Plan) { p.Env = append(p.Env, adapters.Variable{Name: "ZZZ", Value: "1"}) },
		"target":      func(p *adapters.Plan) { p.Target.Account = "another" },
		"file":        func(p *adapters.Plan) { p.Files = append(p.Files, adapters.File{Path: "zzz"}) },
		"resource":    func(p *adapters.Plan) { p.Resources = p.Resources[1:] },
	} {
		p := planned(t, w, h.Write)
		change(&p)
		refused(t, w, p, "another "+name)
	}
}

func checkUnknown(t tb, w World, h RunnerHarness) {
	_, err := w.Runner.Plan(t.Context(), h.Unknown)
	assert.Error(t, err)
	p := planned(t, w, h.Write)
	p.Command = h.Unknown
	refused(t, w, p, "it is unknown")
}

// over is a test whose time is over.
type over struct {
	tb
	ctx context.Context
}

func (o over) Context() context.Context { return o.ctx }

func checkOver(t tb, w World, h RunnerHarness) {
	ctx, cancel := context.WithCancel(t.Context())
	p := planned(t, w, h.Write)
	cancel()
	_, err := w.Runner.Plan(ctx, h.Write)
	assert.Error(t, err)
	refused(over{t, ctx}, w, p, "the time is over")
}

func checkReveal(t tb, w World, h RunnerHarness) {
	if h.Reveal.Tool == "" {
		return
	}
	p := planned(t, w, h.Reveal)
	noCanary(t, "plan", p)
	ran(t, w, p)
}
