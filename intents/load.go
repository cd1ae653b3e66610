package intents

import (
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"clanker/adapters"
	"clanker/intents/strict"
)

// loader reads the files of one catalogue.
type loader struct {
	catalog *Catalog
	faults  Errors
	digest  hash.Hash
	known   map[string]bool // the fields that templates may name
	layer   int             // that is being read
	broken  bool            // a file could not be read: what it holds is not known
}

var topics = []Topic{TopicHealth, TopicInventory, TopicCost, TopicChange, TopicDiagnose, TopicSecurity, TopicTopology,
	TopicMetrics, TopicLogs, TopicScan, TopicWrite, TopicMeta}

var actions = []Action{ActionList, ActionMetrics, ActionChanges, ActionLogs, ActionTopology, ActionDiagnose, ActionAbout,
	ActionPropose}

// draft is an intent whose templates and expressions wait until all its slots are known.
type draft struct {
	*reader
	in                  *Intent
	vocabulary          *Vocabulary
	id, topic, action   scalar
	act, when           scalar
	where, sort, answer scalar
	needs               scalar
	examples            []scalar // with their mark-up
	trials              []trial
	next                []scalar
	columns             []scalar
	known               map[string]bool // the fields that templates may name
	start               int             // of the faults that are this intent's
}

func (l *loader) draft(r *reader, in *Intent) *draft {
	return &draft{reader: r, in: in, vocabulary: l.catalog.Vocabulary, known: l.known}
}

// intent reads an intent, and returns which of the defaults it took.
func (l *loader) intent(r *reader, node ast.Node, defaults []inherited) (in *Intent, taken []*ast.MappingValueNode) {
	in = &Intent{Pos: r.Pos(node), slots: map[string]SlotType{}, Defaults: Slots{}}
	d := l.draft(r, in)
	d.name(node)
	d.start = len(l.faults)
	r.Mapping("", node, d.fields())
	taken = d.inherit(node, defaults)
	d.require()
	d.compile()
	if len(l.faults) > d.start && in.ID == "" {
		return nil, nil
	}
	return in, taken
}

// name looks the id up first, so that every fault of the intent can tell it.
func (d *draft) name(node ast.Node) {
	d.Subject = ""
	for _, entry := range entriesOf(node) {
		if id, ok := entry.Value.(*ast.StringNode); ok && keyOf(entry) == "id" {
			d.Subject = Subject(id.Value)
		}
	}
}

func (d *draft) into(target *scalar) func(string, ast.Node) {
	return func(where string, node ast.Node) { *target, _ = d.Text(where, node) }
}

func (d *draft) plain(where string, node ast.Node) string {
	text, _ := d.Text(where, node)
	return text.Text
}

func (d *draft) patterns(where string, node ast.Node) {
	texts := d.Texts(where, node)
	if len(texts) > maxPatterns {
		d.Fault(texts[maxPatterns].Pos, where, "make two intents of it, or name concepts for what differs", "more than %d patterns", maxPatterns)
		texts = nil
	}
	for _, text := range texts {
		root, err := ParsePattern(text.Text)
		if wrong, ok := errors.AsType[*patternError](err); ok {
			d.Fault(text.At(wrong.offset), where, wrong.remedy, "%s", wrong.message)
			continue
		}
		d.in.Patterns = append(d.in.Patterns, Pattern{text.Text, text.Pos, root})
		root.Walk(func(n *Node) { d.atom(where, text, n) })
	}
}

// atom checks a concept and notes a slot.
func (d *draft) atom(where string, text scalar, n *Node) {
	switch n.Op {
	case OpConcept:
		if _, ok := d.vocabulary.Concepts[n.Text]; !ok {
			d.Fault(text.At(n.offset), where, suggest(n.Text, "@", d.vocabulary.conceptNames()), "unknown concept @%s", n.Text)
		}
	case OpSlot:
		if have, ok := d.in.slots[n.Text]; ok && have.isText() != n.Slot.isText() {
			d.Fault(text.At(n.offset), where, "give one of them another name", "slot %q is a %s here and a %s before", n.Text, n.Slot, have)
		}
		if d.in.slots[n.Text] == 0 {
			d.in.slots[n.Text] = n.Slot
		}
	default: // words need no check, and the rest is made of these
	}
}

// slots reads defaults.
func (d *draft) slots(where string, node ast.Node) {
	d.Entries(where, node, func(key scalar, value ast.Node) {
		d.Mapping(strict.Join(where, key.Text), value, d.slotFields(key.Text))
	})
}

