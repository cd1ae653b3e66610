package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// word gives a draft its id, topic, description and answer. What is described is learned from, too.
func (p *proposer) word(d *draft) {
	in := &d.intent
	things, last := d.things()
	switch in.Action {
	case intents.ActionList:
		d.wordList(things)
		if d.request().Status == "" {
			in.Topic = cmp.Or(p.topic(d), in.Topic)
		}
	case intents.ActionMetrics:
		d.wordMetrics(things)
	case intents.ActionChanges:
		in.Topic, in.Description = intents.TopicChange, "What changed"+in.subject(things)
		in.Answer = `{{with .Changes}}{{plural (len .) "change"}}` + in.of("$") + ` in {{$.Place}}, newest: {{changes .}}{{else}}no changes` + in.of("") + ` on record in {{.Place}}{{end}}`
	case intents.ActionLogs:
		in.Topic, in.Description = intents.TopicLogs, map[bool]string{true: "Errors in the logs", false: "Lines of the logs"}[in.Query.Log.Errors]+in.subject("")
		in.Answer = `{{with .Logs}}{{plural (len .) "line"}}` + in.of("$") + ` in {{$.Place}}{{else}}no lines` + in.of("") + ` that could be read in {{.Place}}{{end}}`
	case intents.ActionTopology:
		last = cmp.Or(d.request().Direction, around)
		d.wordTopology(last)
	}
	if words := p.words.telling(d.all); len(words) > 0 {
		in.Description += ", as in " + strings.Join(words[:min(len(words), 3)], ", ")
	}
	in.Description += "."
	in.ID = p.id(d, in.Topic, last)
	p.doubt(d)
}

// around is the direction of a graph that is not told another one. The router goes by the last word of the id.
const around = string(adapters.Around)

// things are what the intent is about, in words, and in one for its id.
func (d *draft) things() (things, last string) {
	var names []string
	for _, kind := range d.intent.Query.Kinds {
		if kind != "{kind}" {
			names = append(names, adapters.Plural(kind))
		}
	}
	switch {
	case len(names) == 0 && d.intent.Query.Name == "{service}":
		return "resources", "of"
	case len(names) == 0:
		return "resources", "all"
	}
	last = names[0]
	if n := len(names); n > 1 {
		names = []string{strings.Join(names[:n-1], ", ") + " and " + names[n-1]}
	}
	return names[0], last
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (d *draft) wordMetrics(things string) {
	in := &d.intent
	in.Topic, in.Description = intents.TopicMetrics, sentence(things)+" by "+measure(in.Query.Metrics)
	if slices.Contains(in.Query.Metrics, adapters.MetricCostMonthly) {
		in.Topic = intents.TopicCost
	}
	in.Answer = metricsAnswer(in.Query.Metrics, d.noun())
	in.Columns = append(in.Columns, "location")
}

func (d *draft) wordTopology(direction string) {
	in := &d.intent
	in.Topic, in.Description = intents.TopicTopology, "What hangs together with one named thing"
	verb := `hang{{if eq (len .) 1}}s{{end}} together with`
	switch adapters.Direction(direction) {
	case adapters.Dependents:
		in.Description, verb = "What depends on one named thing", `depend{{if eq (len .) 1}}s{{end}} on`
	case adapters.Dependencies:
		in.Description = "What one named thing depends on"
		in.Answer = `{{.Slots.service}} depends on {{with .Resources}}{{plural (len .) "thing"}}{{else}}nothing that was read{{end}}`
		return
	}
	in.Answer = `{{with .Resources}}{{plural (len .) "thing"}} ` + verb + ` {{$.Slots.service}}{{else}}nothing that was read has to do with {{.Slots.service}}{{end}}`
}

// topic is that of the intents which most of the questions came near to; "" if they are many.
func (p *proposer) topic(d *draft) intents.Topic {
	count := map[intents.Topic]int{}
	for _, q := range d.all {
		if tried := p.matcher.Match(q.Question, p.names(q)).Tried; len(tried) > 0 {
			if in, ok := p.catalog.Intent(tried[0].Intent); ok {
				count[in.Topic]++
			}
		}
	}
	for _, topic := range intents.Topics() {
		if 2*count[topic] > len(d.all) {
			return topic
		}
	}
	return ""
}

func (d *draft) wordList(things string) {
	in, noun := &d.intent, fmt.Sprintf("%q", d.noun())
	in.Topic, in.Description = intents.TopicInventory, sentence(things)
	if d.request().Status == "" {
		in.Columns = append([]string{"status", "reason", "location"}, in.Columns...)
		in.Answer = `{{plural (len .Resources) ` + noun + `}} in {{.Place}}{{with .Resources}}: {{names .}}{{end}}`
		return
	}
	state := map[string]string{notHealthy: "not healthy"}[d.request().Status]
	state = cmp.Or(state, d.request().Status)
	in.Topic, in.Description = intents.TopicHealth, in.Description+" that are "+state
	in.Columns = append([]string{"status", "reason", "since", "location"}, in.Columns...)
	in.Answer = fmt.Sprintf(`{{if not .Total}}{{plural 0 %[1]s}} in {{.Place}}{{else}}{{len .Resources}} of {{plural .Total %[1]s}} %[2]s in {{.Place}}{{with .Resources}}: {{names .}}{{end}}{{end}}`, noun, state)
}

// subject says in a description whose answer it is.
func (in *definition) subject(things string) string {
	switch {
	case in.Query.Name == "{service}":
		return " of one named thing"
	case things != "" && len(in.Query.Kinds) > 0:
		return " in " + things
	}
	return ""
}

// of names it in an answer, within {{with}} by way of the root.
func (in *definition) of(root string) string {
	if in.Query.Name == "{service}" {
		return " of {{" + root + ".Slots.service}}"
	}
	return ""
}

// measure calls metrics by words.
func measure(metrics []string) string {
	if len(metrics) == 0 {
		return "what was measured"
	}
	return strings.NewReplacer(".ofLimit", " of its limit", ".ofRequest", " of its request", ".", " ").Replace(metrics[0])
}

// spelled are calls of template functions that spell a value of a unit, with what stands around them; those that are not here are plain
// numbers.
var spelled = map[adapters.Unit]string{adapters.UnitRatio: percent, adapters.UnitShare: percent, adapters.UnitBytes: "{{bytes %s}}",
	adapters.UnitBytesPerDay: "{{bytes %s}}/day", adapters.UnitSeconds: "{{seconds %s}}", adapters.UnitPerSecond: "{{number %s}}/s",
	adapters.UnitUSDPerMonth: "${{number %s}}"}

const percent = "{{percent %s}}"

// metricsAnswer names what has most of a metric.
func metricsAnswer(metrics []string, noun string) string {
	if len(metrics) == 0 {
		return `{{plural .Total "` + noun + `"}} in {{.Place}}`
	}
	value := fmt.Sprintf(cmp.Or(spelled[adapters.UnitOf(metrics[0])], "{{number %s}}"), fmt.Sprintf("(metric (index . 0) %q)", metrics[0]))
	return fmt.Sprintf(`{{with .Resources}}{{(index . 0).Name}} comes first of {{plural $.Total %q}} in {{$.Place}}, %s %s{{else}}nothing of the sort measured in {{.Place}}{{end}}{{with .Unmeasured}}; {{.}} were not measured{{end}}`,
		noun, measure(metrics), value)
}
