//go:build !race

package suggest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/router"
)

// removal is an intent that is taken out of the catalogue, with the tool that a good model would use in its place, written from the
// intent's own query. With "{name}" the name in the question is asked for.
type removal struct{ id, tool, arguments string }

// removals are two sets of ten. Those of the second are the widest of the catalogue, whose examples share hardly a word by design.
var removals = []struct {
	name    string
	atLeast int // that have to come back
	all     []removal
}{
	{"spread", 8, []removal{
		{"health.oomkilled", "list_resources", `{"kinds":["pods"],"status":"notHealthy"}`},
		{"health.evicted", "list_resources", `{"kinds":["pods"],"status":"notHealthy"}`},
		{"health.backups", "list_resources", `{"kinds":["database","instance","volume","backup","snapshot"]}`},
		{"health.slo", "list_resources", `{"kinds":["alert"]}`},
		{"health.maintenance", "list_resources", `{"kinds":["instance","database","cache","cluster","node"]}`},
		{"metrics.top.memory", "query_metrics", `{"kinds":["pod"],"metric":"memory.usage"}`},
		{"change.commits", "list_changes", `{"kinds":["commit","pullrequest","repository"]}`},
		{"change.audit", "list_changes", `{}`},
		{"logs.errors.of", "get_logs", `{"name":"{name}","errors":true}`},
		{"topology.dependents", "get_topology", `{"name":"{name}","direction":"dependents"}`},
	}},
	{"wide", 5, []removal{
		{"health.power", "list_resources", `{"kinds":["instance","database","node"]}`},
		{"health.runs", "list_resources", `{"kinds":["workflow","job","cronjob"]}`},
		{"inventory.tracked", "list_resources", `{"kinds":["issue","pullrequest"]}`},
		{"metrics.top.memory", "query_metrics", `{"kinds":["pod"],"metric":"memory.usage"}`},
		{"metrics.free", "query_metrics", `{"kinds":["node"],"metric":"cpu.utilization","order":"lowest"}`},
		{"change.commits", "list_changes", `{"kinds":["commit","pullrequest","repository"]}`},
		{"change.deployments", "list_changes", `{"kinds":["deployment","release"]}`},
		{"logs.errors.of", "get_logs", `{"name":"{name}","errors":true}`},
		{"topology.dependents", "get_topology", `{"name":"{name}","direction":"dependents"}`},
		{"topology.dependencies", "get_topology", `{"name":"{name}","direction":"dependencies"}`},
	}},
}

// TestSuggestRecovers is a measurement: it learns the whole catalogue some fifty times, which takes the race detector ten minutes.
//
// It takes ten intents out of the catalogue. Of their questions that then end at a model, two thirds are looked
// into, by the script of [removals] in the place of a model, and one third is held out. An intent comes back if at least half of
// what was held out is answered by a proposal that passed, by the same action on the same kinds.
func TestSuggestRecovers(t *testing.T) {
	full, matcher, err := load([]intents.Layer{intents.BuiltIn()})
	require.NoError(t, err)
	for _, set := range removals {
		t.Run(set.name, func(t *testing.T) {
			e := newExperiment(t, full, matcher, set.all)
			start := time.Now()
			proposals, err := Propose(t.Context(), e.asked, Options{Layers: []intents.Layer{e.layer}, Suites: e.suites, Names: e.names})
			require.NoError(t, err)
			t.Logf("%d proposals of %d investigations in %s", len(proposals), len(e.asked), time.Since(start).Round(time.Second))
			e.over(t, proposals)
			back := 0
			for _, r := range set.all {
				if e.answered(t, r) {
					back++
				}
			}
			t.Logf("%d of %d come back", back, len(set.all))
			assert.GreaterOrEqual(t, back, set.atLeast)
			e.unharmed(t)
		})
	}
}

// experiment is the catalogue without some intents, and what is asked of it.
type experiment struct {
	layer  intents.Layer
	less   *router.Matcher // without the intents
	again  *router.Matcher // with what was proposed
	suites []eval.Suite    // without the questions of the intents
	asked  []router.Investigation
	held   map[string][]string // by intent
	names  adapters.Names
	known  *intents.Catalog
	made   *intents.Catalog
}

func newExperiment(t *testing.T, full *intents.Catalog, matcher *router.Matcher, removed []removal) *experiment {
	e := &experiment{layer: withIntents(t, full, func(id string) bool {
		return !slices.ContainsFunc(removed, func(r removal) bool { return r.id == id })
	}), held: map[string][]string{}}
	var err error
	e.known, e.less, err = load([]intents.Layer{e.layer})
	require.NoError(t, err)
	suites, err := eval.BuiltIn(full)
	require.NoError(t, err)
	count, seen := map[string]int{}, map[string]bool{}
	var names []adapters.Name
	for _, s := range append([]eval.Suite{eval.Examples(full), eval.Own(full)}, suites...) {
		rest := eval.Suite{Name: s.Name}
		for _, c := range s.Cases {
			m := matcher.Match(c.Question, adapters.Names{})
			i := slices.IndexFunc(removed, func(r removal) bool {
				return c.Intent == r.id || m.Outcome == router.Hit && m.Hits[0].Intent.ID == r.id
			})
			if i < 0 {
				rest.Cases = append(rest.Cases, c)
				continue
			}
			if seen[c.Question] || c.Judge(eval.ByMatcher(matcher, adapters.Names{}).Classify(c.Question)) != eval.Right || e.less.Match(c.Question, adapters.Names{}).Outcome != router.Abstain {
				continue
			}
			seen[c.Question] = true
			name, _ := m.Hits[0].Slots["service"].(string)
			if named := strings.Contains(removed[i].arguments, "{name}"); named && !stands(c.Question, name) {
				continue // no tool can be asked without a name
			}
			names = append(names, adapters.Name{Kind: adapters.KindDeployment, Name: cmp.Or(name, "web")})
			if count[removed[i].id]++; count[removed[i].id]%3 == 0 {
				e.held[removed[i].id] = append(e.held[removed[i].id], c.Question)
				continue
			}
			e.investigate(c.Question, removed[i], name)
		}
		if s.Name != "examples" && s.Name != eval.OwnName { // those of the catalogue are asked anyway
			e.suites = append(e.suites, rest)
		}
	}
	e.names = adapters.NewNames(names)
	return e
}

