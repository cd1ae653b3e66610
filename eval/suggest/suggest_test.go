package suggest

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/toolbox"
)

var update = flag.Bool("update", false, "write the golden file anew")

// team is a catalogue that is learned in no time.
var team = intents.Layer{Name: "team", Files: os.DirFS("testdata/team")}

// use is a tool with its arguments.
type use struct{ tool, arguments string }

// ask notes that a question was asked, and what it was answered with.
func ask(n int, question string, uses ...use) router.Investigation {
	one := router.Investigation{Answer: fmt.Sprintf("answer-%03d", n), At: time.Date(2026, 11, 23, 9, n, 0, 0, time.UTC), Question: question}
	for _, u := range uses {
		one.Uses = append(one.Uses, router.ToolUse{Tool: u.tool, Arguments: json.RawMessage(u.arguments), Rows: 2, OK: true})
	}
	return one
}

// noted are questions, by what a model was asked for to answer them.
var noted = []struct {
	use       use
	questions []string
}{
	{use{"list_changes", `{"kinds":["configmap"]}`}, []string{
		"which feature flags were flipped in shop?", "did someone flip a flag in payments?", "flags flipped lately", "who flipped the flags"}},
	{use{"get_logs", `{"name":"{}","grep":"dunning","errors":true}`}, []string{
		`did the dunning fail in billing-api, it says "dunning"`, `find "dunning" where orders-worker complains`, `complaints of mail-sender that say "dunning"`}},
	{use{"get_topology", `{"name":"{}","direction":"dependents"}`}, []string{
		"blast radius of session-cache", "blast radius if orders-postgres burns", "how large is the blast radius of checkout-api"}},
	{use{"query_metrics", `{"kinds":["pod"],"metric":"memory.ofLimit","limit":3}`}, []string{
		"the 3 hungriest pods that eat more than 80% of their memory", "hungriest pods over 90% memory", "what are the 3 hungriest pods, above 75% of memory"}},
	{use{"list_resources", `{"kinds":["pods"],"status":"notHealthy"}`}, []string{
		"pods evicted by the kubelet", "evicted pods since yesterday", "have any pods been evicted"}},
}

// names of the questions, where a tool was asked for one.
var named = regexp.MustCompile(`billing-api|orders-worker|mail-sender|session-cache|orders-postgres|checkout-api`)

func notes() (all []router.Investigation) {
	for _, n := range noted {
		for _, q := range n.questions {
			all = append(all, ask(len(all), q, use{n.use.tool, strings.ReplaceAll(n.use.arguments, "{}", named.FindString(q))}))
		}
	}
	return all
}

func propose(t testing.TB, all []router.Investigation, o Options) []Proposal {
	o.Layers = append(o.Layers, team)
	proposals, err := Propose(t.Context(), all, o)
	require.NoError(t, err)
	return proposals
}

func TestGolden(t *testing.T) {
	t.Parallel()
	proposals := propose(t, notes(), Options{})
	var text strings.Builder
	for _, p := range proposals {
		fmt.Fprintf(&text, "# %d questions, held %d of %d, compared %d, fault %q, doubts %q\n%s\n", len(p.Questions), p.HeldOut.Right, p.HeldOut.Asked, p.Compared, p.Fault, p.Doubts, p.YAML)
	}
	const golden = "testdata/proposals.yaml"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), text.String())
}

func ids(proposals []Proposal) (all []string) {
	for _, p := range proposals {
		all = append(all, p.ID)
	}
	return all
}

func TestTheOrderOfInvestigationsDoesNotMatter(t *testing.T) {
	t.Parallel()
	all := notes()
	want := propose(t, all, Options{})
	slices.Reverse(all)
	assert.Equal(t, want, propose(t, all, Options{}))
}

