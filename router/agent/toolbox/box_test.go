package toolbox_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/agenttest"
	"clanker/router/agent/toolbox"
)

// mostResult is how long a result is at most, in bytes.
const mostResult = 9000

// tokens is what a list of tools costs in each turn, near enough.
func tokens(t testing.TB, tools []llms.Tool) int { return len(asJSON(t, tools)) / 4 }

func TestToolsAreCheap(t *testing.T) {
	b := box(t)
	t.Logf("%d tools, %d tokens at first", len(b.Tools()), tokens(t, b.Tools()))
	assert.Len(t, b.Tools(), 7+4)
	assert.LessOrEqual(t, tokens(t, b.Tools()), 1700, "together with the instructions, 2,500 at most")
	for _, about := range []string{"cost of things", "expired certificates", "health of databases", "node pressure", "firewalls open to the world"} {
		assert.True(t, ask(t, b, "find_intents", asJSON(t, map[string]string{"about": about})).OK)
	}
	t.Logf("%d tools, %d tokens in the end", len(b.Tools()), tokens(t, b.Tools()))
	assert.Len(t, b.Tools(), 7+12)
	assert.LessOrEqual(t, tokens(t, b.Tools()), 2700)
	before := names(b.Tools())
	assert.True(t, ask(t, b, "find_intents", `{"about":"firewalls open to the world"}`).OK)
	assert.ElementsMatch(t, before, names(b.Tools()), "what is offered already is offered once")
}

func names(tools []llms.Tool) (all []string) {
	for _, tool := range tools {
		all = append(all, tool.Function.Name)
	}
	return all
}

// TestAnyFourIntentsAreCheap: whatever is nearest to a question, the first offer is no dearer.
func TestAnyFourIntentsAreCheap(t *testing.T) {
	b := box(t)
	base := tokens(t, b.Tools()[:7])
	var each []int
	for _, in := range catalogue(t).Intents {
		if in.Action != intents.ActionPropose {
			each = append(each, tokens(t, []llms.Tool{offered(t, in)}))
		}
	}
	slices.Sort(each)
	dearest := each[len(each)-4:]
	t.Logf("the estate's tools %d, an intent %d to %d, the dearest four %v", base, each[0], each[len(each)-1], dearest)
	assert.LessOrEqual(t, base+dearest[0]+dearest[1]+dearest[2]+dearest[3], 1700)
}

func catalogue(t testing.TB) *intents.Catalog {
	t.Helper()
	c, err := intents.Load(intents.Default())
	require.NoError(t, err)
	return c
}

// offered is the tool of an intent, once it was found.
func offered(t testing.TB, in *intents.Intent) llms.Tool {
	t.Helper()
	tool, err := toolbox.IntentTool(in)
	require.NoError(t, err)
	return tool
}

func TestEverySchemaIsOneThatAllModelsTake(t *testing.T) {
	b := box(t)
	known := []string{"type", "properties", "required", "description", "enum", "items", "additionalProperties", "minimum", "maximum"}
	all := b.Tools()[:7]
	for _, in := range catalogue(t).Intents {
		all = append(all, offered(t, in))
	}
	for _, tool := range all {
		assert.Equal(t, "function", tool.Type)
		assert.NotEmpty(t, tool.Function.Description)
		schema, ok := tool.Function.Parameters.(map[string]any)
		require.True(t, ok, tool.Function.Name)
		assert.Equal(t, false, schema["additionalProperties"], tool.Function.Name)
		properties, _ := schema["properties"].(map[string]any)
		for key := range schema {
			assert.Contains(t, known, key)
		}
		for name, property := range properties {
			for key := range property.(map[string]any) {
				assert.Contains(t, known, key, tool.Function.Name+" "+name)
			}
		}
	}
}

