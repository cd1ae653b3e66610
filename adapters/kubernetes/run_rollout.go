package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"clanker/adapters"
)

// rolledBack is a workload with the template of the revision that kubectl rollout undo would go back to.
func (w *work) rolledBack(ctx context.Context, o object) (object, error) {
	said, err := w.ask(ctx, "rollout", "history", strings.ToLower(o.GetKind())+"/"+o.GetName(), "--namespace="+o.GetNamespace(), "--output=json")
	if err != nil {
		return object{}, err
	}
	revisions, err := parseObjects(said)
	if err != nil {
		return object{}, err
	}
	slices.SortFunc(revisions, func(a, b object) int { return cmp.Compare(revisionOf(b), revisionOf(a)) })
	wanted, _ := strconv.ParseInt(w.command.Flag("to-revision"), 10, 64)
	for i, r := range revisions {
		if wanted == 0 && i == 1 || wanted != 0 && revisionOf(r) == wanted {
			template, err := templateOf(r)
			if err != nil {
				return object{}, err
			}
			next := object{o.DeepCopy()}
			return next, unstructured.SetNestedMap(next.Object, template, "spec", "template")
		}
	}
	return object{}, fmt.Errorf("find the revision of %s to go back to: there is none", o.GetName())
}

// revisionOf is the number of a revision, of a ReplicaSet or a ControllerRevision.
func revisionOf(o object) int64 {
	if n, ok := numberAt(o, "revision"); ok {
		return n
	}
	n, _ := strconv.ParseInt(o.GetAnnotations()["deployment.kubernetes.io/revision"], 10, 64)
	return n
}

func templateOf(o object) (map[string]any, error) {
	for _, path := range [...][]string{{"spec", "template"}, {"data", "spec", "template"}} {
		if template, ok, _ := unstructured.NestedMap(o.Object, path...); ok {
			delete(template, "$patch")
			unstructured.RemoveNestedField(template, "metadata", "labels", "pod-template-hash")
			return template, nil
		}
	}
	return nil, errors.New("read the revision: it has no template")
}

var eviction = regexp.MustCompile(`(?m)^(?:evicting|deleting) pod ([a-z0-9.-]+)/([a-z0-9.-]+) `)

// evicted are the pods that a dry run of kubectl drain says it would evict.
func (w *work) evicted(ctx context.Context, said string) ([]touch, error) {
	var touches []touch
	for _, match := range eviction.FindAllStringSubmatch(said, -1) {
		found, err := w.get(ctx, "pod/"+match[2], "--namespace", match[1])
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			touches = append(touches, touch{before: o, action: adapters.ActionDelete})
		}
	}
	return touches, nil
}

// undo is the command that would take it back, when what is touched is one object and a way back is known.
func (w *work) undo(v verb, touches []touch) []string {
	if v.undo == nil || len(touches) != 1 || touches[0].action == adapters.ActionRead {
		return nil
	}
	argv := v.undo(w.command, touches[0])
	if argv == nil {
		return nil
	}
	return append(argv, "--context="+w.access.target.Cluster) // the current one may be another by then
}

// again is a command on the same object.
func again(t touch, path ...string) []string {
	o := t.before
	argv := append([]string{kubectlTool}, path...)
	argv = append(argv, strings.ToLower(o.GetKind())+"/"+o.GetName())
	if o.GetNamespace() != "" {
		argv = append(argv, "--namespace="+o.GetNamespace())
	}
	return argv
}

func undoScale(_ adapters.Command, t touch) []string {
	n, ok := numberAt(t.before, "spec", "replicas")
	if !ok {
		return nil
	}
	return append(again(t, "scale"), fmt.Sprintf("--replicas=%d", n))
}

func undoImage(c adapters.Command, t touch) []string {
	if len(c.Path) < 2 || c.Path[1] != "image" {
		return nil
	}
	argv := again(t, "set", "image")
	for _, f := range t.fields() {
		container, ok := strings.CutPrefix(f.Name, "image.")
		if !ok {
			return nil
		}
		argv = append(argv, container+"="+f.Before)
	}
	return argv
}

func undoMetadata(c adapters.Command, t touch) []string {
	argv := again(t, c.Path[0])
	for _, f := range t.fields() {
		_, key, _ := strings.Cut(f.Name, ".")
		switch {
		case strings.Contains(f.Before, adapters.Redacted):
			return nil
		case f.Before == "":
			argv = append(argv, key+"-")
		default:
			argv = append(argv, key+"="+f.Before)
		}
	}
	return append(argv, "--overwrite")
}

// undoRollout goes back to the revision that is in use now, by its number.
func undoRollout(_ adapters.Command, t touch) []string {
	n := revisionOf(t.before)
	if n == 0 {
		return nil
	}
	return append(again(t, "rollout", "undo"), fmt.Sprintf("--to-revision=%d", n))
}

// opposite is the same command with one word of the verb replaced.
func opposite(word, with string) func(adapters.Command, touch) []string {
	return func(c adapters.Command, t touch) []string {
		path := slices.Clone(c.Path)
		path[slices.Index(path, word)] = with
		if len(path) == 1 { // of nodes only the name is taken
			argv := again(t, path...)
			argv[2] = t.before.GetName()
			return argv
		}
		return again(t, path...)
	}
}

// guarded is the argv that is run: where the tool can hold a condition itself, the condition is added.
func (w *work) guarded(p adapters.Plan) []string {
	scaled := w.command.Tool == kubectlTool && slices.Equal(w.command.Path, []string{"scale"}) && len(p.Resources) == 1
	if !scaled || w.command.Flag("current-replicas") != "" {
		return w.argv
	}
	for _, f := range p.Resources[0].Fields {
		if f.Name == "replicas" && f.Before != "" {
			return w.with("--current-replicas=" + f.Before)
		}
	}
	return w.argv
}
