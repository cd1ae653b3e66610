package intents

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"

	"github.com/goccy/go-yaml/ast"
)

// querySpec is a query whose texts may be slots in braces.
type querySpec struct {
	kinds, providers, metrics           []scalar
	name, since                         scalar
	environment, namespace              scalar
	cluster, region                     scalar
	tail, previous, container, grep, er scalar
}

func (d *draft) query(where string, node ast.Node) { d.Mapping(where, node, d.queryFields()) }

func (d *draft) queryFields() []field {
	q := &d.in.query
	texts := func(target *[]scalar) func(string, ast.Node) {
		return func(where string, node ast.Node) { *target = d.Texts(where, node) }
	}
	below := func(fields func() []field) func(string, ast.Node) {
		return func(where string, node ast.Node) { d.Mapping(where, node, fields()) }
	}
	return []field{
		{Name: "kinds", Read: texts(&q.kinds), Takes: func() object { return listOf(orSlot(wordOf(kinds))) }, Doc: "Of these kinds."},
		{Name: "providers", Read: texts(&q.providers), Takes: anyTexts, Doc: "From these providers alone."},
		{Name: "metrics", Read: texts(&q.metrics), Takes: func() object { return listOf(orSlot(wordOf(adapters.Metrics()))) }, Doc: "With these measured."},
		{Name: "name", Read: d.into(&q.name), Takes: anyText, Doc: "Called this."},
		{Name: "since", Read: d.into(&q.since), Takes: anyText, Doc: "If the question gives no time range: last 24h."},
		{Name: "scope", Read: below(d.scopeFields), Takes: func() object { return block(d.scopeFields()) }, Doc: "There alone."},
		{Name: "log", Read: below(d.logFields), Takes: func() object { return block(d.logFields()) }, Doc: "Which lines of logs."},
	}
}

func (d *draft) scopeFields() []field {
	q := &d.in.query
	return []field{
		{Name: "environment", Read: d.into(&q.environment), Takes: anyText}, {Name: "namespace", Read: d.into(&q.namespace), Takes: anyText},
		{Name: "cluster", Read: d.into(&q.cluster), Takes: anyText}, {Name: "region", Read: d.into(&q.region), Takes: anyText},
	}
}

func (d *draft) logFields() []field {
	q := &d.in.query
	return []field{
		{Name: "tail", Read: d.into(&q.tail), Takes: anyText, Doc: "The last so many: a count or {slot}."},
		{Name: "previous", Read: d.into(&q.previous), Takes: trueOrFalse, Doc: "Of the container before the last restart."},
		{Name: "container", Read: d.into(&q.container), Takes: anyText, Doc: "Of this container."},
		{Name: "grep", Read: d.into(&q.grep), Takes: anyText, Doc: "With this text."},
		{Name: "errors", Read: d.into(&q.er), Takes: trueOrFalse, Doc: "That report errors."},
	}
}

func (d *draft) checkQuery() {
	q := &d.in.query
	for _, kind := range q.kinds {
		if !d.isSlot("query.kinds", kind) {
			check(d, "query.kinds", "kind", kind, kinds)
		}
	}
	for _, metric := range q.metrics {
		if !d.isSlot("query.metrics", metric) {
			check(d, "query.metrics", "metric", metric, adapters.Metrics())
		}
	}
	for where, text := range map[string]scalar{"query.name": q.name, "query.scope": q.environment, "query.scope.namespace": q.namespace,
		"query.scope.cluster": q.cluster, "query.scope.region": q.region, "query.log.container": q.container, "query.log.grep": q.grep} {
		d.isSlot(where, text)
	}
	for _, provider := range q.providers {
		d.isSlot("query.providers", provider)
	}
	d.typed("query.since", q.since, SlotTime)
	d.typed("query.log.tail", q.tail, SlotCount)
	d.typed("limit", d.in.limit, SlotCount)
	for _, flag := range []scalar{q.previous, q.er} {
		if flag.Text != "" && flag.Text != "true" && flag.Text != "false" {
			d.Fault(flag.Pos, "query.log", "write true or false", "true or false is expected, not %q", flag.Text)
		}
	}
}

// typed checks a text that is a slot or a value of the type.
func (d *draft) typed(where string, text scalar, kind SlotType) {
	if text.Text == "" || d.isSlot(where, text) {
		return
	}
	if _, err := kind.parse(text.Text); err != nil {
		d.Fault(text.Pos, where, "or name a slot in braces", "%v", err)
	}
}

// isSlot reports whether the text is a slot in braces, and checks that something produces it.
func (d *draft) isSlot(where string, text scalar) bool {
	name, ok := slotIn(text.Text)
	if ok {
		d.produced(where, text, 1, name)
	}
	return ok
}