func TestToolNames(t *testing.T) {
	letters := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	long := strings.Repeat("very.", 20)
	ids := []string{"a.b", "a-b", "a_b", "a..b", "a.-b", "a-.b", "a__b", "a_-b", "a_x2eb", "a b", "ä", "", long + "x", long + "y", "A.b"}
	for _, in := range catalogue(t).Intents {
		ids = append(ids, in.ID)
	}
	taken := map[string]string{}
	for _, tool := range box(t).Tools()[:7] {
		taken[tool.Function.Name] = "the estate"
	}
	for _, id := range ids {
		name := toolbox.ToolName(id)
		assert.Regexp(t, letters, name)
		assert.Empty(t, taken[name], "%s is the name of two: %s", name, id)
		taken[name] = id
	}
	assert.Equal(t, "intent_health-single__zone", toolbox.ToolName("health.single_zone"))
}

// TestEveryIntentCanBeCalled calls each intent with what its own schema asks for.
func TestEveryIntentCanBeCalled(t *testing.T) {
	b := box(t)
	for _, in := range catalogue(t).Intents {
		t.Run(in.ID, func(t *testing.T) {
			for _, arguments := range []map[string]any{sampled(in, true), sampled(in, false)} {
				result := ask(t, b, toolbox.ToolName(in.ID), asJSON(t, arguments))
				if in.Action == intents.ActionPropose {
					assert.False(t, result.OK)
					assert.Contains(t, result.Text, "there is no such tool")
					continue
				}
				assert.True(t, result.OK, result.Text)
				assert.LessOrEqual(t, len(result.Text), mostResult)
				assert.JSONEq(t, asJSON(t, arguments), string(result.Arguments))
			}
		})
	}
}

// sampled are arguments for an intent: those that it needs, or all.
func sampled(in *intents.Intent, all bool) map[string]any {
	values := map[intents.SlotType]any{intents.SlotCount: 3, intents.SlotPercent: "50%", intents.SlotDuration: "36h", intents.SlotTime: "last 2 days",
		intents.SlotKind: "pod", intents.SlotProvider: "kubernetes", intents.SlotEnvironment: "production", intents.SlotCluster: "prod-cluster",
		intents.SlotNamespace: "production", intents.SlotRegion: "us-east-1", intents.SlotNode: "node-1", intents.SlotText: "timeout"}
	arguments := map[string]any{}
	for _, p := range in.Parameters() {
		if value, ok := values[p.Type]; p.Needed || all {
			arguments[p.Name] = "checkout-api"
			if ok {
				arguments[p.Name] = value
			}
		}
	}
	return arguments
}

// TestSlotsAreThoseOfAQuestion: a tool asks for the same as a question that gives the same values.
func TestSlotsAreThoseOfAQuestion(t *testing.T) {
	desk := agenttest.Desk(t, estate(t), router.Question{})
	for _, c := range []struct {
		question string
		values   map[string]any
	}{
		{"which pods use more than 85% of their memory limit in production", map[string]any{"kind": "pods", "percent": 85.0, "environment": "prod"}},
		{"top 3 pods by cpu", map[string]any{"count": 3.0, "kind": "pod"}},
		{"show logs of checkout-api", map[string]any{"service": "checkout-api"}},
		{"what changed in production in the last 24 hours", map[string]any{"time": "24 hours", "environment": "prod"}},
		{"list droplets", map[string]any{"kind": "droplet"}},
	} {
		match := desk.Near(c.question)
		require.Equal(t, router.Hit, match.Outcome, c.question)
		slots, err := match.Hits[0].Intent.Fill(c.values, desk.Catalog().Vocabulary)
		require.NoError(t, err)
		if want, ok := match.Hits[0].Slots["time"].(intents.TimeRange); ok {
			assert.True(t, want.Equal(slots["time"].(intents.TimeRange)), c.question)
			slots["time"] = want
		}
		assert.Equal(t, match.Hits[0].Slots, slots, c.question)
	}
}

func TestOfferedToolsWorkAtOnce(t *testing.T) {
	b := box(t)
	for _, tool := range b.Tools()[7:] {
		name := tool.Function.Name
		assert.True(t, strings.HasPrefix(name, "intent_"), name)
		assert.NotContains(t, ask(t, b, name, "{}").Text, "no such tool")
	}
	for _, m := range agenttest.Desk(t, estate(t), router.Question{}).Match().Tried[:2] {
		assert.True(t, slices.ContainsFunc(b.Tools(), func(o llms.Tool) bool { return o.Function.Name == toolbox.ToolName(m.Intent) }), m.Intent)
	}
}

