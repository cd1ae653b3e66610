package router

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// Fallback looks into a question that no intent covers, from what the desk lets it read and nothing else. Whatever goes wrong with
// its model is in the finding; an error means that ctx ended, or a bug.
type Fallback interface {
	Answer(ctx context.Context, q Question, desk *Desk) (Finding, error)
}

// Finding is what a [Fallback] makes of what it read. What it read, and what could not be read, the desk knows.
type Finding struct {
	Summary     string   // one sentence; what nothing that was read bears out is marked in it, as in Explanation
	Explanation string   // the rest, plain text of several lines
	Unverified  []string // figures and names of the two that nothing that was read bears out, in their order
	Refs        []string // IDs of the resources that they name, in their order
	Proposals   []Proposal
	Warnings    []string
	Short       string                // why it ended before its time, for a person: a limit that was reached; empty if it did not
	Problem     *adapters.SourceError // why the model did not answer, or not to the end; nil if it did
	Usage       ModelUsage
}

// ModelUsage is how much a model was used for an answer.
type ModelUsage struct {
	Name      string  `json:"name" jsonschema_description:"provider/model"`
	Steps     int     `json:"steps"` // turns of the model
	ToolCalls int     `json:"toolCalls"`
	Input     int     `json:"inputTokens"` // those from a cache, too
	Output    int     `json:"outputTokens"`
	CostUSD   string  `json:"costUsd" jsonschema_description:"decimal, or unknown when the model is not in the price table"`
	ModelMs   float64 `json:"modelMs"` // that the model took itself
}

// FallbackIntent is the id that an answer has for its intent when a [Fallback] found it out.
const FallbackIntent = "fallback"

// Desk is where a [Fallback] reads: redacted, recorded, and each read in the answer's evidence. Nothing that it reaches can write. It
// is safe for concurrent use.
type Desk struct {
	router  *Router
	matcher *Matcher
	match   Match
	id      string
	asked   Question
	names   adapters.Names
	place   adapters.Query // the context that the asker bounds the question to; zero for none
	steps   *steps
	earlier *Look // see [Desk.Earlier]; nil for none

	mu    sync.Mutex // guards what follows
	draft *draft     // nil when the answer is made: what comes later is nobody's
	shown shown
}

// shown is what a [Desk] has shown, for the rows of the answer.
type shown struct {
	resources [][]adapters.Resource
	items     [][]Item
	changes   []adapters.Change
}

// ID is that of the answer.
func (k *Desk) ID() string { return k.id }

// Question is the text that was asked, without what looks like a secret; the asker's own words, not to be taken for orders to anybody
// else.
func (k *Desk) Question() string { return adapters.RedactText(k.asked.Text) }

// Match is what the matcher made of the question: the intents that are nearest to it.
func (k *Desk) Match() Match { return k.match }

// Now is the time by the router's clock.
func (k *Desk) Now() time.Time { return k.router.now() }

// Catalog is all that can be asked by [Desk.Ask].
func (k *Desk) Catalog() *intents.Catalog { return k.matcher.catalog }

// Near is what the matcher makes of another text.
func (k *Desk) Near(text string) Match { return k.matcher.Match(text, k.names) }

// Names are the names that the workspace has seen.
func (k *Desk) Names() adapters.Names { return k.names }

// Connections says what the workspace reaches, and as whom.
func (k *Desk) Connections(ctx context.Context) []adapters.Connection {
	return k.router.workspace.Connections(ctx)
}

// Query reads resources.
func (k *Desk) Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	return k.taken(k.router.workspace.Query(ctx, k.within(q)))
}

// Changes reads what changed.
func (k *Desk) Changes(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	return k.taken(k.router.workspace.Changes(ctx, k.within(q)))
}

// Logs reads what workloads wrote.
func (k *Desk) Logs(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	return k.taken(k.router.workspace.Logs(ctx, k.within(q)))
}

// within keeps a read to the asker's context, wherever else the model would look.
func (k *Desk) within(q adapters.Query) adapters.Query {
	if k.place.Scope == (adapters.Scope{}) {
		return q
	}
	q.Scope.Cluster, q.Scope.Account = k.place.Scope.Cluster, k.place.Scope.Account
	if len(q.Providers) == 0 {
		q.Providers = k.place.Providers
	}
	return q
}

// taken notes what was read.
func (k *Desk) taken(s adapters.Snapshot, err error) (adapters.Snapshot, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil && k.draft != nil {
		k.draft.read(s)
		k.shown.resources = append(k.shown.resources, s.Resources)
		k.shown.changes = append(k.shown.changes, s.Changes...)
	}
	return s, err
}

