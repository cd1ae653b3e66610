package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"clanker/adapters"
)

// verb is how a writing verb of kubectl is planned.
type verb struct {
	path    string
	names   func(args []string) []string // of what it touches, as kubectl get takes them; nil: what it touches does not exist yet, or is in files
	dry     bool                         // it has --dry-run=server
	prints  bool                         // and --output, which is then the objects as they would be
	action  adapters.Action              // when there is something there before
	compute func(o map[string]any, c adapters.Command) error
	undo    func(c adapters.Command, t touch) []string
}

// verbs are those that are planned; no other is run.
var verbs = [...]verb{
	{path: "apply", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "auth reconcile", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "certificate", names: requestNames, action: adapters.ActionUpdate},
	{path: "create", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "replace", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "run", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "expose", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "autoscale", dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "delete", names: all, dry: true, action: adapters.ActionDelete},
	{path: "scale", names: all, dry: true, action: adapters.ActionUpdate, compute: replicas, undo: undoScale},
	{path: "set serviceaccount", names: allButLast, dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "set", names: untilValues, dry: true, prints: true, action: adapters.ActionUpdate, undo: undoImage},
	{path: "patch", names: all, dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "label", names: untilValues, dry: true, prints: true, action: adapters.ActionUpdate, undo: undoMetadata},
	{path: "annotate", names: untilValues, dry: true, prints: true, action: adapters.ActionUpdate, undo: undoMetadata},
	{path: "taint", names: untilValues, dry: true, prints: true, action: adapters.ActionUpdate},
	{path: "rollout restart", names: all, action: adapters.ActionRestart, compute: restart, undo: undoRollout},
	{path: "rollout undo", names: all, dry: true, action: adapters.ActionUpdate, undo: undoRollout},
	{path: "rollout pause", names: all, action: adapters.ActionUpdate, compute: setting(true, "spec", "paused"), undo: opposite("pause", "resume")},
	{path: "rollout resume", names: all, action: adapters.ActionUpdate, compute: setting(nil, "spec", "paused"), undo: opposite("resume", "pause")},
	{path: "cordon", names: nodeNames, dry: true, action: adapters.ActionUpdate, compute: setting(true, "spec", "unschedulable"), undo: opposite("cordon", "uncordon")},
	{path: "uncordon", names: nodeNames, dry: true, action: adapters.ActionUpdate, compute: setting(nil, "spec", "unschedulable"), undo: opposite("uncordon", "cordon")},
	{path: "drain", names: nodeNames, dry: true, action: adapters.ActionUpdate, compute: setting(true, "spec", "unschedulable")},
}

// verbOf finds how a command is planned.
func verbOf(c adapters.Command) (verb, bool) {
	path := strings.Join(c.Path, " ")
	for _, v := range verbs {
		if path == v.path || strings.HasPrefix(path, v.path+" ") {
			return v, true
		}
	}
	return verb{}, false
}

func all(args []string) []string { return args }

func allButLast(args []string) []string { return args[:max(len(args)-1, 0)] }

func nodeNames(args []string) []string {
	if len(args) == 0 {
		return []string{"nodes"} // by labels
	}
	return append([]string{"nodes"}, args...)
}

func requestNames(args []string) []string {
	return append([]string{"certificatesigningrequests"}, args...)
}

// untilValues are the arguments before the first assignment (key=value, key:effect) or removal (key-).
func untilValues(args []string) []string {
	at := slices.IndexFunc(args, func(arg string) bool { return strings.ContainsAny(arg, "=:") || strings.HasSuffix(arg, "-") })
	if at < 0 {
		return args
	}
	return args[:at]
}

// foreseeKubectl finds what a command of kubectl would do.
func (w *work) foreseeKubectl(ctx context.Context) (forecast, error) {
	v, ok := verbOf(w.command)
	if !ok {
		return forecast{}, fmt.Errorf("kubectl %s is not run here: what it would touch cannot be told", strings.Join(w.command.Path, " "))
	}
	before, err := w.selected(ctx, v)
	if err != nil {
		return forecast{}, err
	}
	after, said, err := w.dryRun(ctx, v)
	if err != nil {
		return forecast{}, err
	}
	touches, err := w.pair(ctx, v, before, after)
	if err != nil {
		return forecast{}, err
	}
	if v.path == "drain" {
		evicted, err := w.evicted(ctx, said)
		if err != nil {
			return forecast{}, err
		}
		touches = append(touches, evicted...)
	}
	if touches, err = w.sorted(touches); err != nil {
		return forecast{}, err
	}
	return forecast{touches: touches, preview: preview(v.showing(), touches), undo: w.undo(v, touches)}, nil
}

