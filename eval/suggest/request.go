package suggest

import (
	"encoding/json"
	"fmt"
	"slices"

	"clanker/intents"
	"clanker/router"
)

// request is what a tool was asked for, as far as an intent can ask for it too.
type request struct {
	tool   string
	intent string // that the tool stands for; empty for those that read
	named  bool   // the name stands in the question
	kinded bool   // the kind does

	Kinds       []string `json:"kinds"` // words for them at first, then the kinds
	Metrics     []string `json:"metrics"`
	Metric      string   `json:"metric"`
	Order       string   `json:"order"`
	Name        string   `json:"name"`
	Provider    string   `json:"provider"`
	Namespace   string   `json:"namespace"`
	Cluster     string   `json:"cluster"`
	Environment string   `json:"environment"`
	Region      string   `json:"region"`
	Status      string   `json:"status"`
	Direction   string   `json:"direction"`
	Time        string   `json:"time"`
	Limit       int      `json:"limit"`
	Container   string   `json:"container"`
	Grep        string   `json:"grep"`
	Errors      bool     `json:"errors"`
	Previous    bool     `json:"previous"`
}

// reading are the tools that an intent can take the place of, by what it does then.
var reading = map[string]intents.Action{"list_resources": intents.ActionList, "query_metrics": intents.ActionMetrics,
	"list_changes": intents.ActionChanges, "get_logs": intents.ActionLogs, "get_topology": intents.ActionTopology}

// requestOf reads the use of a tool; false if no intent can ask for it, or nothing came of it.
func (p *proposer) requestOf(question string, use router.ToolUse) (request, bool) {
	r := request{tool: use.Tool}
	if !use.OK || use.Rows == 0 {
		return r, false
	}
	if id, ok := p.Intent(use.Tool); ok {
		_, known := p.catalog.Intent(id)
		r.intent = id
		return r, known
	}
	if _, ok := reading[use.Tool]; !ok || json.Unmarshal(use.Arguments, &r) != nil {
		return r, false
	}
	r.Kinds = p.kindsOf(r.Kinds)
	if r.Metric != "" {
		r.Metrics = append([]string{r.Metric}, r.Metrics...)
	}
	r.named = stands(question, r.Name)
	r.kinded = len(r.Kinds) == 1 && slices.Contains(p.words.kinds(question), r.Kinds[0])
	return r, true
}

// kindsOf are the kinds that words stand for, sorted.
func (p *proposer) kindsOf(words []string) []string {
	var kinds []string
	for _, word := range words {
		if kind, err := p.catalog.Vocabulary.Value(intents.SlotKind, word); err == nil {
			kinds = append(kinds, fmt.Sprint(kind))
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// values are what varies from question to question.
func (r *request) values() []string {
	return []string{r.Name, r.Namespace, r.Cluster, r.Environment, r.Region, r.Container, r.Grep}
}

// weight is how much the request says, and first of all whether the question says it.
func (r *request) weight() int {
	weight := len(r.Metrics)
	for _, said := range []bool{len(r.Kinds) > 0, r.named, r.Status != "", r.Direction != "", r.Grep != "", r.Errors, r.Previous} {
		if said {
			weight++
		}
	}
	switch {
	case r.intent != "":
		weight += 1000 // what an intent answered needs no other
	case r.Name == "" || r.named:
		weight += 100
	}
	return weight
}

// telling reports whether the request leaves little to be chosen by the model from what it read.
func (r *request) telling() bool {
	return r.tool != "list_resources" || r.named
}

// like reports whether two requests are the same but for values that their questions give.
func (r *request) like(o *request) bool {
	return r.shape() == o.shape() && (r.named || r.Name == o.Name) && overlap(r.Metrics, o.Metrics) &&
		(overlap(r.Kinds, o.Kinds) || r.kinded && o.kinded)
}

// shape is what requests of a group have in common to the letter.
type shape struct {
	tool, intent, status, order, direction     string
	named, errors, previous, looksForSomething bool
}

func (r *request) shape() shape {
	return shape{r.tool, r.intent, r.Status, r.Order, r.Direction, r.named, r.Errors, r.Previous, r.Grep != ""}
}

func overlap(a, b []string) bool {
	return len(a) == 0 && len(b) == 0 || slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// stands reports whether the value stands in the question, as words of its own.
func stands(question, value string) bool { return find(question, value) >= 0 }

// find returns where the value stands in the question, -1 if it does not or is empty: half a path or a name is no word.
func find(question, value string) int { return router.FindWord(question, value, "-_./") }