func TestWhatIsNotProposed(t *testing.T) {
	flags := use{"list_changes", `{"kinds":["configmap"]}`}
	failed := ask(1, "flags flipped lately", flags)
	failed.Uses[0].OK = false
	empty := ask(1, "flags flipped lately", flags)
	empty.Uses[0].Rows = 0
	tests := map[string]struct {
		all  []router.Investigation
		want []string
	}{
		"nothing":                                      {nil, nil},
		"asked once":                                   {[]router.Investigation{ask(0, "who flipped the flags", flags)}, nil},
		"asked twice in the same words":                {[]router.Investigation{ask(0, "who flipped the flags", flags), ask(1, "Who flipped the flags?", flags)}, []string{"change.flags.configs"}},
		"the tool failed":                              {[]router.Investigation{ask(0, "who flipped the flags", flags), failed}, nil},
		"the tool found nothing":                       {[]router.Investigation{ask(0, "who flipped the flags", flags), empty}, nil},
		"nothing was read":                             {[]router.Investigation{ask(0, "who flipped the flags"), ask(1, "flags flipped lately")}, nil},
		"a secret was taken out":                       {[]router.Investigation{ask(0, "who flipped the flags", flags), ask(1, "flags flipped by "+adapters.Redacted, flags)}, nil},
		"no intent can ask for it":                     {[]router.Investigation{ask(0, "tell me of web-1", use{"get_resource", `{"name":"web-1"}`}), ask(1, "web-1 in full", use{"get_resource", `{"name":"web-1"}`})}, nil},
		"arguments that are none":                      {[]router.Investigation{ask(0, "who flipped the flags", use{"list_changes", `[`}), ask(1, "flags flipped lately", use{"list_changes", `7`})}, nil},
		"lists whose questions have nothing in common": {[]router.Investigation{ask(0, "gremlins tonight", use{"list_resources", `{"kinds":["pod"]}`}), ask(1, "kubelet upgrades due", use{"list_resources", `{"kinds":["pod"]}`})}, nil},
		"the name was only come upon":                  {[]router.Investigation{ask(0, "who flipped the flags", use{"list_changes", `{"name":"web-1"}`}), ask(1, "flags flipped lately", use{"list_changes", `{"name":"web-2"}`})}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, ids(propose(t, test.all, Options{})))
		})
	}
}

// TestAnIntentThatAnsweredGetsFurtherExamples: the one in use stays as it is, but for them.
func TestAnIntentThatAnsweredGetsFurtherExamples(t *testing.T) {
	t.Parallel()
	intent := func(tool string) (string, bool) { return "logs.of", tool == "logs_of" }
	all := []router.Investigation{
		ask(0, "scribblings of [web-1]", use{"logs_of", `{}`}), ask(1, "scribblings of the gateway", use{"logs_of", `{}`}), ask(2, "what are the scribblings of search", use{"logs_of", `{}`})}
	proposals := propose(t, all, Options{Intent: intent})
	require.Len(t, proposals, 1)
	p := proposals[0]
	assert.Equal(t, "logs.of", p.ID)
	assert.True(t, p.Extends)
	assert.Contains(t, p.YAML, "  examples:\n    - scribblings of [web-1]\n    - scribblings of the gateway\n    - what are the scribblings of search\n    - logs of checkout-api\n")
	assert.Contains(t, p.YAML, "action: logs")
}

// TestWhatOthersOwnIsNotTaken: questions that a suite says go elsewhere make a proposal narrower, or end it.
func TestWhatOthersOwnIsNotTaken(t *testing.T) {
	t.Parallel()
	all := notes()[:4]
	foreign := func(questions ...string) []eval.Suite {
		s := eval.Suite{Name: "others"}
		for _, q := range questions {
			s.Cases = append(s.Cases, eval.Case{Question: q, Topic: eval.Abstain})
		}
		return []eval.Suite{s}
	}
	free := propose(t, all, Options{})
	require.Len(t, free, 1)
	require.Empty(t, free[0].Fault)

	taken := propose(t, all, Options{Suites: foreign(noted[0].questions...)})
	assert.Contains(t, taken[0].Fault, "questions that are not its own")
	assert.Contains(t, strings.Join(taken[0].Harm, "\n"), `"who flipped the flags" went to nothing, and goes to change.`)

	require.NotContains(t, free[0].YAML, "requires:")
	narrowed := propose(t, all, Options{Suites: foreign("feature flags", "flags lately", "flags")})
	assert.Contains(t, narrowed[0].YAML, "requires:\n    any: [flag, flipped]\n")
	assert.Empty(t, narrowed[0].Fault)
	assert.Empty(t, narrowed[0].Harm)
}

// TestAProposalThatDoesNotLoadIsGivenUp, and the others are not.
func TestAProposalThatDoesNotLoadIsGivenUp(t *testing.T) {
	t.Parallel()
	wrong := use{"query_metrics", `{"kinds":["pod"],"metric":"no such metric"}`}
	all := append(notes()[:4], ask(20, "restless gremlins by mischief", wrong), ask(21, "gremlins by their mischief", wrong), ask(22, "mischief of gremlins", wrong))
	proposals := propose(t, all, Options{})
	require.Len(t, proposals, 2)
	assert.Empty(t, proposals[0].Fault)
	assert.Contains(t, proposals[1].Fault, "no such metric")
}

// TestWhatLosesAsMuchAsItFindsIsGivenUp, the smallest first.
func TestWhatLosesAsMuchAsItFindsIsGivenUp(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ found, drift, left int }{{2, 0, 2}, {0, 0, 2}, {2, 1, 2}, {2, 2, 1}, {2, 3, 1}, {0, 1, 1}} {
		large, small := &draft{}, &draft{}
		small.result.HeldOut = HeldOut{Asked: 4, Right: test.found}
		p := &proof{passed: []*draft{large, small}, drift: make([]string, test.drift)}
		assert.Equal(t, test.left < 2, p.weigh(), test)
		assert.Len(t, p.passed, test.left, test)
		assert.Empty(t, large.result.Fault, test)
		assert.Equal(t, test.left < 2, strings.Contains(small.result.Fault, "are found"), test)
	}
	assert.False(t, (&proof{drift: make([]string, 3)}).weigh(), "none is left")
}

