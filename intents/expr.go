package intents

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"clanker/adapters"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// view is what an expression sees of a resource: plain types only, because expr does not compare named string types
// with literals, and maps to any, because a missing key of a map to float64 would read as 0.
type view struct {
	ID          string         `expr:"id"`
	Name        string         `expr:"name"`
	Kind        string         `expr:"kind"`
	Provider    string         `expr:"provider"`
	Health      string         `expr:"health"`
	Reason      string         `expr:"reason"`
	Account     string         `expr:"account"`
	Region      string         `expr:"region"`
	Zone        string         `expr:"zone"`
	Environment string         `expr:"environment"`
	Cluster     string         `expr:"cluster"`
	Namespace   string         `expr:"namespace"`
	Label       map[string]any `expr:"label"`
	Attr        map[string]any `expr:"attr"`
	Metric      map[string]any `expr:"metric"`
	Age         any            `expr:"age"`
	Created     any            `expr:"created"`
	Slots       map[string]any `expr:"slots"`
}

var viewFields = []string{"id", "name", "kind", "provider", "health", "reason", "account", "region", "zone", "environment",
	"cluster", "namespace", "label", "attr", "metric", "age", "created", "slots"}

// condition is a compiled where.
type condition struct{ formula }

// ordering is a compiled sort.
type ordering struct {
	formula
	down bool
}

// formula is a compiled expression, with which of the maps it looks at: filling one costs more than running most programs.
type formula struct {
	program                *vm.Program
	label, metric, created bool
}

func (d *draft) condition() *condition {
	if f, ok := d.expression("where", d.where, 0, expr.AsBool()); ok {
		return &condition{f}
	}
	return nil
}

// ordering compiles sort; a leading minus means downwards and is not part of the expression, so that texts sort too.
func (d *draft) ordering() *ordering {
	text, down := strings.CutPrefix(d.sort.Text, "-")
	sorted := d.sort
	sorted.Text = text
	offset := len(d.sort.Text) - len(text)
	if f, ok := d.expression("sort", sorted, offset); ok {
		return &ordering{f, down}
	}
	return nil
}

// expression compiles a text over a resource; it starts at a byte offset of its scalar. It checks the names that only
// strings tell.
func (d *draft) expression(where string, text scalar, offset int, options ...expr.Option) (f formula, ok bool) {
	at := func(in int) Position { return shifted(text, offset).At(offset + in) }
	options = append(options, expr.Patch(&names{d: d, where: where, at: at, f: &f}))
	f.program, ok = d.program(where, text, offset, view{}, viewFields, options...)
	return f, ok
}

// program compiles a text that starts at a byte offset of its scalar, over the fields of an environment.
func (d *draft) program(where string, text scalar, offset int, env any, fields []string, options ...expr.Option) (program *vm.Program, ok bool) {
	if text.Text == "" {
		return nil, false
	}
	defer func() {
		if cause := recover(); cause != nil {
			ok = false
			d.Fault(text.Pos, where, "simplify it", "the expression cannot be compiled: %v", cause)
		}
	}()
	program, err := expr.Compile(text.Text, append(options, expr.Env(env), expr.DisableBuiltin("now"), expr.MaxNodes(500))...)
	var wrong *file.Error
	switch {
	case errors.As(err, &wrong):
		d.Fault(shifted(text, offset).At(offset+wrong.From), where, remedyFor(wrong.Message, fields), "%s", wrong.Message)
	case err != nil:
		d.Fault(text.Pos, where, "write an expression over: "+strings.Join(fields, " "), "%v", err)
	}
	return program, err == nil
}

// shifted is a scalar whose text began so many bytes earlier.
func shifted(text scalar, offset int) scalar {
	text.Text = strings.Repeat(" ", offset) + text.Text
	return text
}

func remedyFor(message string, fields []string) string {
	if name, ok := strings.CutPrefix(message, "unknown name "); ok {
		if nearest := suggest(name, "", fields); nearest != "" {
			return nearest
		}
	}
	return "see the package comment of intents for what an expression sees: " + strings.Join(fields, " ")
}

// names checks the metrics and slots that an expression names, and notes the maps it looks at.
type names struct {
	d     *draft
	where string
	at    func(int) Position
	f     *formula
}

// Visit implements the visitor of expr.
func (n *names) Visit(node *ast.Node) {
	if of, ok := (*node).(*ast.IdentifierNode); ok {
		n.f.label, n.f.metric = n.f.label || of.Value == "label", n.f.metric || of.Value == "metric"
		n.f.created = n.f.created || of.Value == "created"
	}
	member, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	of, ok := member.Node.(*ast.IdentifierNode)
	key, literal := member.Property.(*ast.StringNode)
	if !ok || !literal {
		return
	}
	place := scalar{Pos: n.at(member.Property.Location().From)}
	switch of.Value {
	case "metric":
		check(n.d, n.where, "metric", scalar{Text: key.Value, Pos: place.Pos}, adapters.Metrics())
	case "slots":
		n.d.produced(n.where, place, 0, key.Value)
	}
}

// machine evaluates expressions over one resource after the other, reusing its memory. It is not for concurrent use.
type machine struct {
	vm   vm.VM
	view view
	now  time.Time
}

func newMachine(s Slots, now time.Time) *machine {
	plain := make(map[string]any, len(s))
	for name, value := range s {
		switch value := value.(type) {
		case time.Duration:
			plain[name] = value.Seconds()
		case TimeRange:
			from, to := value.Resolve(now)
			plain[name], plain[name+endSuffix] = now.Sub(from).Seconds(), now.Sub(to).Seconds()
		default:
			plain[name] = value
		}
	}
	return &machine{now: now, view: view{Slots: plain, Label: map[string]any{}, Metric: map[string]any{}}}
}

// look turns the view to a resource, as far as the formula looks.
func (m *machine) look(r *adapters.Resource, f formula) {
	v := &m.view
	v.ID, v.Name, v.Kind, v.Provider = r.ID, r.Name, string(r.Kind), r.Provider
	v.Health, v.Reason = string(r.Health), r.Reason
	v.Account, v.Region, v.Zone, v.Environment = r.Scope.Account, r.Scope.Region, r.Scope.Zone, r.Scope.Environment
	v.Cluster, v.Namespace, v.Attr = r.Scope.Cluster, r.Scope.Namespace, r.Attributes
	if f.label {
		fill(v.Label, r.Labels)
	}
	if f.metric {
		fill(v.Metric, r.Metrics)
	}
	v.Age = nil
	if !r.Since.IsZero() {
		v.Age = m.now.Sub(r.Since).Seconds()
	}
	if v.Created = nil; f.created {
		v.Created = m.sinceCreation(r)
	}
}

// sinceCreation is the seconds since a resource was made, nil if its provider does not tell.
func (m *machine) sinceCreation(r *adapters.Resource) any {
	text, _ := r.Attributes["created"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	return m.now.Sub(at).Seconds()
}

func fill[V any](plain map[string]any, from map[string]V) {
	clear(plain)
	for key, value := range from {
		plain[key] = value
	}
}

// errUnmeasured says that an expression met a metric, attribute or age that is not there.
var errUnmeasured = errors.New("not measured")

// run evaluates a program over the resource in view.
func (m *machine) run(program *vm.Program) (any, error) {
	value, err := m.vm.Run(program, &m.view)
	switch {
	case err == nil:
		return value, nil
	case strings.Contains(err.Error(), "nil"): // the library has no type for it
		return nil, errUnmeasured
	}
	return nil, fmt.Errorf("evaluate over %s: %w; check the types in where and sort", m.view.ID, err)
}