// selectors are the flags that choose objects, and say the same to kubectl get.
var selectors = [...]string{"selector", "field-selector", "all-namespaces", "namespace", "recursive"}

// selected returns the objects that the command names, as they are.
func (w *work) selected(ctx context.Context, v verb) ([]object, error) {
	var args []string
	if v.names != nil {
		args = slices.Clone(v.names(w.command.Args))
	}
	for _, flag := range w.command.Flags {
		switch {
		case flag.Name == "filename":
			for path := range strings.SplitSeq(flag.Value, ",") {
				args = append(args, "--filename="+w.private(path))
			}
		case slices.Contains(selectors[:], flag.Name):
			args = append(args, "--"+flag.Name+"="+flag.Value)
		}
	}
	if v.names == nil && w.command.Flag("filename") == "" {
		return nil, nil
	}
	if v.names == nil || w.command.Flag("filename") != "" { // the objects of the files are meant, each by its name
		args = slices.DeleteFunc(args, func(arg string) bool {
			return strings.HasPrefix(arg, "--selector") || strings.HasPrefix(arg, "--field-selector")
		})
	}
	return w.get(ctx, args...)
}

// dryRun lets the API server run the command without keeping it, and returns the objects as they would be, or what kubectl
// says. A refusal is an error: the command would fail.
func (w *work) dryRun(ctx context.Context, v verb) ([]object, string, error) {
	if !v.dry {
		return nil, "", nil
	}
	more := []string{"--dry-run=server"}
	if v.prints {
		more = append(more, "--output=json")
	}
	said, err := w.ask(ctx, w.with(more...)...)
	if err != nil || !v.prints {
		return nil, string(said), err
	}
	objects, err := parseObjects(said)
	return objects, "", err
}

// with is the argv with more flags, which stand before the words behind a double dash.
func (w *work) with(flags ...string) []string {
	at := slices.Index(w.argv, "--")
	if at < 0 {
		at = len(w.argv)
	}
	return slices.Insert(slices.Clone(w.argv), at, flags...)
}

// pair puts together the objects as they are and as they would be.
func (w *work) pair(ctx context.Context, v verb, before, after []object) ([]touch, error) {
	would := map[string]object{}
	for _, o := range after {
		would[w.idOf(o)] = o
	}
	var touches []touch
	for _, o := range before {
		t := touch{before: o, action: v.action}
		var err error
		if t.after, err = w.next(ctx, v, o, would); err != nil {
			return nil, err
		}
		delete(would, w.idOf(o))
		if t.after.exists() && v.action == adapters.ActionUpdate && !t.changed() {
			t.action = adapters.ActionRead
		}
		touches = append(touches, t)
	}
	for _, o := range after {
		switch _, left := would[w.idOf(o)]; {
		case left && w.command.Flag("prune") == "true" && o.GetResourceVersion() != "": // it exists, and is in no file
			touches = append(touches, touch{before: o, action: adapters.ActionDelete})
		case left:
			touches = append(touches, touch{after: o, action: adapters.ActionCreate})
		}
	}
	return touches, nil
}

// next is an object as it would be; nil where it is gone, or nobody can tell.
func (w *work) next(ctx context.Context, v verb, o object, would map[string]object) (object, error) {
	switch {
	case v.compute != nil:
		next := object{o.DeepCopy()}
		return next, v.compute(next.Object, w.command)
	case v.path == "rollout undo":
		return w.rolledBack(ctx, o)
	case !v.prints:
		return object{}, nil
	}
	if next := would[w.idOf(o)]; next.exists() {
		return next, nil
	}
	return o, nil // it was looked at and needs no change
}

// sorted is each object once, by ID. One that comes twice, each time as another, is refused: the tool would make it the one
// and then the other, and people would see the first.
func (w *work) sorted(touches []touch) ([]touch, error) {
	slices.SortStableFunc(touches, func(a, b touch) int { return cmp.Compare(w.idOf(a.either()), w.idOf(b.either())) })
	var once []touch
	for _, t := range touches {
		last := len(once) - 1
		if last < 0 || w.idOf(once[last].either()) != w.idOf(t.either()) {
			once = append(once, t)
		} else if !once[last].twin(t) {
			return nil, twice(t.either())
		}
	}
	return once, nil
}