func TestFoundIntentsAreOffered(t *testing.T) {
	b := box(t)
	name := toolbox.ToolName("security.certificates")
	has := func() bool {
		return slices.ContainsFunc(b.Tools(), func(o llms.Tool) bool { return o.Function.Name == name })
	}
	require.False(t, has())
	assert.Contains(t, ask(t, b, "find_intents", `{"about":"TLS certificates that expire soon"}`).Text, name)
	assert.True(t, has())
	assert.NotContains(t, ask(t, b, "find_intents", `{"about":"restart and delete and scale a deployment"}`).Text, "intent_write")
}

// TestWhatModelsReallySend: what small models write is understood, or refused with a way out.
func TestWhatModelsReallySend(t *testing.T) {
	for _, c := range []struct{ tool, arguments, understood string }{
		{"list_resources", `{"kinds":"pod"}`, `{"kinds":["pod"]}`},
		{"list_resources", `{"kinds":"pod, node","namespace":"","cluster":null,"region":"null","limit":"10"}`, `{"kinds":["pod","node"],"limit":10}`},
		{"list_resources", `{"kinds":"[\"pod\"]","namespace":"all","environment":"*"}`, `{"kinds":["pod"]}`},
		{"list_resources", `{"Kinds":["Pod"],"nameSpace":"production","status":"Healthy"}`, `{"kinds":["Pod"],"namespace":"production","status":"healthy"}`},
		{"list_resources", `"{\"kinds\":[\"pod\"]}"`, `{"kinds":["pod"]}`},
		{"list_resources", `{"kinds":["pod"],"metrics":[],"name":{}}`, `{"kinds":["pod"]}`},
		{"get_resource", `{"name":["search"],"kind":"None"}`, `{"name":"search"}`},
		{"get_logs", `{"name":"search","errors":"True","previous":"false","limit":"5"}`, `{"name":"search","errors":true,"previous":false,"limit":5}`},
		{"get_logs", `{"name":"search","grep":404}`, `{"name":"search","grep":"404"}`},
		{"get_topology", `{"name":"search","hops":2.0,"direction":"AROUND"}`, `{"name":"search","hops":2,"direction":"around"}`},
		{"intent_metrics-memory-limit", `{"percent":0.8,"kind":"pods"}`, `{"percent":"0.8","kind":"pods"}`},
		{"health.services", "", `{}`},
		{"intent_health-services", "null", `{}`},
		{"intent_health-services", `"{}"`, `{}`},
		{"list_resources", `{"kinds":[1]}`, ""},
		{"list_resources", `{"kinds":["pod"],"limit":0}`, ""},
		{"list_resources", `{"kinds":["pod"],"limit":"many"}`, ""},
		{"list_resources", `{"kinds":["pod"],"sort":"name"}`, ""},
		{"list_resources", `["pod"]`, ""},
		{"list_resources", `pod`, ""},
		{"get_resource", `{"name":["a","b"]}`, ""},
		{"get_resource", `{"name":{"a":"b"}}`, ""},
		{"query_metrics", `{}`, ""},
		{"get_logs", `{"name":"x","limit":1.5}`, ""},
		{"get_topology", `{"name":"x","direction":"sideways"}`, ""},
		{"list_resources", `{"kinds":["` + strings.Repeat("x", 20_000) + `"]}`, ""},
	} {
		t.Run(c.tool+c.arguments[:min(len(c.arguments), 60)], func(t *testing.T) {
			result := ask(t, box(t), c.tool, c.arguments)
			if c.understood == "" {
				assert.False(t, result.OK)
				assert.Nil(t, result.Arguments)
				assert.Contains(t, result.Text, "\nwrite for example: {")
				return
			}
			assert.True(t, result.OK, result.Text)
			assert.JSONEq(t, c.understood, string(result.Arguments))
		})
	}
}