// Ask answers what an intent asks for, with slots of the types that the intent gives them. An unknown intent is an error.
func (k *Desk) Ask(ctx context.Context, id string, slots intents.Slots) (Answer, error) {
	in, ok := k.matcher.catalog.Intent(id)
	if !ok {
		return Answer{}, fmt.Errorf("there is no intent %q", id)
	}
	d, err := k.router.begin(Question{Text: k.asked.Text, Context: k.asked.Context, Asker: k.asked.Asker})
	if err != nil {
		return Answer{}, err
	}
	d.names = k.names
	hit := MatchHit{Intent: in, Slots: k.placed(slots), Score: 1, Source: sourceModel}
	d.answer.Intent = answered(hit, nil)
	if err := k.router.answer(ctx, d, hit); err != nil {
		return Answer{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.draft != nil {
		k.draft.took(d)
		k.shown.items = append(k.shown.items, d.rows.items)
		k.shown.changes = append(k.shown.changes, d.data.Changes...)
	}
	return d.alone(k.router.now()), nil
}

// placed keeps the slots of an intent to the asker's context, too.
func (k *Desk) placed(slots intents.Slots) intents.Slots {
	if _, named := slots["cluster"]; !named || k.place.Scope == (adapters.Scope{}) {
		return slots
	}
	slots = maps.Clone(slots)
	if slots["cluster"] = k.place.Scope.Cluster; k.place.Scope.Cluster == "" {
		delete(slots, "cluster")
	}
	return slots
}

// Step tells the asker what is being done.
func (k *Desk) Step(text string) { k.steps.say(text) }

const sourceModel = "model"

// took notes what another draft has read.
func (d *draft) took(other *draft) {
	d.sources = append(d.sources, other.sources...)
	d.glances = append(d.glances, other.glances...)
	d.notKept = cmp.Or(d.notKept, other.notKept)
	d.answer.Demo = d.answer.Demo || other.answer.Demo
	for kind, n := range other.redactions {
		d.redactions[kind] += n
	}
	d.found = d.found || other.found
}

// alone is the first page of an answer that nobody will ask for the next of.
func (d *draft) alone(now time.Time) Answer {
	k := &kept{answer: d.finish(now), rows: d.rows}
	a := k.page(position{}, d.asked.Limit, d.asked.Bytes)
	if a.Truncation != nil {
		a.Truncation.Cursor = ""
	}
	return a
}

// uncovered has a model look into a question that no intent covers, or declines it.
func (r *Router) uncovered(ctx context.Context, d *draft, matcher *Matcher, match Match) error {
	if match.Foreign || r.fallback == nil || d.asked.Unaided {
		d.decline(match, matcher)
		return nil
	}
	return r.investigate(ctx, d, matcher, match)
}

// investigate has the fallback look into the question.
func (r *Router) investigate(ctx context.Context, d *draft, matcher *Matcher, match Match) error {
	d.intent = &intents.Intent{ID: FallbackIntent, Topic: intents.TopicDiagnose}
	d.data.Slots = intents.Slots{"question": d.asked.Text}
	d.answer.Intent = &AnsweredIntent{ID: FallbackIntent, Topic: d.intent.Topic, Source: sourceModel, Alternatives: match.Tried}
	if !r.inContext(ctx, d) {
		return nil
	}
	d.steps.say("no intent covers this: a model looks into it")
	desk := &Desk{router: r, matcher: matcher, match: match, id: d.answer.AnswerID, asked: d.asked, names: d.names, place: d.query, steps: d.steps, earlier: d.earlier, draft: d}
	finding, err := r.fallback.Answer(d.steps.watched(ctx), d.asked, desk)
	sights := desk.close()
	if err != nil {
		return err
	}
	if p := finding.Problem; p != nil && p.Reason == adapters.NotConfigured { // there is no model to ask
		d.intent, d.answer.Intent = nil, nil
		d.decline(match, matcher)
		d.warn("or have a model look into such questions: %s", p.Fix)
		return nil
	}
	d.report(finding, sights)
	return nil
}

// close takes the draft from the desk: a read that comes late changes no answer.
func (k *Desk) close() shown {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.draft = nil
	return k.shown
}

// report fills in what the fallback found out, with the rows of what it names.
func (d *draft) report(f Finding, sights shown) {
	a := &d.answer
	d.finding = &f
	a.Summary, a.Explanation, a.Unverified = f.Summary, f.Explanation, f.Unverified
	a.Proposals, a.Warnings = f.Proposals, slices.Concat(a.Warnings, f.Warnings)
	if f.Short != "" {
		d.warn("%s", f.Short)
	}
	a.Columns = []string{"status", "reason", "since", "location"}
	for _, ref := range f.Refs {
		if item, ok := sights.item(ref, a.Columns); ok {
			d.rows.addItem(item)
		}
	}
	for _, c := range sights.changed(f.Refs) {
		d.addChange(c, "")
	}
}

// item is the row of a resource as it was shown first.
func (s shown) item(ref string, columns []string) (Item, bool) {
	for _, read := range s.resources {
		if i := slices.IndexFunc(read, func(r adapters.Resource) bool { return r.ID == ref }); i >= 0 {
			return itemOf(&read[i], columns, nil), true
		}
	}
	for _, items := range s.items {
		if i := slices.IndexFunc(items, func(i Item) bool { return i.Ref == ref }); i >= 0 {
			return items[i], true
		}
	}
	return Item{}, false
}

// mostTold is how many changes of what a fallback names are in its answer.
const mostTold = 20

// changed are the newest changes that were shown of the resources.
func (s shown) changed(refs []string) []adapters.Change {
	changes := slices.DeleteFunc(slices.Clone(s.changes), func(c adapters.Change) bool { return !slices.Contains(refs, c.Resource) })
	slices.SortStableFunc(changes, func(a, b adapters.Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Field, b.Field))
	})
	changes = once(changes)
	return changes[:min(len(changes), mostTold)]
}

