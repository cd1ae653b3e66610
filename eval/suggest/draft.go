package suggest

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"clanker/adapters"
	"clanker/intents"
)

// draft is an intent in the making, or one that gets further examples.
type draft struct {
	*group
	extends *intents.Intent // the one that gets further examples; nil for a new one
	intent  definition
	slots   []slot
	doubts  []string

	taken    []string // questions that it took though they are not its own
	narrowed int      // how often it was narrowed for that
	loosened bool
	tested   string // its file when its questions were held out
	result   Proposal
}

// file is what the intent's file is called.
func (d *draft) file() string { return d.intent.ID + ".yaml" }

// slot is a value that varies from question to question.
type slot struct {
	kind intents.SlotType
	in   func(question) string // as the question has it; empty if it has none
}

// draft makes an intent of what a group was answered with.
func (p *proposer) draft(g *group) *draft {
	d := &draft{group: g}
	r := g.request()
	if r.intent != "" {
		d.extends, _ = p.catalog.Intent(r.intent)
		d.intent.ID = r.intent
		return d
	}
	d.intent.Action = reading[r.tool]
	d.name()
	d.kinds(p.words)
	d.places()
	d.metrics()
	d.logs()
	d.limit()
	d.status()
	p.word(d)
	return d
}

// each returns what the questions of the group were answered with.
func (g *group) each() []*request {
	all := make([]*request, len(g.all))
	for i := range g.all {
		all[i] = &g.all[i].requests[0]
	}
	return all
}

// most returns the values that at least half of the requests have, in the order in which they came first.
func (g *group) most(of func(*request) []string) []string {
	count := map[string]int{}
	var order []string
	for _, r := range g.each() {
		for _, value := range of(r) {
			if count[value]++; count[value] == 1 {
				order = append(order, value)
			}
		}
	}
	return slices.DeleteFunc(order, func(value string) bool { return 2*count[value] < len(g.all) })
}

// same returns the value that all requests have and no question says; "" if they differ.
func (g *group) same(of func(*request) string) string {
	value := of(g.request())
	for i, r := range g.each() {
		if of(r) != value || stands(g.all[i].Question, value) {
			return ""
		}
	}
	return value
}

func (d *draft) name() {
	if r := d.request(); r.named {
		d.slots = append(d.slots, slot{intents.SlotService, func(q question) string { return q.requests[0].Name }})
		d.intent.Query.Name, d.intent.Requires.All = "{service}", []string{"{service}"}
	} else {
		d.intent.Query.Name = r.Name
	}
}

// kinds are those that most were asked for; if the questions say each its own, they are a slot.
func (d *draft) kinds(w *words) {
	d.intent.Query.Kinds = d.most(func(r *request) []string { return r.Kinds })
	if len(d.intent.Query.Kinds) > 0 && !slices.ContainsFunc(d.each(), func(r *request) bool { return !overlap(r.Kinds, d.intent.Query.Kinds) }) {
		return
	}
	var usual []string
	for _, r := range d.each() {
		usual = append(usual, r.Kinds...)
	}
	if len(usual) == 0 {
		return
	}
	d.slots = append(d.slots, slot{intents.SlotKind, func(q question) string { return w.kindWord(q.Question, q.requests[0].Kinds) }})
	d.intent.Query.Kinds = []string{"{kind}"}
	d.intent.setDefault("kind", usual[0])
}

// places are those that all were asked for and no question says: of what a question says every intent makes use.
func (d *draft) places() {
	q := &d.intent.Query
	for _, place := range []struct {
		name string
		of   func(*request) string
	}{
		{"environment", func(r *request) string { return r.Environment }}, {"namespace", func(r *request) string { return r.Namespace }},
		{"cluster", func(r *request) string { return r.Cluster }}, {"region", func(r *request) string { return r.Region }},
	} {
		if value := d.same(place.of); value != "" {
			q.Scope = append(q.Scope, yaml.MapItem{Key: place.name, Value: value})
		}
	}
	if in := &d.intent; in.Action == intents.ActionChanges || in.Action == intents.ActionLogs {
		q.Since = d.same(func(r *request) string { return r.Time })
	}
	if provider := d.same(func(r *request) string { return r.Provider }); provider != "" {
		q.Providers = []string{provider}
	}
}

var percentage = regexp.MustCompile(`\d+(?:\.\d+)?%`)

func percentIn(q question) string { return percentage.FindString(q.Question) }

// metrics are those that most were asked for. Where they are what was asked for, the first of them sorts.
func (d *draft) metrics() {
	all := d.most(func(r *request) []string { return r.Metrics })
	for _, metric := range all {
		d.intent.Columns = append(d.intent.Columns, "metric."+metric)
	}
	d.intent.Query.Metrics = all
	if d.intent.Action != intents.ActionMetrics || len(all) == 0 {
		return
	}
	value := fmt.Sprintf("metric[%q]", all[0])
	d.intent.Where, d.intent.Sort = value+" >= 0", "-"+value
	if d.request().Order == "lowest" {
		d.intent.Sort = value
	}
	if spelled[adapters.UnitOf(all[0])] == percent && !slices.ContainsFunc(d.all, func(q question) bool { return percentIn(q) == "" }) {
		d.slots = append(d.slots, slot{intents.SlotPercent, percentIn})
		d.intent.Where = value + " > slots.percent"
		if d.request().Order == "lowest" {
			d.intent.Where = value + " < slots.percent"
		}
	}
}

