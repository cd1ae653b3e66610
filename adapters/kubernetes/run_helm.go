package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"clanker/adapters"
)

// helmVerb is how a writing verb of helm is planned: which of its hooks run, and what the release would be.
type helmVerb struct {
	hooks []string
	shown string                                                             // kind of the preview
	next  func(w *work, ctx context.Context, now *release) (*release, error) // nil: it is gone afterwards
	undo  func(w *work, now *release) []string
}

// helmVerbOf finds how a command is planned.
func helmVerbOf(c adapters.Command) (helmVerb, bool) {
	switch strings.Join(c.Path, " ") {
	case "install":
		return helmVerb{[]string{"pre-install", "post-install"}, adapters.PreviewServerDryRun, (*work).rendered, (*work).undoInstall}, true
	case "upgrade":
		return helmVerb{[]string{"pre-upgrade", "post-upgrade"}, adapters.PreviewServerDryRun, (*work).rendered, (*work).undoUpgrade}, true
	case "rollback":
		return helmVerb{[]string{"pre-rollback", "post-rollback"}, adapters.PreviewDiff, (*work).earlier, (*work).undoUpgrade}, true
	case "uninstall":
		return helmVerb{[]string{"pre-delete", "post-delete"}, adapters.PreviewDiff, nil, nil}, true
	case "test":
		return helmVerb{[]string{"test", "test-success"}, adapters.PreviewDiff, func(_ *work, _ context.Context, now *release) (*release, error) { return now, nil }, nil}, true
	}
	return helmVerb{}, false
}

// release is what helm says of one, as far as it counts here.
type release struct {
	Name     string `json:"name"`
	Version  int64  `json:"version"`
	Manifest string `json:"manifest"`
	Info     struct {
		Status string `json:"status"`
	} `json:"info"`
	Hooks []struct {
		Manifest string   `json:"manifest"`
		Events   []string `json:"events"`
	} `json:"hooks"`
}

// releaseNames are the releases that a command names.
func (w *work) releaseNames() []string {
	args := w.command.Args
	switch {
	case len(args) == 0, w.command.Path[0] == "install" && len(args) < 2: // helm makes a name up
		return nil
	case w.command.Path[0] == "uninstall":
		return args
	}
	return args[:1]
}

// foreseeHelm finds what a command of helm would do: to the release, to what is in its manifest, and by its hooks.
func (w *work) foreseeHelm(ctx context.Context) (forecast, error) {
	v, ok := helmVerbOf(w.command)
	names := w.releaseNames()
	switch {
	case !ok:
		return forecast{}, fmt.Errorf("helm %s is not run here: what it would touch cannot be told", strings.Join(w.command.Path, " "))
	case len(names) == 0:
		return forecast{}, errors.New("the release has no name: name it")
	}
	var touches []touch
	var undo []string
	for _, name := range names {
		now, err := w.release(ctx, name, 0)
		if err != nil {
			return forecast{}, err
		}
		var next *release
		if v.next != nil {
			if next, err = v.next(w, ctx, now); err != nil {
				return forecast{}, err
			}
		}
		found, err := w.compare(v, name, now, next)
		if err != nil {
			return forecast{}, err
		}
		if touches = append(touches, found...); v.undo != nil {
			undo = v.undo(w, now)
		}
	}
	touches, err := w.sorted(touches)
	return forecast{touches: touches, preview: preview(adapters.Preview{Kind: v.shown}, touches), undo: undo}, err
}

