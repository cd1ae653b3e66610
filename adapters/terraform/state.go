package terraform

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"clanker/adapters"
)

// position says which state there is, and which version of it. Without a state both are zero.
type position struct {
	Lineage string
	Serial  int64
}

func (p position) version() string { return fmt.Sprintf("serial %d", p.Serial) }

// position reads which state the configuration has.
func (s *session) position(ctx context.Context) (position, error) {
	text, err := s.read(ctx, "state", "pull")
	if err != nil || len(strings.TrimSpace(string(text))) == 0 {
		return position{}, err
	}
	var at position
	if err := json.Unmarshal(text, &at); err != nil {
		return position{}, fmt.Errorf("read the state of %s: %w", s.dir, err)
	}
	return at, nil
}

// state is what terraform has recorded.
type state struct {
	position
	resources map[string]recorded
	secrets   []string
}

// recorded is a resource in the state.
type recorded struct {
	kind   string
	leaves leaves
}

// state reads all that is recorded, in the position that was read before.
func (s *session) state(ctx context.Context, at position) (state, error) {
	text, err := s.read(ctx, "show", "-json", "-no-color")
	if err != nil {
		return state{}, err
	}
	found, err := readState(text)
	if err != nil {
		return state{}, fmt.Errorf("read the state of %s: %w", s.dir, err)
	}
	found.position = at
	return found, nil
}

// readState understands the JSON of a state.
func readState(text []byte) (state, error) {
	var recording tfjson.State
	recording.UseJSONNumber(true)
	if err := json.Unmarshal(text, &recording); err != nil {
		return state{}, err
	}
	hidden := secrets{}
	all := map[string]*tfjson.StateResource{}
	if v := recording.Values; v != nil {
		for _, output := range v.Outputs {
			if output != nil {
				hidden.add(object{value: output.Value, sensitive: output.Sensitive})
			}
		}
		gather(v.RootModule, all)
	}
	objects := map[string]object{}
	for name, r := range all {
		o := object{value: any(r.AttributeValues)}
		if len(r.SensitiveValues) > 0 {
			if err := json.Unmarshal(r.SensitiveValues, &o.sensitive); err != nil {
				return state{}, fmt.Errorf("%s: %w", name, err)
			}
		}
		hidden.add(o)
		objects[name] = o
	}
	found := state{resources: map[string]recorded{}, secrets: slices.Sorted(maps.Keys(hidden))}
	for name, o := range objects {
		r := recorded{kind: all[name].Type, leaves: leavesOf(o, hidden)}
		if all[name].Tainted {
			r.leaves[tainted] = leaf{"true", "true"}
		}
		found.resources[name] = r
	}
	return found, nil
}

// tainted is the field that says that a resource will be replaced by the next apply.
const tainted = "(tainted)"

func gather(module *tfjson.StateModule, all map[string]*tfjson.StateResource) {
	if module == nil {
		return
	}
	for _, r := range module.Resources {
		if r == nil {
			continue
		}
		name := r.Address
		if r.DeposedKey != "" {
			name += " (deposed " + r.DeposedKey + ")"
		}
		all[name] = r
	}
	for _, child := range module.ChildModules {
		gather(child, all)
	}
}

// edit plans a change of the state alone.
func (s *session) edit(ctx context.Context, j *job) error {
	c, in := j.plan.Command, j.scope()
	if c.Path[0] == "workspace" {
		return editWorkspace(j, in)
	}
	before, err := s.state(ctx, j.at)
	if err != nil {
		return err
	}
	if j.plan.Resources, err = edited(c, before, in); err != nil {
		return err
	}
	slices.SortFunc(j.plan.Resources, func(a, b adapters.Touched) int { return cmp.Compare(a.ID, b.ID) })
	var text strings.Builder
	for _, r := range j.plan.Resources {
		fmt.Fprintf(&text, "%3s %s\n", symbol(r.Action), r.Name)
		write(&text, r.Fields)
	}
	text.WriteString("Changes what terraform has recorded; the infrastructure stays as it is.\n")
	j.plan.Preview = adapters.Preview{Kind: adapters.PreviewDiff, Text: cut(text.String())}
	return nil
}

// editWorkspace plans a change of workspaces.
func editWorkspace(j *job, in scope) error {
	c := j.plan.Command
	if len(c.Args) != 1 {
		return fmt.Errorf("terraform %s takes the name of one workspace", strings.Join(c.Path, " "))
	}
	action := map[string]adapters.Action{"new": adapters.ActionCreate, "select": adapters.ActionUpdate, "delete": adapters.ActionDelete}[c.Path[1]]
	j.plan.Resources = []adapters.Touched{in.touched("workspace", c.Args[0], action)}
	j.plan.Preview.Reason = "terraform has no preview of changes of workspaces"
	return nil
}