func slotIn(text string) (string, bool) {
	if len(text) > 2 && text[0] == '{' && text[len(text)-1] == '}' {
		return text[1 : len(text)-1], true
	}
	return "", false
}

// fill returns the text, or the value of the slot that it names; "" if the question does not give it.
func (s Slots) fill(text scalar) string {
	name, ok := slotIn(text.Text)
	if !ok {
		return text.Text
	}
	switch value := s[name].(type) {
	case string:
		return value
	case int:
		return strconv.Itoa(value)
	}
	return ""
}

func (s Slots) fillAll(texts []scalar) []string {
	var values []string
	for _, text := range texts {
		if value := s.fill(text); value != "" && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return values
}

// Query returns what to read for the question's slots. The scope slots narrow it whatever the intent says; a node
// narrows what [Intent.Select] selects, since queries have none. Since is the start of the time slot.
func (in *Intent) Query(s Slots, now time.Time) adapters.Query {
	q := adapters.Query{Name: s.fill(in.query.name), Providers: s.fillAll(in.query.providers), Metrics: s.fillAll(in.query.metrics),
		Scope: adapters.Scope{Environment: s.fill(in.query.environment), Namespace: s.fill(in.query.namespace),
			Cluster: s.fill(in.query.cluster), Region: s.fill(in.query.region)}}
	q.Kinds = in.kinds(s)
	in.narrow(&q, s)
	in.scope(&q, s)
	if inside := slices.DeleteFunc(slices.Clone(q.Kinds), aboveNamespaces); q.Scope.Namespace != "" && len(inside) > 0 {
		q.Kinds = inside
	}
	in.logs(&q, s)
	q.Since = in.since(s, now)
	return q
}

// kinds are those that the intent reads; if it lists one that the question names, that one alone.
func (in *Intent) kinds(s Slots) []adapters.Kind {
	var all []adapters.Kind
	for _, text := range s.fillAll(in.query.kinds) {
		listed := func(of scalar) bool { return of.Text == text }
		named := func(of scalar) bool { return of.Text != text && s.fill(of) == text }
		if slices.ContainsFunc(in.query.kinds, listed) && slices.ContainsFunc(in.query.kinds, named) {
			return []adapters.Kind{adapters.Kind(text)}
		}
		all = append(all, adapters.Kind(text))
	}
	return all
}

// aboveNamespaces reports whether a kind is never part of a namespace: who asks about one may not be allowed to read it.
func aboveNamespaces(kind adapters.Kind) bool {
	return slices.Contains([]adapters.Kind{adapters.KindCluster, adapters.KindNode, adapters.KindNodePool, adapters.KindVolume}, kind)
}

// narrow keeps only the kind that the question put beside the name, if the intent reads it as such. "The checkout
// service" means anything that serves.
func (in *Intent) narrow(q *adapters.Query, s Slots) {
	name, ok := slotIn(in.query.name.Text)
	if !ok || in.Action != ActionList && in.Action != ActionMetrics {
		return
	}
	kind, _ := s[name+kindSuffix].(string)
	if kind != "" && adapters.Kind(kind) != adapters.KindService && slices.Contains(q.Kinds, adapters.Kind(kind)) {
		q.Kinds = []adapters.Kind{adapters.Kind(kind)}
	}
}

func (in *Intent) scope(q *adapters.Query, s Slots) {
	for name, target := range map[string]*string{"environment": &q.Scope.Environment, "namespace": &q.Scope.Namespace,
		"cluster": &q.Scope.Cluster, "region": &q.Scope.Region} {
		if value, ok := s[name].(string); ok && value != "" {
			*target = value
		}
	}
	if provider, ok := s["provider"].(string); ok && provider != "" {
		q.Providers = []string{provider}
	}
}

func (in *Intent) logs(q *adapters.Query, s Slots) {
	spec := in.query
	tail, _ := strconv.Atoi(s.fill(spec.tail))
	q.Log = adapters.LogFilter{Tail: tail, Previous: spec.previous.Text == "true", Container: s.fill(spec.container),
		Grep: s.fill(spec.grep), Errors: spec.er.Text == "true"}
}

func (in *Intent) since(s Slots, now time.Time) time.Time {
	r, ok := s["time"].(TimeRange)
	if name, named := slotIn(in.query.since.Text); named {
		r, ok = s[name].(TimeRange)
	} else if !ok && in.query.since.Text != "" {
		r, _ = ParseTimeRange(strings.Fields(in.query.since.Text))
		ok = !r.IsZero()
	}
	if !ok {
		return time.Time{}
	}
	from, _ := r.Resolve(now)
	return from
}
