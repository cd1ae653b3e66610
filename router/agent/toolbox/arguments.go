package toolbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mostArguments is how long the arguments of a call may be, in bytes.
const mostArguments = 16 << 10

// understand reads what a model wrote for arguments, and checks it.
func (t *tool) understand(written string) (map[string]any, error) {
	if len(written) > mostArguments {
		return nil, fmt.Errorf("the arguments are longer than %d bytes", mostArguments)
	}
	object, err := objectIn(written)
	if err != nil {
		return nil, err
	}
	args := map[string]any{}
	for name, value := range object {
		i := slices.IndexFunc(t.takes, func(p parameter) bool { return alike(p.name, name) })
		if i >= 0 {
			name, value = t.takes[i].name, t.takes[i].tidy(value)
		}
		if !nothing(value) {
			args[name] = value
		}
	}
	return args, t.check(args)
}

// objectIn reads an object, an object in a string, or nothing.
func objectIn(written string) (map[string]any, error) {
	var value any
	if written = strings.TrimSpace(written); written != "" && !slices.Contains(empties, strings.ToLower(written)) {
		if err := json.Unmarshal([]byte(written), &value); err != nil {
			return nil, fmt.Errorf("the arguments are no JSON: %w", err)
		}
	}
	if inner, ok := value.(string); ok && len(inner) < len(written) {
		return objectIn(inner)
	}
	switch value := value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return value, nil
	default:
		return nil, errors.New("the arguments are no JSON object")
	}
}

// empties are what models write where they mean nothing.
var empties = []string{"", "null", "none", "undefined", "{}", "[]"}

func nothing(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return slices.Contains(empties, strings.ToLower(strings.TrimSpace(value)))
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// alike reports whether two names differ in case and dashes alone: nameSpace, name-space.
func alike(a, b string) bool {
	plain := strings.NewReplacer("-", "", "_", "")
	return strings.EqualFold(plain.Replace(a), plain.Replace(b))
}

// tidy makes of a value the one of the parameter's type that is plainly meant; without one it stays.
func (p parameter) tidy(value any) any {
	if list, ok := value.([]any); ok && len(list) == 1 && p.sort != "array" {
		value = list[0]
	}
	written, isText := value.(string)
	written = strings.TrimSpace(written)
	switch {
	case p.sort == "array":
		return listIn(value)
	case p.sort == "string":
		return p.word(value)
	case !isText:
		return value
	case p.sort == "integer":
		if n, err := strconv.Atoi(written); err == nil {
			return float64(n)
		}
	case p.sort == "boolean":
		if b, err := strconv.ParseBool(strings.ToLower(written)); err == nil {
			return b
		}
	}
	return value
}

// everywhere are the words for no place in particular, of those parameters that say where.
var everywhere = []string{"*", "all", "any"}

// word is a value of a text: numbers are written out, and one of a few words is found in whatever case.
func (p parameter) word(value any) any {
	switch v := value.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case string:
		v = strings.TrimSpace(v)
		if i := slices.IndexFunc(p.one, func(one string) bool { return strings.EqualFold(one, v) }); i >= 0 {
			return p.one[i]
		}
		if isPlace(p.name) && slices.Contains(everywhere, strings.ToLower(v)) {
			return nil
		}
		return v
	}
	return value
}

// listIn makes a list of one value, of several with commas, and of a list in a string.
func listIn(value any) any {
	written, ok := value.(string)
	if !ok {
		return value
	}
	var list []any
	if json.Unmarshal([]byte(written), &list) == nil {
		return list
	}
	for part := range strings.SplitSeq(written, ",") {
		if part = strings.TrimSpace(part); !nothing(part) {
			list = append(list, part)
		}
	}
	return list
}
