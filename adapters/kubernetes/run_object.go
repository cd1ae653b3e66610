package kubernetes

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"clanker/adapters"
)

// object is an object of the API of any kind; nil is one that does not exist.
type object struct{ *unstructured.Unstructured }

func (o object) exists() bool { return o.Unstructured != nil }

// mostObjects is how many objects one command may touch: nobody can look through more.
const mostObjects = 500

// parseObjects reads what kubectl -o json prints: nothing, an object, a list, or several of them.
func parseObjects(text []byte) ([]object, error) {
	var found []object
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the objects: %w", err)
		}
		one := &unstructured.Unstructured{}
		if err := one.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("read an object: %w", err)
		}
		if !one.IsList() {
			found = append(found, object{one})
			continue
		}
		list, err := one.ToList()
		if err != nil {
			return nil, fmt.Errorf("read a list: %w", err)
		}
		for i := range list.Items {
			found = append(found, object{&list.Items[i]})
		}
	}
}

// get returns what kubectl get finds.
func (w *work) get(ctx context.Context, args ...string) ([]object, error) {
	said, err := w.ask(ctx, append(append([]string{"get"}, args...), "--ignore-not-found", "--output", "json")...)
	if err != nil {
		return nil, err
	}
	found, err := parseObjects(said)
	if err == nil && len(found) > mostObjects {
		err = fmt.Errorf("it touches %d objects, which is more than anybody can look through: narrow it to %d at most", len(found), mostObjects)
	}
	return found, err
}

// reread returns these objects as they are now, by their IDs; what does not exist is not among them.
func (w *work) reread(ctx context.Context, touches []touch) (map[string]object, error) {
	if w.command.Tool == helmTool {
		return w.rereadHelm(ctx)
	}
	asks := map[string][]string{} // by namespace
	for _, t := range touches {
		o := t.either()
		kind := o.GetKind()
		if gvk := o.GroupVersionKind(); gvk.Group != "" {
			kind = strings.Join([]string{gvk.Kind, gvk.Version, gvk.Group}, ".")
		}
		if o.GetName() != "" {
			asks[o.GetNamespace()] = append(asks[o.GetNamespace()], kind+"/"+o.GetName())
		}
	}
	found := map[string]object{}
	for _, namespace := range slices.Sorted(maps.Keys(asks)) {
		args := asks[namespace]
		if namespace != "" {
			args = append(args, "--namespace", namespace)
		}
		objects, err := w.get(ctx, args...)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			found[w.idOf(o)] = o
		}
	}
	return found, nil
}

// kindNames are the words of the vocabulary that are not the kind in small letters.
var kindNames = [...][2]string{
	{"persistentvolumeclaim", string(adapters.KindVolumeClaim)}, {"persistentvolume", string(adapters.KindVolume)},
	{"horizontalpodautoscaler", string(adapters.KindAutoscaler)}, {"poddisruptionbudget", string(adapters.KindBudget)},
}

// kindOf is the word of the vocabulary for an object's kind. To a kind of somebody else's its group belongs: there are other
// services than those of Kubernetes.
func kindOf(o object) adapters.Kind {
	kind := strings.ToLower(o.GetKind())
	if group := o.GroupVersionKind().Group; strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
		return adapters.Kind(kind + "." + group)
	}
	for _, pair := range kindNames {
		if pair[0] == kind {
			return adapters.Kind(pair[1])
		}
	}
	return adapters.Kind(kind)
}

// nameOf is the name by which the workspace knows the object; of ConfigMaps and Secrets the kind is a part of it.
func nameOf(o object) (adapters.Kind, string) {
	name := o.GetName()
	if name == "" {
		name = o.GetGenerateName() + "*" // the API server makes up the rest
	}
	switch kind := kindOf(o); kind {
	case "configmap", "secret":
		return adapters.KindConfig, config{string(kind), name}.id()
	default:
		return kind, name
	}
}

func (w *work) idOf(o object) string {
	kind, name := nameOf(o)
	return w.access.session.id(kind, o.GetNamespace(), name)
}