// notHealthy is the status that list_resources takes for all but what is healthy.
const notHealthy = "notHealthy"

// status selects by health. Of a time that a question gives, what became so in it counts.
func (d *draft) status() {
	operator, status := "==", d.request().Status
	switch status {
	case "":
		return
	case notHealthy:
		operator, status = "!=", "healthy"
	}
	d.intent.Where = fmt.Sprintf("health %s %q && (slots.time == nil || (age ?? 0) <= slots.time)", operator, status)
	d.intent.Verdict = true
}

// logs takes a text that is looked for from the question, where it stands in quotes, or as it is where it is always the same.
func (d *draft) logs() {
	r := d.request()
	if d.intent.Action != intents.ActionLogs {
		return
	}
	d.intent.Query.Log = logs{Previous: r.Previous, Errors: r.Errors, Container: d.same(func(r *request) string { return r.Container })}
	if r.Grep == "" {
		return
	}
	if !slices.ContainsFunc(d.all, func(q question) bool { return quoted(q) == "" }) {
		d.slots = append(d.slots, slot{intents.SlotText, quoted})
		d.intent.Query.Log.Grep = "{text}"
		return
	}
	d.intent.Query.Log.Grep = r.Grep
	if slices.ContainsFunc(d.each(), func(o *request) bool { return o.Grep != r.Grep }) {
		d.doubts = append(d.doubts, fmt.Sprintf("lines with different texts were looked for, which the questions do not quote; it looks for %q alone", r.Grep))
	}
}

// quoted is the text that is looked for as it stands in the question, with its quotes.
func quoted(q question) string {
	for _, quote := range []string{`"`, "'"} {
		if text := quote + q.requests[0].Grep + quote; strings.Contains(strings.ToLower(q.Question), strings.ToLower(text)) {
			return text
		}
	}
	return ""
}

// limit is a slot if a question says how many it wants.
func (d *draft) limit() {
	counted := func(q question) string {
		if n := q.requests[0].Limit; n > 0 && stands(q.Question, strconv.Itoa(n)) {
			return strconv.Itoa(n)
		}
		return ""
	}
	if d.intent.Action != intents.ActionList && d.intent.Action != intents.ActionMetrics || !slices.ContainsFunc(d.all, func(q question) bool { return counted(q) != "" }) {
		return
	}
	d.slots = append(d.slots, slot{intents.SlotCount, counted})
	d.intent.Limit = "{count}"
	d.intent.setDefault("count", "10")
}

// examples are the questions with their slots marked up.
func (p *proposer) examples(d *draft, of []question) []string {
	var all []string
	for _, q := range of {
		marks := map[int]string{} // by where they are
		for _, s := range d.slots {
			value := s.in(q)
			if at := find(q.Question, value); at >= 0 {
				marks[at] = fmt.Sprintf("[%s](%s)", q.Question[at:at+len(value)], s.kind)
			}
		}
		text := q.Question
		for _, at := range slices.Backward(slices.Sorted(maps.Keys(marks))) {
			value, _, _ := strings.Cut(marks[at][1:], "](")
			text = text[:at] + marks[at] + text[at+len(value):]
		}
		all = append(all, text)
	}
	return all
}

// kindWord is the word by which a question names one of the kinds.
func (w *words) kindWord(question string, kinds []string) string {
	found := ""
	spellings(split(question), func(_, _ int, spelling string) {
		if word, ok := w.vocabulary.Kinds[spelling]; ok && slices.Contains(kinds, string(word.Kind)) && len(spelling) > len(found) {
			found = spelling
		}
	})
	return found
}

// noun is what the intent is about, in one word.
func (d *draft) noun() string {
	if kinds := d.intent.Query.Kinds; len(kinds) == 1 && kinds[0] != "{kind}" {
		return kinds[0]
	}
	return "resource"
}

// id makes one that is free.
func (p *proposer) id(d *draft, topic intents.Topic, last string) string {
	words := slices.DeleteFunc(p.words.telling(d.all), func(word string) bool { return !plain.MatchString(word) })
	for n := 0; ; n++ {
		free := fmt.Sprintf("%s.%d.%s", topic, n, last)
		if n < len(words) {
			free = fmt.Sprintf("%s.%s.%s", topic, words[n], last)
		}
		if _, taken := p.catalog.Intent(free); !taken && !p.taken[free] {
			p.taken[free] = true
			return free
		}
	}
}

var plain = regexp.MustCompile(`^[a-z]+$`)

// doubt says what the questions may ask for and the intent does not.
func (p *proposer) doubt(d *draft) {
	if !d.request().telling() {
		said := ""
		if words := p.words.telling(d.all); len(words) > 0 {
			said = " The questions share " + strings.Join(words[:min(len(words), 3)], ", ") + "."
		}
		d.doubts = append(d.doubts, "it lists all that the tool was asked for; if only some of that was meant, narrow where."+said)
	}
	if also := d.also(); len(also) > 0 {
		d.doubts = append(d.doubts, "most were answered with other tools, too: "+strings.Join(also, ", "))
	}
}

// also are further tools that most of the questions were answered with.
func (d *draft) also() []string {
	count := map[string]int{}
	for _, q := range d.all {
		tools := map[string]bool{}
		for _, use := range q.Uses {
			tools[use.Tool] = use.OK && use.Rows > 0 && use.Tool != q.requests[0].tool
		}
		for tool, other := range tools {
			if other {
				count[tool]++
			}
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return 2*n <= len(d.all) })
	return slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
}
