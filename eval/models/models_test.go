package models_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters/demo"
	"clanker/eval/models"
	"clanker/router"
	"clanker/router/agent"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/cost"
	agentmodels "clanker/router/agent/models"
	"clanker/router/agent/modeltest"
)

func cases(t *testing.T) []models.Case {
	t.Helper()
	all, err := models.Cases()
	require.NoError(t, err)
	return all
}

func said(text string) router.Answer {
	summary, rest, _ := strings.Cut(text, "\n")
	return router.Answer{Status: router.StatusOK, Summary: summary, Explanation: rest, Usage: router.Usage{Model: &router.ModelUsage{Steps: 1}}}
}

// Each case can be passed and failed: by a good answer, by none, and by one that tells everything that is wrong, too.
func TestCases(t *testing.T) {
	t.Parallel()
	all := cases(t)
	assert.GreaterOrEqual(t, len(all), 25)
	seen := map[string]bool{}
	for _, c := range all {
		assert.NotEmpty(t, c.Facts, c.ID)
		assert.NotEmpty(t, c.Lies, c.ID)
		assert.False(t, seen[c.ID] || seen[c.Question], "%s stands twice", c.ID)
		seen[c.ID], seen[c.Question] = true, true
		assert.Equal(t, models.Verdict{}, c.Judge(said(c.Good)), c.ID)
		assert.Equal(t, c.Facts, c.Judge(said("I do not know.")).Missing, c.ID)
		assert.False(t, c.Judge(said(c.Question)).Passed(), "%s: who repeats the question knows nothing", c.ID)
		assert.False(t, c.Judge(router.Answer{Status: router.StatusUnsupported, Summary: c.Good}).Passed(), "%s: no model said it", c.ID)
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	c := models.Case{Facts: []string{"session-cache", `\b24\b`}, Lies: []string{"all is well"}}
	for text, want := range map[string]models.Verdict{
		"Session-Cache has 24 nodes.":                {},
		"session-cache\nhas 24 [unverified] nodes":   {},
		"session-cache has 241 nodes":                {Missing: []string{`\b24\b`}},
		"24 of session-cache; but all\n  is   well.": {Told: []string{"all is well"}},
	} {
		assert.Equal(t, want, c.Judge(said(text)), text)
	}
	broken := models.Case{Facts: []string{"("}, Lies: []string{"["}}
	assert.Equal(t, models.Verdict{Missing: broken.Facts, Told: broken.Lies}, broken.Judge(said("( [")))
}

// workspace is the program on the demo estate with a scripted model, whatever the model is called.
type workspace struct{ router *router.Router }

func (w workspace) Ask(ctx context.Context, model, question string) (router.Answer, error) {
	return w.router.Route(ctx, router.Question{Text: question, Model: model})
}

func open(t *testing.T, script modeltest.Script) workspace {
	t.Helper()
	server := modeltest.Start(t, script)
	key := func(context.Context) (string, error) { return "key", nil }
	reached, err := agentmodels.New(agentmodels.Settings{Providers: map[string]agentmodels.Provider{"openai": {Key: key, URL: server.Base("openai")}}})
	require.NoError(t, err)
	prices, err := cost.Load("")
	require.NoError(t, err)
	a := agent.New(agent.Options{Books: cost.NewBooks(), Settings: agent.Settings{Models: reached, Prices: prices, Limits: agent.DefaultLimits()}})
	return workspace{agenttest.Router(t, agenttest.Estate(t, demo.New), a)}
}

// The whole way, over HTTP: a model that reads and answers well passes all cases, which also says that no intent covers any of them;
// one that knows nothing passes none.
func TestRun(t *testing.T) {
	t.Parallel()
	var good modeltest.Script
	for _, c := range cases(t) {
		good.Turns = append(good.Turns, modeltest.Turn{When: c.Question, Calls: []modeltest.Call{{Tool: "get_resource", Arguments: `{"name":"session-cache"}`}}},
			modeltest.Turn{Text: c.Good})
	}
	told := 0
	right, err := models.Run(t.Context(), open(t, good), "openai/gpt-5.4", cases(t), func(models.Outcome) { told++ })
	require.NoError(t, err)
	assert.Equal(t, len(cases(t)), told)
	for _, o := range right.Outcomes {
		assert.Equal(t, models.Verdict{}, o.Verdict, o.Case)
		require.Equal(t, 1, o.Model.ToolCalls, "%s: an intent answers it, or nothing", o.Case)
	}
	ignorant := modeltest.Script{Turns: []modeltest.Turn{{Text: "I do not know.", Repeat: true}}}
	wrong, err := models.Run(t.Context(), open(t, ignorant), "openai/nobody", cases(t)[:3], nil)
	require.NoError(t, err)
	table := models.Table([]models.Result{right, wrong}, time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	assert.Regexp(t, `\| openai/gpt-5\.4 \| 25 of 25 \| 25 \| \d+ \| \d+ \| 0\.\d{4} \| \d+\.\d \| \d+ \|\n`, table)
	assert.Regexp(t, `\| openai/nobody \| 0 of 3 \| 0 \| \d+ \| \d+ \| unknown \| \d+\.\d \| 0 \|\n\n## openai/nobody\n\n- cause \(noData\): lacks .session-cache`, table)
	assert.NotContains(t, table, "## openai/gpt")
}

func TestTableOfUnknownCost(t *testing.T) {
	t.Parallel()
	r := models.Result{Model: "a|b", Outcomes: []models.Outcome{{Model: router.ModelUsage{CostUSD: "0.5"}}, {Model: router.ModelUsage{CostUSD: "unknown"}}}}
	assert.Contains(t, models.Table([]models.Result{r, {Model: "none"}}, time.Now()), "| a\\|b | 2 of 2 | 0 | 0 | 0 | unknown | 0.0 | 0 |\n| none | 0 of 0 | 0 | 0 | 0 | 0.0000 | 0.0 | 0 |\n")
}

// What goes wrong with a model is in the table, not an error.
func TestRunWithoutAnswers(t *testing.T) {
	t.Parallel()
	broken := modeltest.Script{Turns: []modeltest.Turn{{Error: &modeltest.Failure{Kind: modeltest.BadKey}, Repeat: true}}}
	r, err := models.Run(t.Context(), open(t, broken), "openai/gpt-5.4", cases(t)[:1], nil)
	require.NoError(t, err)
	assert.False(t, r.Outcomes[0].Passed())
	assert.Contains(t, r.Outcomes[0].Problem, "401")
	assert.Contains(t, models.Table([]models.Result{r}, time.Now()), "- cause (error): openai answered with HTTP status 401")
}

// program writes a shell script that stands for the program.
func program(t *testing.T, script string) models.Binary {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clanker")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
	return models.Binary{Path: path}
}

func TestBinary(t *testing.T) {
	t.Parallel()
	b := program(t, `test "$*" = "ask --demo --model openai/gpt --output json -- why?" || exit 9
echo '{"status": "partial", "summary": "because"}'; exit 3`)
	a, err := b.Ask(t.Context(), "openai/gpt", "why?")
	require.NoError(t, err)
	assert.Equal(t, "because", a.Summary)
	_, err = program(t, "echo 'clanker: ask: no such flag' >&2; exit 2").Ask(t.Context(), "a", "b")
	require.ErrorContains(t, err, "clanker ask: exit status 2: clanker: ask: no such flag")
	_, err = program(t, "echo oops").Ask(t.Context(), "a", "b")
	require.ErrorContains(t, err, "read the answer of")
}

func TestFound(t *testing.T) {
	t.Parallel()
	found, err := program(t, `cat <<.
{"providers": [{"provider": "anthropic", "error": "there is no key"}, {"provider": "ollama", "models": [{"model": "ollama/a"}, {"model": "ollama/b"}]},
 {"provider": "openai", "models": [{"model": "openai/a"}, {"model": "openai/gpt-5.4"}]}]}
.`).Found(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"ollama/a", "openai/gpt-5.4"}, found)
}