// twin reports whether the same becomes of the same object.
func (t touch) twin(other touch) bool {
	content := func(o object) any {
		if !o.exists() {
			return nil
		}
		return wanted(o, o).Object
	}
	return t.action == other.action && same(content(t.before), content(other.before)) && same(content(t.after), content(other.after))
}

func twice(o object) error {
	kind, name := nameOf(o)
	return fmt.Errorf("%s %s is there twice, each time as another: leave one of them out", kind, name)
}

// touched tells what is touched as a plan has it, sorted by ID.
func (w *work) touched(touches []touch) []adapters.Touched {
	var told []adapters.Touched
	for _, t := range touches {
		o := t.either()
		kind, name := nameOf(o)
		told = append(told, adapters.Touched{
			ID: w.idOf(o), Kind: string(kind), Name: name, Namespace: o.GetNamespace(), Labels: o.GetLabels(), Action: t.action,
			Environment: w.environment(t),
			Version:     cmp.Or(t.version, t.before.version()), Fields: t.fields(),
		})
	}
	return told
}

// environment is where an object is. What whoever proposes chooses tells nothing of that: names, the labels of what does not
// exist yet, and of what is in no namespace the namespace of the command.
func (w *work) environment(t touch) string {
	o, labels := t.either(), map[string]string{}
	if t.before.exists() {
		labels = t.before.GetLabels()
	}
	switch {
	case o.GetNamespace() != "":
		return w.access.session.scope(o.GetNamespace(), labels).Environment
	case o.GetKind() == "Namespace":
		return w.access.session.scope(o.GetName(), labels).Environment
	}
	return cmp.Or(w.access.session.scope("", labels).Environment, "unknown")
}

// showing says what the preview of a verb is made of.
func (v verb) showing() adapters.Preview {
	switch {
	case v.dry:
		return adapters.Preview{Kind: adapters.PreviewServerDryRun}
	case v.compute != nil:
		return adapters.Preview{Kind: adapters.PreviewDiff}
	}
	return adapters.Preview{Kind: adapters.PreviewNone, Reason: "kubectl " + v.path + " has no dry run"}
}

// preview shows all differences.
func preview(p adapters.Preview, touches []touch) adapters.Preview {
	if len(touches) == 0 {
		return adapters.Preview{Kind: adapters.PreviewNone, Reason: "it names nothing that exists"}
	}
	var text strings.Builder
	for _, t := range touches {
		text.WriteString(t.diff())
		if t.action == adapters.ActionDelete && t.either().GetKind() == "Namespace" {
			text.WriteString("  with everything in it\n")
		}
	}
	if p.Text = text.String(); len(p.Text) > mostPreview {
		p.Text = strings.ToValidUTF8(p.Text[:mostPreview], "") + "\n(cut: the preview is longer)\n"
	}
	return p
}

// mostPreview is how much of a preview is kept, in bytes.
const mostPreview = 60 << 10

// replicas sets what kubectl scale would.
func replicas(o map[string]any, c adapters.Command) error {
	n, err := strconv.ParseInt(c.Flag("replicas"), 10, 32)
	if err != nil {
		return fmt.Errorf("read --replicas: %w", err)
	}
	return unstructured.SetNestedField(o, n, "spec", "replicas")
}

// restart marks the pods' template as kubectl does, but for the time.
func restart(o map[string]any, _ adapters.Command) error {
	return unstructured.SetNestedField(o, "the time of the restart", "spec", "template", "metadata", "annotations", restartedAnnotation)
}

// setting sets a field, or removes it where the value is nil.
func setting(value any, path ...string) func(map[string]any, adapters.Command) error {
	return func(o map[string]any, _ adapters.Command) error {
		if value == nil {
			unstructured.RemoveNestedField(o, path...)
			return nil
		}
		return unstructured.SetNestedField(o, value, path...)
	}
}

// numberAt reads a whole number of an object.
func numberAt(o object, path ...string) (int64, bool) {
	n, ok, err := unstructured.NestedInt64(o.Object, path...)
	return n, ok && err == nil
}
