package router

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"clanker/adapters"
	"clanker/intents"
)

// draft is an answer in the making, with what was read for it.
type draft struct {
	answer  Answer
	rows    rows // of the answer, in full
	asked   Question
	earlier *Look // that words of the question may point back at; nil for none
	steps   *steps
	names   adapters.Names
	started time.Time

	intent     *intents.Intent
	data       intents.Data // what the templates of the intent see
	query      adapters.Query
	sources    []adapters.Source
	glances    []Glance // the reads that the history knows of
	notKept    error    // why the history does not know of others
	redactions map[string]int
	found      bool     // something was there to answer from
	lost       bool     // a name in the question is nobody's: what the intent suggests next makes no sense
	only       []string // the IDs that the question is about, where it points back at several; see standsAlone
	finding    *Finding // of the fallback; nil where an intent answers
	settled    bool     // status and summary are final: a question asked back, or declined
}

// begin opens the draft of an answer.
func (r *Router) begin(q Question) (*draft, error) {
	now := r.now()
	id, err := r.ids.next(now)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	q.Limit, q.Bytes = min(q.Limit, MaxLimit), max(cmp.Or(q.Bytes, DefaultBytes), leastBytes)
	d := &draft{asked: q, steps: newSteps(q.Step), started: now, redactions: map[string]int{}}
	d.answer = Answer{Schema: AnswerSchema, AnswerID: id, Question: cut(strings.ToValidUTF8(q.Text, "\uFFFD"), MaxQuestion)}
	return d, nil
}

// understood notes how the question was read.
func (d *draft) understood(match Match, names adapters.Names) {
	d.names = names
	d.answer.NormalizedQuestion = match.Normalized
	d.answer.Warnings = slices.Concat(d.answer.Warnings, match.Notes, match.Unused)
	if len(match.Hits) == 1 {
		d.answer.Intent = answered(match.Hits[0], match.Tried)
		d.steps.say("understood as ", match.Hits[0].Intent.ID)
	}
}

func answered(hit MatchHit, tried []Candidate) *AnsweredIntent {
	others := slices.DeleteFunc(slices.Clone(tried), func(c Candidate) bool { return c.Intent == hit.Intent.ID })
	return &AnsweredIntent{
		ID: hit.Intent.ID, Topic: hit.Intent.Topic, Version: hit.Intent.Version,
		Source: hit.Source, Confidence: hit.Score, Slots: ReadableSlots(hit.Slots), Alternatives: others,
	}
}

// ReadableSlots spells slots as a person would: a duration as "2h0m0s", not in nanoseconds.
func ReadableSlots(slots intents.Slots) map[string]any {
	readable := make(map[string]any, len(slots))
	for name, value := range slots {
		if s, ok := value.(fmt.Stringer); ok {
			readable[name] = s.String()
		} else {
			readable[name] = value
		}
	}
	return readable
}

// variant is the last word of the intent's id. Where an action has variants it tells which: change.last,
// topology.dependents.
func (d *draft) variant() string {
	return d.intent.ID[strings.LastIndexByte(d.intent.ID, '.')+1:]
}

// chosen turns the intent that was hit into what to read.
func (d *draft) chosen(hit MatchHit, now time.Time) {
	d.intent = hit.Intent
	d.query = hit.Intent.Query(hit.Slots, now)
	d.query.Scope.Cluster = d.context(d.query.Scope.Cluster)
	d.data = intents.Data{Slots: hit.Slots, Place: place(d.query)}
}

// context returns what resources call the cluster that people call by name: a kubeconfig may give its context another.
func (d *draft) context(name string) string {
	contexts := map[string]bool{}
	for _, known := range d.names.Find(name) {
		if known.Kind == adapters.KindCluster && known.Scope.Cluster != "" {
			contexts[known.Scope.Cluster] = true
		}
	}
	if len(contexts) != 1 || contexts[name] {
		return name
	}
	return slices.Collect(maps.Keys(contexts))[0]
}

// within narrows the query to one connection.
func (d *draft) within(c adapters.Connection) {
	d.query.Scope.Cluster, d.query.Scope.Account = c.Scope.Cluster, c.Scope.Account
	if len(d.query.Providers) == 0 {
		d.query.Providers = []string{c.Provider}
	}
	d.data.Place = place(d.query)
}

