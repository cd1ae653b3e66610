package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func TestShippedPoliciesPassTheirTests(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	report, err := e.Test(t.Context())
	require.NoError(t, err)
	require.NoError(t, report.Err())
	assert.Equal(t, strings.Count(string(e.Files()["run_command_test.rego"]), "\ntest_"), report.Tests)
	assert.InDelta(t, 100, report.Coverage(), 0.01, "%v", report.Missed)
	assert.Empty(t, e.Warnings())
	unformatted, err := e.Unformatted()
	require.NoError(t, err)
	assert.Empty(t, unformatted)
}

// TestShippedTestsNoticeEveryRule takes away one rule, or one condition of one rule, at a time: the Rego tests must fail.
func TestShippedTestsNoticeEveryRule(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	const file = "run_command.rego"
	parsed := e.set.modules[file]
	tried := 0
	for i, rule := range parsed.Rules {
		var mutants []*ast.Module
		without := parsed.Copy()
		without.Rules = slices.Delete(without.Rules, i, i+1)
		mutants = append(mutants, without)
		for j := range rule.Body {
			if len(rule.Body) > 1 {
				weaker := parsed.Copy()
				weaker.Rules[i].Body = slices.Delete(weaker.Rules[i].Body, j, j+1)
				mutants = append(mutants, weaker)
			}
		}
		for j, mutant := range mutants {
			changed := *e.set
			changed.modules = maps.Clone(e.set.modules)
			changed.modules[file] = mutant
			report, err := (&Engine{set: &changed, store: e.store}).Test(t.Context())
			if err != nil {
				continue // it does not even compile
			}
			assert.NotEmpty(t, report.Failures, "mutant %d of the rule at line %d lives", j, rule.Location.Row)
			tried++
		}
	}
	assert.Greater(t, tried, 30)
}

// TestShippedPolicies decides proposals as the gate would.
func TestShippedPolicies(t *testing.T) {
	t.Parallel()
	e := shipped(t)
	for name, test := range map[string]struct {
		class  adapters.Class
		change func(*Proposal)
		want   []string // group, count and assurance
	}{
		"a small scale of staging": {adapters.ClassWrite, func(*Proposal) {}, []string{"operators 1 1"}},
		"a large one":              {adapters.ClassWrite, func(p *Proposal) { p.Plan.Resources[0].Fields[1].After = "5" }, []string{"operators 1 1", "operators 1 2"}},
		"production":               {adapters.ClassWrite, func(p *Proposal) { p.Plan.Target.Environment = "production" }, []string{"operators 1 2"}},
		"a resource elsewhere":     {adapters.ClassWrite, func(p *Proposal) { p.Plan.Resources[0].Environment = "production" }, []string{"operators 1 2"}},
		"a production database": {adapters.ClassWrite, func(p *Proposal) {
			p.Plan.Target.Environment, p.Plan.Resources[0].Kind = "production", "database"
		}, []string{"database 2 2", "operators 1 2"}},
		"a delete":       {adapters.ClassDestroy, func(*Proposal) {}, []string{"operators 1 1", "operators 1 2"}},
		"the system":     {adapters.ClassWrite, func(p *Proposal) { p.Plan.Target.Namespace = "kube-system" }, []string{"operators 1 1", "operators 2 2"}},
		"a secret":       {adapters.ClassSensitiveRead, func(*Proposal) {}, []string{"security 1 1"}},
		"the approvers":  {adapters.ClassWrite, func(p *Proposal) { p.Plan.Command.Tool = "clanker" }, []string{"operators 1 1"}},
		"many resources": {adapters.ClassWrite, func(p *Proposal) { p.Plan.Resources = slices.Repeat(p.Plan.Resources[:1], 21) }, []string{"operators 1 1", "operators 2 1"}},
		"terraform deletes": {adapters.ClassWrite, func(p *Proposal) {
			p.Plan.Command.Tool, p.Plan.Resources[0].Action = "terraform", adapters.ActionDelete
		}, []string{"operators 1 1", "operators 2 1"}},
	} {
		p := proposal(test.class)
		test.change(&p)
		d := decide(t, e, p)
		var asked []string
		for _, r := range d.Require {
			asked = append(asked, fmt.Sprintf("%s %d %d", r.Group, r.Count, r.MinAssurance))
			assert.Regexp(t, `^run_command.rego:\d+$`, r.Rule)
		}
		assert.Equal(t, test.want, asked, name)
	}
	assert.Equal(t, Allow, decide(t, e, proposal(adapters.ClassRead)).Effect)
	p := proposal(adapters.ClassWrite)
	p.Plan.Target.Environment = "production"
	night, err := e.Decide(t.Context(), p, monday.Add(12*time.Hour))
	require.NoError(t, err)
	assert.Len(t, night.Require, 2)
}