// investigate notes what the model that the script stands for asked for.
func (e *experiment) investigate(question string, r removal, name string) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC).Add(time.Duration(len(e.asked)) * time.Minute)
	arguments := json.RawMessage(strings.ReplaceAll(r.arguments, "{name}", name))
	e.asked = append(e.asked, router.Investigation{Answer: fmt.Sprintf("answer-%03d", len(e.asked)), At: at, Question: question,
		Uses: []router.ToolUse{{Tool: r.tool, Arguments: arguments, Rows: 3, OK: true}}})
}

// withIntents is the built-in catalogue with some of its intents, and without what they say of others.
func withIntents(t testing.TB, c *intents.Catalog, keep func(id string) bool) intents.Layer {
	files := fstest.MapFS{}
	require.NoError(t, fs.WalkDir(intents.Default(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Base(name) != "vocabulary.yaml" && path.Dir(name) != "vocabulary" {
			return err
		}
		content, err := fs.ReadFile(intents.Default(), name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	}))
	var gone []string
	for _, in := range c.Intents {
		if !keep(in.ID) {
			gone = append(gone, regexp.QuoteMeta(in.ID))
		}
	}
	owner := regexp.MustCompile(`, intent: "?(?:` + strings.Join(gone, "|") + `)"?}`)
	for _, in := range c.Intents {
		if keep(in.ID) {
			files[in.ID+".yaml"] = &fstest.MapFile{Data: []byte(owner.ReplaceAllString(in.Source, "}"))}
		}
	}
	return intents.Layer{Name: "built-in", Files: files}
}

// over puts the proposals that passed over the catalogue.
func (e *experiment) over(t *testing.T, proposals []Proposal) {
	texts := files{}
	for _, p := range proposals {
		t.Logf("%-34s of %2d questions, held %2d of %2d, %d drift %s", p.ID, len(p.Questions), p.HeldOut.Right, p.HeldOut.Asked, len(p.Drift), p.Fault)
		if p.Fault == "" {
			texts[p.ID+".yaml"] = p.YAML
		}
	}
	var err error
	e.made, e.again, err = load([]intents.Layer{e.layer, texts.layer()})
	require.NoError(t, err, "what passed has to load")
}

// answered reports whether an intent came back.
func (e *experiment) answered(t *testing.T, r removal) bool {
	var want request
	require.NoError(t, json.Unmarshal([]byte(r.arguments), &want))
	right, wrong := 0, 0
	for _, question := range e.held[r.id] {
		m := e.again.Match(question, e.names)
		if m.Outcome != router.Hit {
			continue
		}
		in := m.Hits[0].Intent
		var kinds []string
		for _, kind := range in.Query(m.Hits[0].Slots, time.Time{}).Kinds {
			kinds = append(kinds, string(kind))
		}
		words := (&proposer{catalog: e.made}).kindsOf(want.Kinds)
		if in.Layer == 1 && in.Action == reading[r.tool] && overlap(kinds, words) {
			right++
		} else {
			wrong++
		}
	}
	back := right*2 >= len(e.held[r.id]) && right > 0
	t.Logf("%-22s %-14s %2d of %2d held out answered, %d elsewhere: %s", r.id, r.tool, right, len(e.held[r.id]), wrong, map[bool]string{true: "back", false: "NOT BACK"}[back])
	return back
}

// unharmed checks that no question which is not of the removed intents goes to a proposal, unless that is right, and that hardly any
// other fares worse.
func (e *experiment) unharmed(t *testing.T) {
	asked, drift := 0, 0
	for _, s := range append([]eval.Suite{eval.Examples(e.known), eval.Own(e.known)}, e.suites...) {
		was, is := eval.ByMatcher(e.less, s.Names(e.names)), eval.ByMatcher(e.again, s.Names(e.names))
		for _, c := range s.Cases {
			asked++
			before, after := c.Judge(was.Classify(c.Question)), c.Judge(is.Classify(c.Question))
			if worth[after] < worth[before] {
				drift++
				in, _ := e.made.Intent(is.Classify(c.Question).Intent)
				assert.False(t, in != nil && in.Layer == 1, "%q is taken by a proposal", c.Question)
			}
		}
	}
	t.Logf("%d of %d other questions fare worse", drift, asked)
	assert.LessOrEqual(t, drift*1000, asked)
}