// place says in words where a query looks.
func place(q adapters.Query) string {
	var parts []string
	if q.Scope.Namespace != "" {
		parts = append(parts, "namespace "+q.Scope.Namespace)
	}
	for _, part := range []string{q.Scope.Environment, q.Scope.Cluster, q.Scope.Account, q.Scope.Region, q.Scope.Zone} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(q.Providers) > 0 {
		parts = append(parts, strings.Join(q.Providers, " and "))
	}
	if len(parts) == 0 {
		return "everything connected"
	}
	return strings.Join(parts, " in ")
}

// read takes in what one read brought.
func (d *draft) read(s adapters.Snapshot) {
	d.sources = append(d.sources, s.Sources...)
	d.notKept = cmp.Or(d.notKept, s.NotKept)
	if s.Position > 0 {
		d.glances = append(d.glances, Glance{Query: s.Query, At: s.Position})
	}
	d.answer.Demo = d.answer.Demo || s.Demo
	for kind, n := range s.Redactions {
		d.redactions[kind] += n
	}
	d.found = d.found || len(s.Resources)+len(s.Changes)+len(s.Logs) > 0
}

// say sets the summary; an intent without a template gets the fallback.
func (d *draft) say(fallback string) error {
	summary, err := d.intent.Render(d.data)
	if err != nil {
		return fmt.Errorf("intent %s: render the answer: %w", d.intent.ID, err)
	}
	d.answer.Summary = cmp.Or(summary, fallback)
	return nil
}

// warn adds a line that the reader has to know.
func (d *draft) warn(format string, args ...any) {
	d.answer.Warnings = append(d.answer.Warnings, fmt.Sprintf(format, args...))
}

// finish settles the status and fills in what every answer carries.
func (d *draft) finish(now time.Time) Answer {
	d.steps.say("composing the answer")
	a := &d.answer
	d.evidence()
	d.cover()
	switch {
	case d.settled:
	case d.finding != nil:
		d.settleFinding()
	default:
		d.settle()
	}
	a.Summary = cutMarked(Printable(a.Summary), maxSummary)
	if a.Demo {
		a.Summary = cutMarked(a.Summary, maxSummary-len(demoMark)) + demoMark
	}
	if len(d.redactions) > 0 {
		a.Redactions = &Redactions{Count: sum(d.redactions), Kinds: slices.Sorted(maps.Keys(d.redactions))}
	}
	a.Usage = Usage{APICalls: len(d.sources), ElapsedMs: milliseconds(now.Sub(d.started))}
	if d.finding != nil {
		a.Usage.Model = &d.finding.Usage
	}
	return *a
}

// settle derives the status from what was read and what was not, and never lets silence pass for health.
func (d *draft) settle() {
	a := &d.answer
	missing := missed(a.Coverage.NotChecked)
	switch {
	case d.intent.Action == intents.ActionAbout && d.found:
		a.Status = StatusOK // connections that do not work are what was asked for
	case len(a.Coverage.Checked) == 0 && d.intent.Action != intents.ActionAbout:
		a.Status, a.Summary = StatusError, unread(a.Coverage.NotChecked)
	case missing != "":
		a.Status = StatusPartial
		a.Summary = cut(a.Summary, maxSummary-len(missing)-20) + ". Not checked: " + missing
	case !d.found, d.unjudged():
		a.Status = StatusNoData
	default:
		a.Status = StatusOK
	}
	if (a.Verdict != "" || d.intent.Verdict) && (a.Status == StatusError || a.Status == StatusNoData || a.Status == StatusPartial && a.Verdict == VerdictHealthy) {
		a.Verdict = VerdictUnknown
	}
	d.suggest()
}

// unjudged reports whether all that was read lacks what the question judges by: "none of them" would pass for good news.
func (d *draft) unjudged() bool { return d.data.Unmeasured > 0 && d.data.Unmeasured == d.data.Total }

// suggest adds what to ask next, unless the action has done so.
func (d *draft) suggest() {
	if d.lost || len(d.answer.Next) > 0 {
		return
	}
	for _, question := range d.intent.NextQuestions(d.data) {
		d.answer.Next = append(d.answer.Next, NextStep{Question: question})
	}
}

const (
	maxSummary = 280 // characters
	demoMark   = " (demo data)"
)

// cut shortens a text to at most n characters, at a word.
func cut(text string, n int) string {
	if len(text) <= n || utf8.RuneCountInString(text) <= n {
		return text
	}
	short := string([]rune(text)[:max(n-1, 0)])
	if at := strings.LastIndexByte(short, ' '); at > len(short)/2 {
		short = short[:at]
	}
	return strings.TrimRight(short, " .,;:") + "…"
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
