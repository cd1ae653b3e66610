package telemetry

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"clanker/adapters"
)

// How many parts of one value are logged, and how deeply groups and the values in them may nest: enough for what a person
// reads, and an end to values that are huge or contain themselves.
const (
	maxParts = 1000
	maxDepth = 8
)

const (
	cut        = "[cut]"         // stands for what comes after maxParts
	unreadable = "[unprintable]" // stands for what panicked or failed while it was asked for its text
)

// any makes plain maps, lists, strings and numbers of a value of any type, clean: what the handlers behind would otherwise
// spell by themselves, each in its own way.
func (c cleaner) any(value any) (clean any) {
	defer func() {
		if recover() != nil {
			clean = unreadable
		}
	}()
	w := walker{cleaner: c, left: maxParts}
	return w.walk(reflect.ValueOf(value), false)
}

type walker struct {
	cleaner
	left int
}

// walk returns what a value says of itself, if it says something, or else what it is made of.
func (w *walker) walk(v reflect.Value, secret bool) any {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil
	}
	if w.left--; w.left < 0 {
		return cut
	}
	if secret {
		return masked(slog.AnyValue(v.Interface())).Any()
	}
	if v.Type().NumMethod() > 0 || v.Kind() == reflect.Struct {
		if said, ok := w.said(v); ok {
			return said
		}
	}
	return w.parts(v)
}

// said asks a value for its own words. It asks a copy by its address, for methods may be those of the pointer: that of
// [url.Userinfo] writes a password down.
func (w *walker) said(v reflect.Value) (any, bool) {
	if v.Kind() != reflect.Pointer {
		held := reflect.New(v.Type())
		held.Elem().Set(v)
		v = held
	}
	switch own := v.Interface().(type) {
	case *url.Userinfo:
		return adapters.Redacted, true
	case *slog.Attr:
		return unwrapped(w.value(slog.GroupValue(*own), false)), true
	case *json.Number:
		if w.text(own.String()) == own.String() {
			return *own, true
		}
		return adapters.Redacted, true
	case slog.LogValuer:
		return unwrapped(w.value(slog.AnyValue(own).Resolve(), false)), true
	case error:
		return w.text(fmt.Sprint(own)), true
	case json.Marshaler:
		return w.marshaled(own), true
	case encoding.TextMarshaler:
		text, err := own.MarshalText()
		if err != nil {
			return unreadable, true
		}
		return w.text(string(text)), true
	case fmt.Stringer:
		return w.text(fmt.Sprint(own)), true
	}
	return nil, false
}

// unwrapped makes a map of a group, for where a group cannot stand.
func unwrapped(v slog.Value) any {
	if v.Kind() != slog.KindGroup {
		return v.Any()
	}
	group := map[string]any{}
	for _, a := range v.Group() {
		group[a.Key] = unwrapped(a.Value)
	}
	return group
}

// marshaled reads back what a value writes as JSON, so that its keys are seen.
func (w *walker) marshaled(own json.Marshaler) any {
	raw, err := json.Marshal(own)
	if err != nil {
		return unreadable
	}
	var read any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&read); err != nil {
		return unreadable
	}
	return w.walk(reflect.ValueOf(read), false)
}

func (w *walker) parts(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		return w.walk(v.Elem(), false)
	case reflect.String:
		return w.text(v.String())
	case reflect.Struct:
		return w.fields(v)
	case reflect.Map:
		return w.entries(v)
	case reflect.Slice, reflect.Array:
		return w.list(v)
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return v.Type().String()
	default:
		return v.Interface()
	}
}

// fields are those that JSON would show, by the name that it would give them.
func (w *walker) fields(v reflect.Value) any {
	fields := map[string]any{}
	for field, value := range v.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		secret := adapters.SecretKey(field.Name) || adapters.SecretKey(name)
		if name == "" {
			name = field.Name
		}
		fields[name] = w.walk(value, secret)
	}
	return paired(fields)
}

func (w *walker) entries(v reflect.Value) any {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	entries := map[string]any{}
	for _, k := range keys {
		if w.left <= 0 {
			entries[cut] = len(keys) - len(entries)
			break
		}
		key := fmt.Sprint(w.walk(k, false))
		entries[key] = w.walk(v.MapIndex(k), adapters.SecretKey(key))
	}
	return paired(entries)
}

// paired masks the value of a pair whose name is a secret's, as environment variables are in Kubernetes.
func paired(parts map[string]any) map[string]any {
	for _, pair := range [][2]string{{"name", "value"}, {"Name", "Value"}, {"key", "value"}, {"Key", "Value"}} {
		if name, _ := parts[pair[0]].(string); adapters.SecretKey(name) && parts[pair[1]] != nil {
			parts[pair[1]] = adapters.Redacted
		}
	}
	return parts
}

// list looks at the words of a command together, as a flag and its value are two of them.
func (w *walker) list(v reflect.Value) any {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return w.text(octets(v))
	}
	list := []any{}
	flag := false
	for i := range v.Len() {
		if w.left <= 0 {
			return append(list, cut)
		}
		part := w.walk(v.Index(i), flag)
		word, _ := part.(string)
		flag = strings.HasPrefix(word, "-") && adapters.SecretKey(word)
		list = append(list, part)
	}
	return list
}

func octets(v reflect.Value) string {
	text := make([]byte, v.Len())
	for i := range text {
		text[i] = byte(v.Index(i).Uint())
	}
	return string(text)
}
