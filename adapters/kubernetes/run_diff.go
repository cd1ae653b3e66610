package kubernetes

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"clanker/adapters"
)

// touch is an object that a command touches: as it is, and as it would be, either of which may not exist.
type touch struct {
	before, after object
	action        adapters.Action
	version       string // when it is not that of before
}

// either is the object as it is, or else as it would be.
func (t touch) either() object {
	if t.before.exists() {
		return t.before
	}
	return t.after
}

// plain are both sides with only what is wanted, and their secrets masked.
func (t touch) plain() (before, after map[string]any) {
	if t.before.exists() {
		before = wanted(t.before, t.before).Object
	}
	if t.after.exists() {
		after = wanted(t.after, t.before).Object
	}
	secret := t.either().GetKind() == "Secret"
	return hide(before, after, masking{secret, ""}), hide(after, before, masking{secret, " another value"})
}

func hide(o, other map[string]any, m masking) map[string]any {
	if o == nil {
		return nil
	}
	masked, _ := m.mask("", o, other).(map[string]any)
	return masked
}

// masking hides the secrets of one side of an object.
type masking struct {
	secret bool   // the object is a Secret
	mark   string // behind a value that differs from the other side's
}

// mask replaces the secrets in a value: what a Secret holds, what stands under the name of a secret, and variables and flags
// of such names. That a secret changes is seen, and the secret is not.
func (m masking) mask(key string, value, other any) any {
	switch v := value.(type) {
	case map[string]any:
		return m.maskMap(key, v, other)
	case []any:
		return m.maskList(key, v, other)
	case string:
		return adapters.RedactText(v)
	default:
		return value
	}
}

func (m masking) maskMap(key string, from map[string]any, other any) any {
	there, _ := other.(map[string]any)
	name, _ := from["name"].(string)
	masked := make(map[string]any, len(from))
	for k, item := range from {
		_, text := item.(string)
		held := m.secret && (key == "data" || key == "stringData")
		if held || text && (adapters.SecretKey(k) || k == "value" && adapters.SecretKey(name)) {
			masked[k] = m.hidden(item, there[k])
		} else {
			masked[k] = m.mask(k, item, there[k])
		}
	}
	return masked
}

func (m masking) maskList(key string, from []any, other any) any {
	masked := make([]any, len(from))
	flag := ""
	for i, item := range from {
		there := counterpart(item, i, other)
		if text, ok := item.(string); ok && strings.HasPrefix(flag, "-") && adapters.SecretKey(flag) {
			masked[i], flag = m.hidden(text, there), ""
			continue
		}
		masked[i] = m.mask(key, item, there)
		flag, _ = item.(string)
	}
	return masked
}

func (m masking) hidden(value, other any) string {
	if m.mark != "" && other != nil && !same(value, other) {
		return adapters.Redacted + m.mark
	}
	return adapters.Redacted
}

// counterpart is the item of the other list that goes by the same name, or stands at the same place.
func counterpart(item any, at int, other any) any {
	list, _ := other.([]any)
	if named, ok := item.(map[string]any); ok && named["name"] != nil {
		for _, candidate := range list {
			if c, ok := candidate.(map[string]any); ok && c["name"] == named["name"] {
				return c
			}
		}
		return nil
	}
	if at < len(list) {
		return list[at]
	}
	return nil
}

func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// shortNames are the fields that people have words for; * stands for the one container.
var shortNames = [...][2]string{
	{"spec.replicas", "replicas"}, {"spec.paused", "paused"}, {"spec.unschedulable", "unschedulable"}, {"spec.suspend", "suspended"}, {"spec.revision", "revision"},
	{"metadata.labels.", "label."}, {"metadata.annotations.", "annotation."}, {"spec.template.metadata.annotations." + restartedAnnotation, "restarted"},
	{"spec.template.spec.containers.", "container."}, {"spec.template.spec.", "template."}, {"spec.template.metadata.", "template."},
}

// mostFields is how many fields of one resource may change: all are told, since policies decide on them, and whoever wanted one
// not to be seen would change many others.
const mostFields = 1000