// release asks for a revision of a release, 0 for the present one; nil when there is none.
func (w *work) release(ctx context.Context, name string, revision int64) (*release, error) {
	args := []string{"status", name, "--namespace=" + w.access.target.Namespace, "--output=json"}
	if revision != 0 {
		args = append(args, "--revision="+strconv.FormatInt(revision, 10))
	}
	said, err := w.ask(ctx, args...)
	switch {
	case err != nil && strings.HasSuffix(err.Error(), "release: not found") && revision == 0:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return parseRelease(said)
}

func parseRelease(said []byte) (*release, error) {
	found := &release{}
	if err := json.Unmarshal(said, found); err != nil {
		return nil, fmt.Errorf("read what helm says of the release: %w", err)
	}
	return found, nil
}

// rendered is the release as the API server's dry run of the command says.
func (w *work) rendered(ctx context.Context, now *release) (*release, error) {
	said, err := w.ask(ctx, w.with("--dry-run=server", "--output=json")...)
	if err != nil {
		return nil, err
	}
	next, err := parseRelease(said)
	if err == nil && now != nil {
		next.Version = now.Version + 1
	}
	return next, err
}

// earlier is the release of the revision that helm rollback goes back to.
func (w *work) earlier(ctx context.Context, now *release) (*release, error) {
	if now == nil {
		return nil, fmt.Errorf("there is no release %s in %s", w.command.Args[0], w.access.target.Namespace)
	}
	to := now.Version - 1
	if len(w.command.Args) > 1 && w.command.Args[1] != "0" {
		var err error
		if to, err = strconv.ParseInt(w.command.Args[1], 10, 64); err != nil {
			return nil, fmt.Errorf("read the revision: %w", err)
		}
	}
	if to < 1 {
		return nil, fmt.Errorf("release %s has no earlier revision", now.Name)
	}
	next, err := w.release(ctx, now.Name, to)
	if next != nil {
		next.Version = now.Version + 1
	}
	return next, err
}

// compare puts together the objects of two releases, either of which may not exist.
func (w *work) compare(v helmVerb, name string, now, next *release) ([]touch, error) {
	before, err := w.contents(name, now)
	if err != nil {
		return nil, err
	}
	after, err := w.contents(name, next)
	if err != nil {
		return nil, err
	}
	version := ""
	if now != nil {
		version = fmt.Sprintf("revision %d %s", now.Version, now.Info.Status)
	}
	var touches []touch
	for _, id := range slices.Sorted(maps.Keys(union(before, after))) {
		t := touch{before: before[id], after: after[id], action: adapters.ActionUpdate, version: version}
		switch {
		case !t.before.exists():
			t.action, t.version = adapters.ActionCreate, ""
		case !t.after.exists():
			t.action = adapters.ActionDelete
		case !t.changed():
			t.action = adapters.ActionRead
		}
		touches = append(touches, t)
	}
	hooks, err := w.hooks(v, cmp.Or(next, now))
	return append(touches, hooks...), err
}

func union(a, b map[string]object) map[string]object {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// contents are the objects of a release's manifest, with one for the release itself, by their IDs.
func (w *work) contents(name string, r *release) (map[string]object, error) {
	found := map[string]object{}
	if r == nil {
		return found, nil
	}
	objects, err := w.manifest(r.Manifest)
	if err != nil {
		return nil, err
	}
	objects = append(objects, object{&unstructured.Unstructured{Object: map[string]any{
		"kind": "Release", "metadata": map[string]any{"name": name, "namespace": w.access.target.Namespace},
		"spec": map[string]any{"revision": r.Version},
	}}})
	for _, o := range objects {
		if was, there := found[w.idOf(o)]; there && !same(was.Object, o.Object) {
			return nil, twice(o)
		}
		found[w.idOf(o)] = o
	}
	return found, nil
}

// hooks are the objects that the command runs besides.
func (w *work) hooks(v helmVerb, r *release) ([]touch, error) {
	if r == nil || w.command.Flag("no-hooks") == "true" {
		return nil, nil
	}
	var touches []touch
	for _, hook := range r.Hooks {
		if !slices.ContainsFunc(hook.Events, func(event string) bool { return slices.Contains(v.hooks, event) }) {
			continue
		}
		objects, err := w.manifest(hook.Manifest)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			touches = append(touches, touch{after: o, action: adapters.ActionRun})
		}
	}
	return touches, nil
}

// clusterWide are the kinds in charts that live in no namespace.
var clusterWide = [...]string{
	"APIService", "CSIDriver", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "IngressClass", "MutatingWebhookConfiguration",
	"Namespace", "Node", "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
	"ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
}

// manifest reads the objects of a manifest. Those that say no namespace are in the release's.
func (w *work) manifest(text string) ([]object, error) {
	var found []object
	for decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096); ; {
		one := &unstructured.Unstructured{}
		if err := decoder.Decode(&one.Object); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the manifest: %w", err)
		}
		if len(one.Object) == 0 {
			continue
		}
		if one.GetNamespace() == "" && !slices.Contains(clusterWide[:], one.GetKind()) {
			one.SetNamespace(w.access.target.Namespace)
		}
		found = append(found, object{one})
	}
}

