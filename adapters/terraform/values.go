package terraform

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
)

// What is told in place of a value.
const (
	sensitive = "(sensitive)"
	unknown   = "(known after apply)"
)

// longest is how much of a value is told, in bytes; what is longer is cut, and told by its digest.
const longest = 256

// leaf is a value of an attribute: as it is, to be compared, and as it may be told.
type leaf struct{ raw, text string }

// leaves are the values of a resource by the paths of their attributes: tags.team, ingress.0.port. Nulls are left out.
type leaves map[string]leaf

// object is a value in terraform's JSON and what its JSON says beside it: which parts are sensitive, which unknown yet. Both
// have the shape of the value, with true wherever it is so for the part and all below it.
type object struct{ value, sensitive, unknown any }

// secrets are strings that terraform marks as sensitive somewhere.
type secrets map[string]bool

// shortestSecret is the length, in bytes, from which on a value that holds a sensitive one is taken for a copy of it.
const shortestSecret = 6

// add collects the strings that are sensitive in an object.
func (s secrets) add(o object) {
	text, isText := o.value.(string)
	if isText && o.sensitive == true && len(text) >= shortestSecret {
		s[text] = true
	}
	for _, key := range o.keys() {
		s.add(o.child(key))
	}
}

// in reports whether a text holds one of them.
func (s secrets) in(text string) bool {
	for secret := range s {
		if strings.Contains(text, secret) {
			return true
		}
	}
	return false
}

// leavesOf takes a resource apart. One that is sensitive or unknown as a whole is a leaf by itself; one of nothing has none.
func leavesOf(o object, hidden secrets) leaves {
	found := leaves{}
	if o.sensitive == true || o.unknown == true {
		found.add("(all)", o, hidden)
		return found
	}
	for _, key := range o.keys() {
		found.add(join("", key), o.child(key), hidden)
	}
	return found
}

func (l leaves) add(path string, o object, hidden secrets) {
	keys := o.keys()
	switch {
	case o.unknown == true:
		l[path] = leaf{unknown, told(path, unknown)}
	case o.sensitive == true && o.value != nil:
		l[path] = leaf{"=" + encoded(o.value), told(path, sensitive)}
	case len(keys) > 0:
		for _, key := range keys {
			l.add(join(path, key), o.child(key), hidden)
		}
	case o.value != nil:
		text := encoded(o.value)
		if word, ok := o.value.(string); ok && word != "" {
			text = word
		}
		shown := text
		if hidden.in(text) {
			shown = sensitive
		}
		l[path] = leaf{"=" + encoded(o.value), told(path, shown)}
	}
}

// keys are the names or numbers of what is in an object, or will be, sorted.
func (o object) keys() []string {
	all := map[string]bool{}
	for _, part := range []any{o.value, o.unknown} {
		switch part := part.(type) {
		case map[string]any:
			for key := range part {
				all[key] = true
			}
		case []any:
			for i := range part {
				all[strconv.Itoa(i)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func (o object) child(key string) object {
	o.value, o.unknown = part(o.value, key), part(o.unknown, key)
	if o.sensitive != true {
		o.sensitive = part(o.sensitive, key)
	}
	return o
}

func part(of any, key string) any {
	switch of := of.(type) {
	case map[string]any:
		return of[key]
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i < len(of) {
			return of[i]
		}
	}
	return nil
}

// join puts a key behind a path; one that could be taken for several is quoted.
func join(path, key string) string {
	if key == "" || strings.ContainsAny(key, `."`) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

func encoded(value any) string {
	text, err := json.Marshal(value) // keys of maps are sorted
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// told is a value as it may be told under a name: redacted just as the workspace does it once more, and not too long.
func told(name, text string) string {
	if adapters.SecretKey(name) {
		return adapters.Redacted
	}
	text = adapters.RedactText(text)
	if len(text) > longest {
		text = fmt.Sprintf("%s... (%d bytes, SHA-256 %s)", strings.ToValidUTF8(text[:longest/2], ""), len(text), adapters.Digest("clanker.value.v1", []byte(text)))
	}
	return text
}

// changed are the fields that differ, sorted by name. What becomes unknown as a whole is told by the values that it has now.
func changed(before, after leaves) []adapters.Field {
	names := leaves{}
	maps.Copy(names, before)
	maps.Copy(names, after)
	var fields []adapters.Field
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, is := before[name], after[name]
		if is.raw == unknown && before.below(name) {
			continue
		}
		if is.raw == "" && after.covers(name) {
			is = leaf{unknown, told(name, unknown)}
		}
		if was.raw != is.raw {
			fields = append(fields, adapters.Field{Name: name, Before: was.text, After: is.text})
		}
	}
	return fields
}

// below reports whether there are values under a path.
func (l leaves) below(path string) bool {
	for name := range l {
		if strings.HasPrefix(name, path+".") {
			return true
		}
	}
	return false
}

// covers reports whether a path is part of a value that is unknown as a whole.
func (l leaves) covers(path string) bool {
	for name, value := range l {
		if value.raw == unknown && strings.HasPrefix(path, name+".") {
			return true
		}
	}
	return false
}