func (d *draft) require() {
	missing := func(key string, is bool, remedy string) {
		if is && !slices.ContainsFunc((*d.Faults)[d.start:], func(f Fault) bool { return f.Where == key }) {
			d.Fault(d.in.Pos, key, remedy, "the key %q is missing", key)
		}
	}
	missing("id", d.id.Text == "", "add id: topic.what, for instance health.services")
	missing("topic", d.topic.Text == "", "add topic: health, inventory, ...")
	missing("action", d.action.Text == "", "add action: list, metrics, changes, logs, topology, diagnose, about or propose")
	missing("description", d.in.Description == "", "say in a sentence what is asked")
	missing("examples", len(d.examples) == 0, "add at least one question: it is a test")
	missing("answer", d.answer.Text == "", `add answer: a template, for instance "{{len .Resources}} found"`)
	missing("patterns", len(d.in.Patterns) == 0 && len(d.examples) < enough, fmt.Sprintf("add a pattern, or at least %d examples to learn from", enough))
}

func (d *draft) compile() {
	in := d.in
	in.ID, in.Topic, in.Action = d.id.Text, Topic(d.topic.Text), Action(d.action.Text)
	check(d, "topic", "topic", d.topic, topics)
	check(d, "action", "action", d.action, actions)
	d.compileAct()
	d.compileExamples()
	d.defaults()
	d.compileTests()
	d.compileWhen()
	d.checkColumns()
	if d.needs.Text != "" {
		d.produced("needs", d.needs, 0, d.needs.Text)
		in.Needs = d.needs.Text
	}
	d.checkQuery()
	d.checkReach()
	in.where = d.condition()
	in.order = d.ordering()
	in.answer = d.template("answer", d.answer, true)
	for _, text := range d.next {
		if t := d.template("next", text, false); t != nil {
			in.next = append(in.next, t)
		}
	}
	in.usesTime = in.usesTime || in.slots["time"] == SlotTime || in.Action == ActionChanges || in.Action == ActionLogs ||
		in.Action == ActionDiagnose || in.Action == ActionPropose || slices.ContainsFunc(in.query.kinds, func(s scalar) bool { return s.Text == "event" })
}

// check faults a text that is not one of a closed list of things of a sort.
func check[T ~string](d *draft, where, sort string, text scalar, known []T) {
	names := make([]string, len(known))
	for i, name := range known {
		names[i] = string(name)
	}
	if text.Text != "" && !slices.Contains(names, text.Text) {
		d.Fault(text.Pos, where, suggest(text.Text, "", names), "unknown %s %q", sort, text.Text)
	}
}

// defaults turns the written defaults into values of their slots' types.
func (d *draft) defaults() {
	values := Slots{}
	for name, written := range d.in.Defaults {
		text := written.(scalar)
		where := "slots." + name + ".default"
		kind, ok := d.in.slots[name]
		if !ok {
			kind, ok = slotTypes[name]
		}
		if !ok {
			d.Fault(text.Pos, where, "use a slot of one of the patterns, or name it by its type", "unknown slot %q", name)
			continue
		}
		value, err := d.value(kind, text.Text)
		if err != nil {
			d.Fault(text.Pos, where, "write it as a question would", "%v", err)
			continue
		}
		d.in.slots[name] = kind
		values[name] = value
	}
	d.in.Defaults = values
}

// produced faults a slot that neither a pattern, nor a default, nor a scope phrase can fill.
func (d *draft) produced(where string, text scalar, offset int, name string) {
	base := strings.TrimSuffix(name, kindSuffix)
	if name == "time"+endSuffix {
		name = "time"
	}
	if d.in.slots[base] != 0 || isScope(name) {
		d.in.usesTime = d.in.usesTime || name == "time"
		return
	}
	remedy := ""
	if _, ok := slotTypes[name]; ok {
		remedy = fmt.Sprintf("take {%s} in a pattern, or mark a value up in an example: [value](%s)", name, name)
	} else {
		remedy = suggest(name, "", slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Clone(scopeSlots), maps.Keys(d.in.slots))))))
	}
	d.Fault(text.At(offset), where, remedy, "nothing in a question gives the slot %q", name)
}

// kindSuffix names the slot that takes the kind word beside a name: "the deployment app" fills service and service_kind.
const kindSuffix = "_kind"

// endSuffix names the seconds since a time range ended, 0 for one that goes on, beside those since it began.
const endSuffix = "_end"

func (d *draft) checkColumns() {
	fixed := []string{"status", "reason", "since", "location", "kind"}
	for _, column := range d.columns {
		base, name, dotted := strings.Cut(column.Text, ".")
		switch {
		case dotted && base == "attr" && name != "":
		case dotted && base == "metric":
			check(d, "columns", "metric", scalar{Text: name, Pos: column.Pos}, adapters.Metrics())
		case !slices.Contains(fixed, column.Text):
			known := append(slices.Clone(fixed), "attr.NAME", "metric.NAME")
			d.Fault(column.Pos, "columns", suggest(column.Text, "", known), "unknown column %q", column.Text)
		}
		d.in.Columns = append(d.in.Columns, column.Text)
	}
}