// fields tells what differs, sorted by name.
func (t touch) fields() []adapters.Field {
	if !t.before.exists() || !t.after.exists() {
		return t.summary()
	}
	before, after := t.plain()
	old, now := map[string]string{}, map[string]string{}
	flatten("", before, old)
	flatten("", after, now)
	filled(old, now)
	filled(now, old)
	var found []adapters.Field
	for _, path := range slices.Sorted(maps.Keys(maps.Collect(both(old, now)))) {
		if old[path] != now[path] {
			found = append(found, adapters.Field{Name: shorten(path), Before: old[path], After: now[path]})
		}
	}
	slices.SortFunc(found, func(a, b adapters.Field) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// filled drops what is empty on one side where the other has something in it, which tells as much.
func filled(side, other map[string]string) {
	for path := range other {
		for at := strings.LastIndexByte(path, '.'); at >= 0; at = strings.LastIndexByte(path[:at], '.') {
			if empty := side[path[:at]]; empty == "{}" || empty == "[]" {
				delete(side, path[:at])
			}
		}
	}
}

// changed reports whether the object would be another one. Fields tell less: not the order of a list.
func (t touch) changed() bool {
	before, after := t.plain()
	return !same(before, after)
}

// summary is what a policy wants to know of an object that comes or goes.
func (t touch) summary() []adapters.Field {
	replicas, ok := numberAt(t.either(), "spec", "replicas")
	switch {
	case !ok:
		return nil
	case t.after.exists():
		return []adapters.Field{{Name: "replicas", After: fmt.Sprint(replicas)}}
	default:
		return []adapters.Field{{Name: "replicas", Before: fmt.Sprint(replicas)}}
	}
}

func both(a, b map[string]string) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for _, m := range []map[string]string{a, b} {
			for k, v := range m {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// flatten spells every value within a value by its path. Items of lists go by their names where they have any.
func flatten(path string, value any, into map[string]string) {
	join := func(key string) string { return strings.TrimPrefix(path+"."+key, ".") }
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 { // means something by being there: an empty selector selects all
			into[path] = "{}"
		}
		for key, item := range v {
			flatten(join(key), item, into)
		}
	case []any:
		if len(v) == 0 {
			into[path] = "[]"
		}
		taken := map[string]bool{}
		for i, item := range v {
			key := fmt.Sprint(i)
			if named, ok := item.(map[string]any); ok && named["name"] != nil {
				key = fmt.Sprint(named["name"])
			}
			for taken[key] { // a user and a group may have the same name: neither hides the other
				key += "'"
			}
			taken[key] = true
			flatten(join(key), item, into)
		}
	case nil:
	default:
		into[path] = fmt.Sprint(v)
	}
}

func shorten(path string) string {
	for _, pair := range shortNames {
		if rest, ok := strings.CutPrefix(path, pair[0]); ok && (rest == "" || strings.HasSuffix(pair[0], ".")) {
			path = pair[1] + rest
			break
		}
	}
	if rest, ok := strings.CutPrefix(path, "container."); ok { // container.app.image is image.app
		if name, ok := strings.CutSuffix(rest, ".image"); ok {
			return "image." + name
		}
	}
	return path
}

// diff shows what changes, as a person reads it.
func (t touch) diff() string {
	kind, name := nameOf(t.either())
	what := strings.TrimSpace(fmt.Sprintf("%s %s %s", kind, name, inNamespace(t.either().GetNamespace())))
	if !t.after.exists() {
		return fmt.Sprintf("%s %s\n", t.action, what)
	}
	before, after := t.plain()
	text := adapters.Difference(spell(before), spell(after))
	if text == "" {
		return "unchanged " + what + "\n"
	}
	return fmt.Sprintf("%s %s\n%s", t.action, what, text)
}

func spell(o map[string]any) string {
	if o == nil {
		return ""
	}
	text, err := yaml.Marshal(o)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return ""
	}
	return "in " + namespace
}