// version changes whenever somebody changes what is wanted of the object, and only then: with its generation where the API
// server counts one, else with all that is not the object's own account of itself.
func (o object) version() string {
	if !o.exists() {
		return ""
	}
	uid := string(o.GetUID())
	if generation := o.GetGeneration(); generation > 0 {
		return fmt.Sprintf("%s generation %d", uid, generation)
	}
	if o.GetKind() == "Secret" { // a digest of what it holds could be guessed from
		return fmt.Sprintf("%s version %s", uid, o.GetResourceVersion())
	}
	text, err := json.Marshal(wanted(o, o).Object)
	if err != nil {
		return uid + " " + o.GetResourceVersion()
	}
	sum := sha256.Sum256(text)
	return uid + " sha256 " + hex.EncodeToString(sum[:8])
}

// moving are the fields that change without anybody wanting it.
var moving = [...][]string{
	{"status"}, {"metadata", "managedFields"}, {"metadata", "resourceVersion"}, {"metadata", "uid"}, {"metadata", "generation"},
	{"metadata", "creationTimestamp"}, {"metadata", "selfLink"}, {"metadata", "deletionTimestamp"}, {"metadata", "deletionGracePeriodSeconds"},
	{"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"}, {"metadata", "annotations", "deployment.kubernetes.io/revision"},
	{"metadata", "annotations", "control-plane.alpha.kubernetes.io/leader"}, {"metadata", "annotations", "deprecated.daemonset.template.generation"},
}

// drawn are the fields that the API server draws by lot when it creates an object.
var drawn = [...][]string{
	{"spec", "clusterIP"}, {"spec", "clusterIPs"}, {"spec", "healthCheckNodePort"},
	{"metadata", "labels", "controller-uid"}, {"metadata", "labels", "batch.kubernetes.io/controller-uid"},
	{"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"},
	{"spec", "template", "metadata", "labels", "controller-uid"}, {"spec", "template", "metadata", "labels", "batch.kubernetes.io/controller-uid"},
}

// wanted is a copy of an object with only what somebody wants of it. What is drawn by lot is left out where it does not
// exist before.
func wanted(o, before object) object {
	plain := object{o.DeepCopy()}
	for _, path := range moving {
		unstructured.RemoveNestedField(plain.Object, path...)
	}
	for _, path := range [...][]string{{"metadata", "annotations"}, {"metadata", "labels"}} {
		if m, ok, _ := unstructured.NestedMap(plain.Object, path...); ok && len(m) == 0 {
			unstructured.RemoveNestedField(plain.Object, path...)
		}
	}
	if plain.GetKind() == "Node" {
		withoutCondition(plain.Object)
	}
	if before.exists() {
		return plain
	}
	for _, path := range drawn {
		unstructured.RemoveNestedField(plain.Object, path...)
	}
	if plain.GetGenerateName() != "" {
		plain.SetName("")
	}
	drawnIn(plain.Object)
	return plain
}

// withoutCondition drops the taints by which the controllers say what state a node is in.
func withoutCondition(node map[string]any) {
	spec, _ := node["spec"].(map[string]any)
	taints, ok := spec["taints"].([]any)
	if !ok {
		return
	}
	taints = slices.DeleteFunc(taints, func(taint any) bool {
		t, _ := taint.(map[string]any)
		key, _ := t["key"].(string)
		return strings.HasPrefix(key, "node.kubernetes.io/")
	})
	if spec["taints"] = taints; len(taints) == 0 {
		delete(spec, "taints")
	}
}

// drawnIn drops what is drawn within lists: ports of nodes, and the volume of a pod's token.
func drawnIn(o map[string]any) {
	spec, _ := o["spec"].(map[string]any)
	ports, _ := spec["ports"].([]any)
	for _, port := range ports {
		if port, ok := port.(map[string]any); ok {
			delete(port, "nodePort")
		}
	}
	token := func(v any) bool {
		named, _ := v.(map[string]any)
		name, _ := named["name"].(string)
		return strings.HasPrefix(name, "kube-api-access-")
	}
	if volumes, ok := spec["volumes"].([]any); ok {
		spec["volumes"] = slices.DeleteFunc(volumes, token)
	}
	for _, list := range [...]string{"containers", "initContainers"} {
		containers, _ := spec[list].([]any)
		for _, c := range containers {
			if c, ok := c.(map[string]any); ok {
				if mounts, ok := c["volumeMounts"].([]any); ok {
					c["volumeMounts"] = slices.DeleteFunc(mounts, token)
				}
			}
		}
	}
}
