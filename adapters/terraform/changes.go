package terraform

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"clanker/adapters"
)

// scope is where the resources of a plan are.
type scope struct{ folder, workspace, environment, version string }

func (s scope) id(kind, name string) string {
	return adapters.NewID(Tool, adapters.Kind(kind), adapters.Scope{Account: s.folder, Namespace: s.workspace}, name)
}

func (s scope) touched(kind, name string, action adapters.Action) adapters.Touched {
	return adapters.Touched{ID: s.id(kind, name), Kind: kind, Name: name, Environment: s.environment, Action: action, Version: s.version}
}

// findings are what a plan of terraform would do.
type findings struct {
	resources []adapters.Touched // sorted by ID
	text      string
	secrets   []string
}

// read understands the JSON of a plan. What it does not know for sure is an error: nobody could approve it.
func read(text []byte, in scope) (findings, error) {
	var plan tfjson.Plan
	plan.UseJSONNumber(true)
	if err := json.Unmarshal(text, &plan); err != nil {
		return findings{}, err
	}
	if len(plan.ActionInvocations) > 0 || len(plan.DeferredChanges) > 0 {
		return findings{}, fmt.Errorf("it has actions or deferred changes, which cannot be shown here")
	}
	p := &reading{in: in, plan: &plan, hidden: hiddenIn(&plan)}
	for _, change := range plan.ResourceChanges {
		if err := p.add(change); err != nil {
			return findings{}, err
		}
	}
	p.addReads()
	slices.SortFunc(p.found, func(a, b adapters.Touched) int { return cmp.Compare(a.ID, b.ID) })
	return findings{resources: p.found, text: p.preview(), secrets: slices.Sorted(maps.Keys(p.hidden))}, nil
}

// reading is a plan while it is read.
type reading struct {
	in     scope
	plan   *tfjson.Plan
	hidden secrets
	found  []adapters.Touched
	counts struct{ add, change, destroy, forget int }
}

// hiddenIn are the sensitive strings of a plan.
func hiddenIn(plan *tfjson.Plan) secrets {
	hidden := secrets{}
	change := func(c *tfjson.Change) {
		if c == nil {
			return
		}
		hidden.add(object{value: c.Before, sensitive: c.BeforeSensitive})
		hidden.add(object{value: c.After, sensitive: c.AfterSensitive})
	}
	for _, r := range append(slices.Clone(plan.ResourceChanges), plan.ResourceDrift...) {
		if r != nil {
			change(r.Change)
		}
	}
	for _, c := range plan.OutputChanges {
		change(c)
	}
	if plan.Config == nil || plan.Config.RootModule == nil {
		return hidden
	}
	for name, variable := range plan.Config.RootModule.Variables {
		if value := plan.Variables[name]; value != nil && variable != nil && variable.Sensitive {
			hidden.add(object{value: value.Value, sensitive: true})
		}
	}
	return hidden
}

// add adds what happens to one resource, and the programs that run for it.
func (p *reading) add(r *tfjson.ResourceChange) error {
	if r == nil || r.Change == nil {
		return errors.New("a resource in it has no change")
	}
	name := r.Address
	if r.DeposedKey != "" {
		name += " (deposed " + r.DeposedKey + ")"
	}
	action, err := p.action(r.Change.Actions)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fields := moves(r)
	if !forgotten(r.Change.Actions) {
		fields = append(fields, p.fields(r.Change)...)
	}
	if action == "" && len(fields) == 0 {
		return nil
	}
	touched := p.in.touched(r.Type, name, cmp.Or(action, adapters.ActionUpdate))
	touched.Fields = slices.SortedFunc(slices.Values(fields), func(a, b adapters.Field) int { return cmp.Compare(a.Name, b.Name) })
	if action == adapters.ActionCreate {
		touched.Version = ""
	}
	p.found = append(p.found, touched)
	if action == adapters.ActionCreate || action == adapters.ActionReplace || action == adapters.ActionDelete {
		p.addProvisioners(r)
	}
	return nil
}

// fields are the attributes that a change changes.
func (p *reading) fields(c *tfjson.Change) []adapters.Field {
	if c == nil {
		return nil
	}
	before := object{value: c.Before, sensitive: c.BeforeSensitive}
	after := object{value: c.After, sensitive: c.AfterSensitive, unknown: c.AfterUnknown}
	return changed(leavesOf(before, p.hidden), leavesOf(after, p.hidden))
}