func TestExamplesAreRight(t *testing.T) {
	b := box(t)
	for _, tool := range b.Tools()[:7] {
		usage := ask(t, b, tool.Function.Name, `[]x`).Text
		_, rest, ok := strings.Cut(usage, "write for example: ")
		require.True(t, ok, usage)
		example, _, _ := strings.Cut(rest, "\n")
		result := ask(t, b, tool.Function.Name, example)
		assert.True(t, result.OK, result.Text)
		assert.JSONEq(t, example, string(result.Arguments))
	}
}

// TestNothingIsRepeated: what a model asked for is not evidence that it is there.
func TestNothingIsRepeated(t *testing.T) {
	for _, c := range [][2]string{
		{"list_resources", `{"kinds":["pod"],"name":"zebra-9417"}`},
		{"list_resources", `{"kinds":["zebra-9417"]}`},
		{"list_resources", `{"kinds":["pod"],"metrics":["zebra-9417"]}`},
		{"list_resources", `{"kinds":["pod"],"provider":"zebra-9417"}`},
		{"list_resources", `{"kinds":["pod"],"namespace":"zebra-9417","cluster":"zebra-9417","region":"zebra-9417","environment":"zebra-9417"}`},
		{"list_resources", `{"zebra-9417":"zebra-9417"}`},
		{"get_resource", `{"name":"zebra-9417"}`},
		{"get_resource", `{"name":"aws/prod/us-east-1/cache/zebra-9417"}`},
		{"query_metrics", `{"metric":"zebra-9417"}`},
		{"query_metrics", `{"metric":"restarts","name":"zebra-9417"}`},
		{"list_changes", `{"name":"zebra-9417"}`},
		{"list_changes", `{"time":"zebra-9417"}`},
		{"get_logs", `{"name":"zebra-9417","container":"zebra-9417","grep":"zebra-9417"}`},
		{"get_topology", `{"name":"zebra-9417"}`},
		{"find_intents", `{"about":"zebra-9417"}`},
		{"intent_health-of", `{"service":"zebra-9417"}`},
		{"intent_logs-search", `{"service":"zebra-9417","text":"zebra-9417"}`},
		{"intent_health-services", `{"namespace":"zebra-9417"}`},
		{"intent_health-services", `{"cluster":"zebra-9417"}`},
		{"intent_health-services", `{"provider":"zebra-9417"}`},
		{"intent_health-services", `{"zebra-9417":"x"}`},
		{"intent_metrics-memory-limit", `{"percent":"94.17%"}`},
		{"zebra-9417", `{}`},
		{"list_resources", `{zebra-9417`},
	} {
		t.Run(c[0]+c[1], func(t *testing.T) {
			first, rest, _ := strings.Cut(ask(t, box(t), c[0], c[1]).Text, "\n")
			assert.True(t, strings.HasPrefix(first, "asked: "), first)
			assert.NotContains(t, rest, "9417")
			assert.NotContains(t, rest, "94.17")
		})
	}
}

// TestEveryRepeatedWordIsReplaced: neighbours share what parts them.
func TestEveryRepeatedWordIsReplaced(t *testing.T) {
	for text, want := range map[string]string{"": "", "x": "?", "x x": "? ?", "x/x,X\nx.": "?/?,?\n?.", "x-x x_x xx ax xé": "x-x x_x xx ax xé", "x- _x": "?- _?", "x.y y.x": "?.y y.?"} {
		assert.Equal(t, want, toolbox.Replaced(text, "x", "?"), "%q", text)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := box(t)
	calls := [][2]string{{"list_resources", `{"kinds":["pod"]}`}, {"find_intents", `{"about":"cost"}`}, {"get_topology", `{"name":"checkout-api"}`},
		{"intent_health-services", `{}`}, {"list_changes", `{}`}, {"get_logs", `{"name":"checkout-api"}`}, {"nothing", ``}}
	texts := make([]string, 4*len(calls))
	var wait sync.WaitGroup
	for i := range texts {
		wait.Go(func() {
			c := calls[i%len(calls)]
			texts[i] = b.Call(context.Background(), llms.FunctionCall{Name: c[0], Arguments: c[1]}).Text
			_ = b.Tools()
		})
	}
	wait.Wait()
	for i, text := range texts {
		assert.Equal(t, texts[i%len(calls)], text)
	}
}