// edited are the resources whose record changes.
func edited(c adapters.Command, before state, in scope) ([]adapters.Touched, error) {
	verb := strings.Join(c.Path, " ")
	if want := map[string]int{"state mv": 2, "import": 2, "taint": 1, "untaint": 1}[verb]; len(c.Args) == 0 || want > 0 && len(c.Args) != want {
		return nil, fmt.Errorf("terraform %s takes %d arguments", verb, max(1, want))
	}
	if verb == "import" {
		r := in.touched("resource", c.Args[0], adapters.ActionCreate)
		r.Fields = []adapters.Field{{Name: "(imported from)", After: told("", c.Args[1])}}
		return []adapters.Touched{r}, nil
	}
	addresses := c.Args
	if verb == "state mv" {
		addresses = addresses[:1]
	}
	var found []adapters.Touched
	for _, address := range addresses {
		under := before.under(address)
		if len(under) == 0 {
			return nil, fmt.Errorf("nothing is recorded as %s: `terraform state list` tells what is", address)
		}
		for _, name := range under {
			r := in.touched(before.resources[name].kind, name, adapters.ActionUpdate)
			switch verb {
			case "state rm":
				r.Action, r.Fields = adapters.ActionDelete, []adapters.Field{{Name: "(managed by terraform)", Before: "true", After: "false"}}
			case "state mv":
				r.Fields = []adapters.Field{{Name: "(address)", Before: name, After: c.Args[1] + strings.TrimPrefix(name, address)}}
			default:
				r.Fields = []adapters.Field{{Name: tainted, Before: fmt.Sprint(verb == "untaint"), After: fmt.Sprint(verb == "taint")}}
			}
			found = append(found, r)
		}
	}
	return found, nil
}

// under are the recorded resources that an address means: itself, or all in a module or of a count, sorted.
func (s state) under(address string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.resources)) {
		rest, ok := strings.CutPrefix(name, address)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], ".[ ")) {
			names = append(names, name)
		}
	}
	return names
}

// verify looks at the state after a command, and tells what is recorded differently. It does so even if the command's own time
// is over.
func (s *session) verify(ctx context.Context, o *adapters.Outcome, before state, j job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	after, workspaces, err := s.after(ctx, j)
	if err != nil {
		o.Verified = "not verified: " + adapters.RedactText(err.Error())
		return
	}
	o.Observed = observed(j.scope(), before, after, s.now())
	o.Verified = fmt.Sprintf("state serial %d -> %d, %d recorded values changed", before.Serial, after.Serial, len(o.Observed)) + workspaces
	if missed := after.unlike(j); len(missed) > 0 {
		o.Verified += ", not as planned: " + strings.Join(missed, ", ")
	}
}

// after reads the state again, and the workspaces where the command was about them.
func (s *session) after(ctx context.Context, j job) (found state, workspaces string, err error) {
	at, err := s.position(ctx)
	if err == nil {
		found, err = s.state(ctx, at)
	}
	if err == nil && j.plan.Command.Path[0] == "workspace" {
		var names []byte
		names, err = s.read(ctx, "workspace", "list")
		workspaces = ", workspaces now " + strings.Join(strings.Fields(string(names)), " ")
	}
	return found, workspaces, err
}

// unlike names the resources that should have come or gone, and have not.
func (s state) unlike(j job) []string {
	var missed []string
	for _, r := range j.plan.Resources {
		_, is := s.resources[r.Name]
		if j.way == applying && r.Action != adapters.ActionRun && r.Action != adapters.ActionRead && is == (r.Action == adapters.ActionDelete) {
			missed = append(missed, r.Name)
		}
	}
	return missed
}

// observed is what two readings of the state differ in, sorted by resource and field.
func observed(in scope, before, after state, at time.Time) []adapters.Change {
	names := maps.Clone(before.resources)
	maps.Copy(names, after.resources)
	var changes []adapters.Change
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := before.resources[name], after.resources[name]
		kind := cmp.Or(is.kind, was.kind)
		base := adapters.Change{Resource: in.id(kind, name), Provider: Tool, Kind: adapters.Kind(kind), Name: name, At: at}
		for _, f := range changed(was.leaves, is.leaves) {
			change := base
			change.Field, change.Before, change.After = f.Name, f.Before, f.After
			changes = append(changes, change)
		}
	}
	return changes
}