// action counts what happens to a resource, and says it in the words of plans; nothing is empty.
func (p *reading) action(actions tfjson.Actions) (adapters.Action, error) {
	switch {
	case actions.NoOp():
		return "", nil
	case actions.Read():
		return adapters.ActionRead, nil
	case actions.Create():
		p.counts.add++
		return adapters.ActionCreate, nil
	case actions.Update():
		p.counts.change++
		return adapters.ActionUpdate, nil
	case actions.Replace():
		p.counts.add++
		p.counts.destroy++
		return adapters.ActionReplace, nil
	case actions.Delete():
		p.counts.destroy++
		return adapters.ActionDelete, nil
	case forgotten(actions):
		p.counts.forget++
		return adapters.ActionDelete, nil
	}
	return "", fmt.Errorf("what terraform would do to it is not known here: %v", actions)
}

// forgotten reports whether terraform stops managing a resource, and leaves it as it is.
func forgotten(actions tfjson.Actions) bool {
	return slices.Equal(actions, tfjson.Actions{tfjson.ActionForget})
}

// moves are the changes of a resource that no attribute shows.
func moves(r *tfjson.ResourceChange) []adapters.Field {
	var fields []adapters.Field
	if r.PreviousAddress != "" && r.PreviousAddress != r.Address {
		fields = append(fields, adapters.Field{Name: "(address)", Before: r.PreviousAddress, After: r.Address})
	}
	if r.Change.Importing != nil {
		fields = append(fields, adapters.Field{Name: "(imported from)", After: told("", r.Change.Importing.ID)})
	}
	if forgotten(r.Change.Actions) {
		fields = append(fields, adapters.Field{Name: "(managed by terraform)", Before: "true", After: "false"})
	}
	return fields
}

// addProvisioners adds the programs that the configuration runs as a resource comes and goes. Which of the two is not in the
// JSON, so all are taken to run.
func (p *reading) addProvisioners(r *tfjson.ResourceChange) {
	each(p.plan.Config, func(module string, resource *tfjson.ConfigResource) {
		if module+resource.Address != bare(r.Address) {
			return
		}
		for i, provisioner := range resource.Provisioners {
			if provisioner == nil {
				continue
			}
			program := p.in.touched(provisioner.Type, fmt.Sprintf("%s %s %d", r.Address, provisioner.Type, i+1), adapters.ActionRun)
			program.Fields = constants(provisioner.Expressions, p.hidden)
			p.found = append(p.found, program)
		}
	})
}

// addReads adds the programs that data sources are.
func (p *reading) addReads() {
	each(p.plan.Config, func(module string, resource *tfjson.ConfigResource) {
		if resource.Mode == tfjson.DataResourceMode && resource.Type == "external" {
			program := p.in.touched("external", module+resource.Address+" program", adapters.ActionRun)
			program.Fields = constants(resource.Expressions, p.hidden)
			p.found = append(p.found, program)
		}
	})
}

// constants are what the configuration says of a program; what it computes first is told by what it is made from.
func constants(expressions map[string]*tfjson.Expression, hidden secrets) []adapters.Field {
	found := leaves{}
	for name, expression := range expressions {
		switch {
		case expression == nil || expression.ExpressionData == nil:
		case len(expression.References) > 0:
			found[name] = leaf{"computed", told(name, "(from "+strings.Join(expression.References, ", ")+")")}
		case expression.ConstantValue != nil && expression.ConstantValue != tfjson.UnknownConstantValue:
			found.add(name, object{value: expression.ConstantValue}, hidden)
		}
	}
	return changed(nil, found)
}

// each visits all resources of a configuration, with the address of their module as a prefix, in order.
func each(config *tfjson.Config, visit func(module string, r *tfjson.ConfigResource)) {
	var descend func(prefix string, module *tfjson.ConfigModule)
	descend = func(prefix string, module *tfjson.ConfigModule) {
		if module == nil {
			return
		}
		for _, resource := range module.Resources {
			if resource != nil {
				visit(prefix, resource)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(module.ModuleCalls)) {
			if call := module.ModuleCalls[name]; call != nil {
				descend(prefix+"module."+name+".", call.Module)
			}
		}
	}
	if config != nil {
		descend("", config.RootModule)
	}
}

// bare is an address without the keys of count and for_each: module.a["x"].b.c[0] is module.a.b.c.
func bare(address string) string {
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quoted && c == '\\':
			i++
		case depth > 0 && c == '"':
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}
