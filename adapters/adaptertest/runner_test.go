package adaptertest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// counter is a runner that keeps all promises: it counts to where it is told. The suite's test breaks them one at a time.
type counter struct {
	value int
	plan  func(*adapters.Plan)
	run   func(*adapters.Outcome)
	bare  bool // runs whatever it is given
	busy  bool // counts when it plans
}

var _ adapters.Runner = (*counter)(nil)

func (*counter) Tools() []string { return []string{"count"} }

func (c *counter) Plan(ctx context.Context, command adapters.Command) (adapters.Plan, error) {
	if c.busy {
		c.value++
	}
	if command.Path[0] == "fly" && !c.bare {
		return adapters.Plan{}, errors.New("it only counts")
	}
	p := adapters.Plan{Schema: adapters.PlanSchema, Command: command, Target: adapters.Target{Provider: "memory"},
		Binary:  adapters.Binary{Name: "count", Path: "/bin/count", SHA256: strings.Repeat("ab", 32), Version: "1"},
		Preview: adapters.Preview{Kind: adapters.PreviewNone, Reason: "it counts"}}
	if command.Path[0] == "to" {
		p.Preview = adapters.Preview{Kind: adapters.PreviewDiff, Text: strconv.Itoa(c.value)}
		p.Resources = []adapters.Touched{{ID: "memory/value", Kind: "value", Name: "value", Action: adapters.ActionUpdate, Version: strconv.Itoa(c.value)}}
	}
	if c.plan != nil {
		c.plan(&p)
	}
	return p, ctx.Err()
}

func (c *counter) Run(ctx context.Context, p adapters.Plan, tell func(adapters.Output)) (adapters.Outcome, error) {
	again, err := c.Plan(ctx, p.Command)
	was, _ := adapters.Canonical(p)
	is, _ := adapters.Canonical(again)
	if !c.bare && (err != nil || string(was) != string(is)) {
		return adapters.Outcome{}, errors.New("not what was planned")
	}
	o := adapters.Outcome{Stdout: "counted\n", Started: time.Unix(1, 0), Ended: time.Unix(2, 0)}
	if p.Command.Path[0] == "to" {
		o.Verified, o.Observed = "7", []adapters.Change{{Resource: "memory/value", Before: c.value, After: 7}}
		c.value = 7
	}
	if tell != nil {
		tell(adapters.Output{Stream: "stdout", Text: o.Stdout})
	}
	if c.run != nil {
		c.run(&o)
	}
	return o, nil
}

func counting(c *counter) RunnerHarness {
	command := func(verb string) adapters.Command {
		return adapters.Command{Argv: []string{"count", verb}, Tool: "count", Path: []string{verb}}
	}
	return RunnerHarness{Read: command("show"), Write: command("to"), Unknown: command("fly"), Reveal: command("show"),
		Open: func(*testing.T) World {
			fresh := *c
			return World{Runner: &fresh, Look: func() string { return strconv.Itoa(fresh.value) }}
		}}
}

func TestAGoodRunnerPasses(t *testing.T) {
	t.Parallel()
	Runner(t, counting(&counter{}))
}

func TestABadRunnerFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check string
		bad   *counter
	}{
		{"plans are the same to the byte", &counter{plan: func(p *adapters.Plan) { p.Target.Account = time.Now().String() }}},
		{"plans are the same to the byte", &counter{plan: func(p *adapters.Plan) { p.Target.Folder = "/tmp/clanker-run-7" }}},
		{"plans are complete", &counter{plan: func(p *adapters.Plan) { p.Schema = "" }}},
		{"plans are complete", &counter{plan: func(p *adapters.Plan) { p.Binary.SHA256 = "ab" }}},
		{"plans are complete", &counter{plan: func(p *adapters.Plan) {
			p.Preview.Reason = "why not" + p.Preview.Text
			p.Preview.Kind = adapters.PreviewDiff
		}}},
		{"plans are complete", &counter{plan: func(p *adapters.Plan) { p.Env = []adapters.Variable{{Name: "B"}, {Name: "A"}} }}},
		{"plans are complete", &counter{plan: func(p *adapters.Plan) { p.Resources = append(p.Resources, p.Resources...) }}},
		{"planning changes nothing", &counter{busy: true}},
		{"a read", &counter{run: func(o *adapters.Outcome) { o.Stdout = "" }}},
		{"a read", &counter{run: func(o *adapters.Outcome) { o.Exit = 1 }}},
		{"a read", &counter{run: func(o *adapters.Outcome) { o.Ended = time.Time{} }}},
		{"a write happens once", &counter{run: func(o *adapters.Outcome) { o.Verified = "" }}},
		{"a write happens once", &counter{value: 7}},
		{"another plan is not run", &counter{bare: true}},
		{"what is unknown is not run", &counter{bare: true}},
		{"nothing begins after the end", &counter{bare: true}},
		{"secrets", &counter{plan: func(p *adapters.Plan) { p.Preview.Reason = marker }}},
		{"secrets", &counter{run: func(o *adapters.Outcome) { o.Stderr = marker }}},
	} {
		t.Run(c.check, func(t *testing.T) {
			t.Parallel()
			assert.NotEmpty(t, recordRunner(t, c.check, counting(c.bad)), "nothing was found")
			assert.Empty(t, recordRunner(t, c.check, counting(&counter{})))
		})
	}
}

// recordRunner runs a check to its end, which FailNow may bring about.
func recordRunner(t *testing.T, name string, h RunnerHarness) []string {
	r := &recorder{ctx: t.Context()}
	var wait sync.WaitGroup
	for _, c := range runnerChecks() {
		if c.name == name {
			wait.Go(func() { c.run(r, h.Open(t), h) })
		}
	}
	wait.Wait()
	return r.failures
}
