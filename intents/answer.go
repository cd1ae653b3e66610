package intents

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"clanker/adapters"
)

// unknown stands where a template prints something that was not measured or told.
const unknown = "unknown"

// noValue is what text/template prints for nil.
const noValue = "<no value>"

// Render fills the answer template in: one line, blanks collapsed. What is not known prints as "unknown".
func (in *Intent) Render(d Data) (string, error) {
	line, err := execute(in.answer, d)
	if err != nil {
		return "", fmt.Errorf("render the answer of intent %s: %w; run clanker intents check", in.ID, err)
	}
	return strings.ReplaceAll(line, noValue, unknown), nil
}

// NextQuestions fills the templates of next questions in; one that fails, prints nothing or names something unknown is
// left out.
func (in *Intent) NextQuestions(d Data) []string {
	var questions []string
	for _, t := range in.next {
		question, err := execute(t, d)
		if err == nil && question != "" && !strings.Contains(question, noValue) && !slices.Contains(questions, question) {
			questions = append(questions, question)
		}
	}
	return questions
}

func execute(t *template.Template, d Data) (string, error) {
	var text strings.Builder
	if err := t.Execute(&text, d); err != nil {
		return "", err
	}
	return strings.Join(strings.Fields(text.String()), " "), nil
}

// answerFuncs are the functions of templates beside the built-in ones; see the package comment.
var answerFuncs = template.FuncMap{
	"plural": plural, "names": nameList, "changes": changeList, "percent": percentText, "bytes": bytesText,
	"index": index, "metric": metric, "join": joinTexts, "number": numberText, "seconds": secondsText, "totals": totals,
	"distinct": distinct, "tally": tally, "called": called, "standing": standing, "latest": latest, "heads": heads,
}

// plural spells a count with its noun: 1 service, 14 services.
func plural(count int, noun any) string {
	word := fmt.Sprint(noun)
	if noun == nil {
		word = "resource"
	}
	return adapters.Count(count, word)
}

// nameList spells the first five resources: session-cache (degraded), orders-db (degraded) and 3 more.
func nameList(rs []adapters.Resource) string {
	var names []string
	for _, r := range rs[:min(len(rs), 5)] {
		name := called(r, rs)
		if r.Health != "" && r.Health != adapters.HealthHealthy {
			name += " (" + string(r.Health) + ")"
		}
		names = append(names, name)
	}
	return more(names, len(rs))
}

// changeList spells the first four changes: checkout-api replicas 2 -> 3, image v1.4.1 -> v1.4.2. Of what happened it tells the
// reason alone: the rest is others' text, and no part of an answer's first line.
func changeList(changes []adapters.Change) string {
	var texts []string
	for i, c := range changes[:min(len(changes), 4)] {
		text, happened := strings.CutPrefix(c.Field, adapters.EventField)
		if !happened {
			before, after := adapters.ShortImages(value(c.Before), value(c.After))
			text = fmt.Sprintf("%s %s -> %s", c.Field, before, after)
		}
		if i == 0 || changes[i-1].Resource != c.Resource {
			text = c.Name + " " + text
		}
		texts = append(texts, text)
	}
	return more(texts, len(changes)) + author(changes)
}

// author is who made all of the changes, if one did and that is told.
func author(changes []adapters.Change) string {
	if len(changes) == 0 || changes[0].Actor == "" || slices.ContainsFunc(changes, func(c adapters.Change) bool { return c.Actor != changes[0].Actor }) {
		return ""
	}
	return ", by " + changes[0].Actor
}

func more(texts []string, total int) string {
	list := strings.Join(texts, ", ")
	if total > len(texts) {
		list += fmt.Sprintf(" and %d more", total-len(texts))
	}
	return list
}

func value(v any) string {
	if v == nil {
		return "none"
	}
	return fmt.Sprint(v)
}

// percentText spells a ratio: 0.62 is 62%, 0.021 is 2.1%.
func percentText(ratio any) string {
	number, ok := ratio.(float64)
	if !ok {
		return unknown
	}
	decimals := 0
	if number < 0.1 {
		decimals = 1
	}
	return strings.TrimSuffix(strconv.FormatFloat(number*100, 'f', decimals, 64), ".0") + "%"
}

// bytesText spells a size: 512Mi, 1.5Gi.
func bytesText(size any) string {
	number, ok := size.(float64)
	if !ok {
		return unknown
	}
	units := []string{"B", "Ki", "Mi", "Gi", "Ti", "Pi"}
	unit := 0
	for ; number >= 1024 && unit < len(units)-1; unit++ {
		number /= 1024
	}
	return strings.TrimSuffix(strconv.FormatFloat(number, 'f', 1, 64), ".0") + units[unit]
}

// numberText spells a number with at most one decimal.
func numberText(number any) string {
	switch number := number.(type) {
	case float64:
		return strings.TrimSuffix(strconv.FormatFloat(number, 'f', 1, 64), ".0")
	case int:
		return strconv.Itoa(number)
	}
	return unknown
}

// secondsText spells a duration in seconds: 2.4s, 850ms.
func secondsText(seconds any) string {
	number, ok := seconds.(float64)
	if !ok {
		return unknown
	}
	return time.Duration(number * float64(time.Second)).Round(time.Millisecond).String()
}

func joinTexts(texts any, separator string) string {
	switch list := texts.(type) {
	case []string:
		return strings.Join(list, separator)
	case nil:
		return unknown
	}
	return fmt.Sprint(texts)
}

// metric returns what was measured of a resource, nil if it was not.
func metric(r adapters.Resource, name string) any {
	if number, ok := r.Metrics[name]; ok {
		return number
	}
	return nil
}