// undoUpgrade goes back to the present revision; a release that is yet to be has none.
func (w *work) undoUpgrade(now *release) []string {
	if now == nil {
		return w.undoInstall(nil)
	}
	return w.helmAgain("rollback", now.Name, strconv.FormatInt(now.Version, 10))
}

func (w *work) undoInstall(*release) []string {
	return w.helmAgain("uninstall", w.command.Args[0])
}

func (w *work) helmAgain(words ...string) []string {
	return append(append([]string{helmTool}, words...), "--namespace="+w.access.target.Namespace, "--kube-context="+w.access.target.Cluster)
}

// rereadHelm returns the contents of the releases as they are now.
func (w *work) rereadHelm(ctx context.Context) (map[string]object, error) {
	all := map[string]object{}
	for _, name := range w.releaseNames() {
		now, err := w.release(ctx, name, 0)
		if err != nil {
			return nil, err
		}
		found, err := w.contents(name, now)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, found)
	}
	return all, nil
}

// mostChart is how many files a local chart may have.
const mostChart = 500

// copyChart puts a private copy of the local chart into the folder that the command names by its last argument.
func (w *work) copyChart() error {
	c := w.command
	charted := c.Tool == helmTool && slices.Contains([]string{"install", "upgrade", "template", "show", "lint", "verify", "dependency"}, c.Path[0])
	if !charted || len(c.Args) == 0 {
		return nil
	}
	chart := c.Args[len(c.Args)-1]
	if strings.HasPrefix(chart, "oci://") {
		return w.bound(chart)
	}
	parent, name := cmp.Or(w.runner.options.Folder, "."), filepath.Clean(chart)
	if filepath.IsAbs(chart) {
		parent, name = filepath.Split(name)
	}
	root, err := os.OpenRoot(parent)
	if err != nil {
		return fmt.Errorf("read the chart: %w", err)
	}
	defer func() { _ = root.Close() }()
	before := len(w.files)
	err = fs.WalkDir(root.FS(), filepath.ToSlash(name), func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if len(w.files)-before == mostChart {
			return fmt.Errorf("it has more than %d files", mostChart)
		}
		return w.copyFile(path.Join(chart, strings.TrimPrefix(strings.TrimPrefix(at, filepath.ToSlash(name)), "/")))
	})
	if err != nil {
		return fmt.Errorf("read the chart %s (name a local folder, or oci://HOST/PATH): %w", chart, err)
	}
	for i, word := range w.argv {
		if word == chart && filepath.IsAbs(chart) {
			w.argv[i] = w.private(chart)
		}
	}
	return nil
}

// bound refuses a chart of a registry that may be another one by the time it is installed: it is fetched anew for each look and
// for the run, and whoever serves it could count.
func (w *work) bound(chart string) error {
	if w.reads() || strings.Contains(chart, "@sha256:") {
		return nil
	}
	return fmt.Errorf("the chart %s may be another one each time that it is fetched: name it by its digest (%s@sha256:...), or fetch it and name the folder", chart, chart)
}