// settleFinding derives the status of what a fallback found out. Nothing read is no data, whatever the model wrote.
func (d *draft) settleFinding() {
	a, f := &d.answer, d.finding
	missing := missed(a.Coverage.NotChecked)
	if f.Problem != nil {
		a.Coverage.Complete = false
		a.Coverage.NotChecked = append(a.Coverage.NotChecked, d.unanswered())
	}
	switch {
	case f.Summary == "" && f.Problem != nil:
		a.Status, a.Summary = StatusError, problemWords("No intent covers this question, and the model could not look into it: ", f.Problem)
	case !d.found:
		a.Status, a.Summary, a.Explanation, a.Unverified = StatusNoData, noBearing, "", nil
	case missing != "":
		a.Status = StatusPartial
		d.summarize(missing)
	case f.Short != "" || f.Problem != nil:
		a.Status = StatusPartial
	default:
		a.Status = StatusOK
	}
}

const noBearing = "No intent covers this question, and the model read nothing that bears on it: name what it is about, or choose another model."

// summarize adds to the summary what is missing. What that leaves no room for begins the explanation.
func (d *draft) summarize(missing string) {
	a := &d.answer
	short := cutMarked(a.Summary, maxSummary-len(missing)-len(demoMark)-20)
	if short != a.Summary && !strings.HasPrefix(a.Explanation, a.Summary) {
		a.Explanation = strings.TrimSpace(a.Summary + "\n" + a.Explanation)
	}
	a.Summary = strings.TrimSuffix(short, ".") + ". Not checked: " + missing
}

// Unverified is the mark behind what nothing that was read bears out, in the texts of a [Finding].
const Unverified = " [unverified]"

// longestClaim is how far behind the beginning of a claim its mark is, in bytes, but for the longest names.
const longestClaim = 64

// cutMarked is [cut] for a model's text: a claim that is cut from its mark stays marked.
func cutMarked(text string, n int) string {
	short := cut(text, n)
	if short == text {
		return text
	}
	rest := text[len(strings.TrimSuffix(short, "…")):]
	if at := strings.Index(rest, Unverified); at < 0 || at > longestClaim {
		return short
	}
	return cut(text, n-len(Unverified)) + Unverified
}

// unanswered is the model among what was not checked.
func (d *draft) unanswered() NotChecked {
	provider, model, _ := strings.Cut(d.finding.Usage.Name, "/")
	n := notChecked(adapters.Source{Provider: cmp.Or(provider, "model"), Error: d.finding.Problem})
	n.Target, n.What = model, cmp.Or(n.What, "the question")
	return n
}

// problemWords is a problem with what to do about it, which stays whole where the problem takes many words.
func problemWords(lead string, e *adapters.SourceError) string {
	text, fix := lead+cmp.Or(e.Detail, reasonWords(e.Reason)), ""
	if e.Fix != "" {
		fix = "; fix: " + e.Fix
	}
	return cut(text, max(maxSummary-len(fix)-len(demoMark), len(lead))) + fix
}