// TestRequestsAreThoseOfTheToolbox: a tool or a parameter that is called otherwise there would never be learned from.
func TestRequestsAreThoseOfTheToolbox(t *testing.T) {
	t.Parallel()
	takes := map[string]bool{}
	var tools []string
	for _, tool := range toolbox.New(new(router.Desk)).Tools() {
		if _, ok := reading[tool.Function.Name]; ok {
			tools = append(tools, tool.Function.Name)
			for name := range tool.Function.Parameters.(map[string]any)["properties"].(map[string]any) {
				takes[name] = true
			}
		}
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(reading)), tools)
	for field := range reflect.TypeFor[request]().Fields() {
		if name := field.Tag.Get("json"); name != "" {
			assert.True(t, takes[name], name)
		}
	}
}

// TestAnswersOfMetricsHaveTheirUnit, as they do elsewhere.
func TestAnswersOfMetricsHaveTheirUnit(t *testing.T) {
	t.Parallel()
	for metric, want := range map[string]string{
		adapters.MetricCPUUsage: " {{number (", adapters.MetricErrorRatio: " {{percent (", adapters.MetricCPUOfLimit: " {{percent (",
		adapters.MetricStorageGrowth: `"storage.growth")}}/day{{else}}`, adapters.MetricCostMonthly: " ${{number (",
		adapters.MetricLatencyP99: " {{seconds (", adapters.MetricMemoryUsage: " {{bytes (", adapters.MetricRequestRate: `"requests.rate")}}/s{{else}}`,
	} {
		assert.Contains(t, metricsAnswer([]string{metric}, "pod"), want)
	}
}

func TestHalfANameIsNoName(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]int{"is Web-1 well?": 3, "is web-10 well": -1, "is shop/web-1 well": -1, "is it web-1.": 6, "": -1} {
		assert.Equal(t, want, find(question, "web-1"), question)
	}
}

func TestWhatItWouldHaveSaved(t *testing.T) {
	t.Parallel()
	all := notes()[:4]
	price := int64(1500)
	all[0].Tokens, all[0].Cost = router.Tokens{In: 100, Out: 10}, &price
	all[1].Tokens, all[1].Cost = router.Tokens{In: 200, Out: 20, Cached: 50}, &price
	p := propose(t, append(all, ask(50, "Flags flipped, lately", use{"list_changes", `{"kinds":["configmap"]}`})), Options{})[0]
	assert.Equal(t, 5, p.Asked)
	assert.Len(t, p.Questions, 4)
	assert.Equal(t, router.Tokens{In: 300, Out: 30, Cached: 50}, p.Tokens)
	assert.Equal(t, int64(3000), *p.Cost)
	assert.Equal(t, 3, p.Unpriced)
	assert.Equal(t, all[0].At, p.First)
	assert.Equal(t, 50, p.Last.Minute())
}

// FuzzDraft has models ask for anything, of any question: what is drafted of that is always one intent, with the questions as its
// examples. Whether it loads is seen when it is proved, which takes too long here.
func FuzzDraft(f *testing.F) {
	for _, n := range noted {
		f.Add(n.questions[0], n.questions[1], n.use.tool, n.use.arguments)
	}
	f.Add("a [b](service) c", "a: {b}\n- c", "get_logs", `{"name":"b","grep":"{{.}}\u0000","container":"{x}"}`)
	f.Add("%d {{.}} 'x", "ÄİŁ \x1b[31m \u202e", "list_changes", `{"time":"-5","namespace":"{service}","provider":"x y"}`)
	f.Add("\"", "'", "query_metrics", `{"metrics":["a\"}}"],"limit":-1,"order":"lowest"}`)
	f.Add("cart", "cart?", "logs_of", `{}`)
	catalog, matcher, err := load([]intents.Layer{team})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, one, other, tool, arguments string) {
		p := &proposer{catalog: catalog, matcher: matcher, words: newWords(catalog), taken: map[string]bool{}}
		p.Least, p.Intent = 2, func(tool string) (string, bool) { return "logs.of", tool == "logs_of" }
		all := []router.Investigation{ask(0, one, use{tool, arguments}), ask(1, other, use{tool, arguments}), ask(2, one, use{tool, arguments})}
		for _, d := range p.drafts(p.groups(all)) {
			text, err := p.write(d, d.all)
			require.NoError(t, err)
			var read []struct{ Examples []string }
			require.NoError(t, yaml.Unmarshal([]byte(text), &read), text)
			require.Len(t, read, 1)
			assert.GreaterOrEqual(t, len(read[0].Examples), len(d.all))
		}
	})
}