// index is the built-in one, but for a missing key of a map it gives nil, not zero: what was not measured is unknown.
func index(of any, key any) (any, error) {
	v := reflect.ValueOf(of)
	switch v.Kind() {
	case reflect.Map:
		k := reflect.ValueOf(key)
		if !k.IsValid() || !k.Type().AssignableTo(v.Type().Key()) {
			return nil, fmt.Errorf("a map has no key %v", key)
		}
		if found := v.MapIndex(k); found.IsValid() {
			return found.Interface(), nil
		}
		return nil, nil
	case reflect.Slice:
		if i, ok := key.(int); ok && i >= 0 && i < v.Len() {
			return v.Index(i).Interface(), nil
		}
		return nil, fmt.Errorf("a list of %d has no entry %v", v.Len(), key)
	default:
		return nil, fmt.Errorf("%T has no entries", of)
	}
}

// template compiles a template. An answer must also render when nothing was found, since nothing is a usual answer.
func (d *draft) template(where string, text scalar, answer bool) *template.Template {
	if text.Text == "" {
		return nil
	}
	t, err := template.New(where).Funcs(answerFuncs).Parse(text.Text)
	if err != nil {
		d.Fault(text.Pos, where, "see the package comment for what a template sees", "%s", templateMessage(err))
		return nil
	}
	if !d.checkFields(where, text, t.Root) {
		return nil
	}
	for _, sample := range samples(d.in.slots) {
		if _, err := execute(t, sample); err != nil && (answer || !strings.Contains(err.Error(), "no entry")) {
			remedy := "guard it with {{with}} or {{if}}: a list can be empty"
			d.Fault(text.Pos, where, remedy, "fails with %s: %s", sampleName(sample), templateMessage(err))
			return nil
		}
	}
	return t
}

var templatePrefix = regexp.MustCompile(`^template: \w+:[\d:]* (executing "\w+" at )?`)

func templateMessage(err error) string { return templatePrefix.ReplaceAllString(err.Error(), "") }

// checkFields faults the fields that nothing a template sees has, and slots that nothing produces, exactly where they
// stand.
func (d *draft) checkFields(where string, text scalar, root parse.Node) bool {
	before, known := len(*d.Faults), d.known
	check := func(node parse.Node, path []string) {
		for i, name := range path {
			switch {
			case i > 0 && path[i-1] == "Slots":
				d.produced(where, text, int(node.Position()), name)
				return
			case i > 0 && (path[i-1] == "Attributes" || path[i-1] == "Labels" || path[i-1] == "Metrics"):
				return
			case !known[name]:
				d.Fault(text.At(int(node.Position())), where, suggest(name, ".", slices.Sorted(maps.Keys(known))), "unknown field .%s", name)
				return
			}
		}
	}
	walkTemplate(reflect.ValueOf(root), func(node parse.Node) {
		switch node := node.(type) {
		case *parse.FieldNode:
			check(node, node.Ident)
		case *parse.VariableNode:
			check(node, node.Ident[1:])
		case *parse.ChainNode:
			check(node, node.Field)
		}
	})
	return len(*d.Faults) == before
}

// walkTemplate visits every node below v. The parse tree has no walker of its own.
func walkTemplate(v reflect.Value, visit func(parse.Node)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if node, ok := reflect.TypeAssert[parse.Node](v); ok && v.Kind() == reflect.Pointer {
			visit(node)
		}
		walkTemplate(v.Elem(), visit)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walkTemplate(v.Field(i), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkTemplate(v.Index(i), visit)
		}
	default: // texts and numbers hold no nodes
	}
}

// fieldNames returns the names of all exported fields and methods that templates reach from [Data].
func fieldNames() map[string]bool {
	names := map[string]bool{}
	collectFields(reflect.TypeFor[Data](), map[reflect.Type]bool{}, names)
	return names
}

func collectFields(t reflect.Type, seen map[reflect.Type]bool, names map[string]bool) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if seen[t] {
		return
	}
	seen[t] = true
	for method := range t.Methods() {
		names[method.Name] = true
	}
	for i := 0; t.Kind() == reflect.Struct && i < t.NumField(); i++ {
		if f := t.Field(i); f.IsExported() {
			names[f.Name] = true
			collectFields(f.Type, seen, names)
		}
	}
}

// samples are two answers that every template must survive: an empty one, and one with two of everything.
func samples(types map[string]SlotType) []Data {
	slots := Slots{}
	for name, kind := range types {
		slots[name] = sampleValue(kind)
	}
	for _, name := range scopeSlots {
		if slots[name] == nil {
			slots[name] = sampleValue(slotTypes[name])
		}
	}
	at := time.Unix(0, 0).UTC()
	r := adapters.Resource{ID: "demo/pod/a", Name: "a", Kind: adapters.KindPod, Provider: "demo", Health: adapters.HealthDegraded,
		Reason: "r", Since: at, Observed: at}
	c := adapters.Change{Resource: r.ID, Name: "a", Field: "image", Before: "1", After: "2", At: at}
	line := adapters.LogLine{Resource: r.ID, Container: "c", At: at, Text: "t"}
	return []Data{{Slots: slots, Place: "everything connected"},
		{Resources: []adapters.Resource{r, r}, Read: []adapters.Resource{r, r, r}, Changes: []adapters.Change{c, c}, Logs: []adapters.LogLine{line, line}, Total: 3,
			Unmeasured: 1, Slots: slots, Place: "production"}}
}

func sampleName(d Data) string {
	if len(d.Resources) == 0 {
		return "nothing found"
	}
	return "two resources, changes and log lines"
}

func sampleValue(kind SlotType) any {
	switch kind {
	case SlotPercent:
		return 0.8
	case SlotDuration:
		return time.Hour
	case SlotCount:
		return 10
	case SlotTime:
		r, _ := ParseTimeRange([]string{"today"})
		return r
	default:
		return "x"
	}
}
