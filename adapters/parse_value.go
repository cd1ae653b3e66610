package adapters

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// choices are the values that are accepted in one place, as the table writes them: json|yaml|jsonpath=<text>.
type choices struct {
	text string
	any  []choice
}

// choice is a literal, or text around a shape.
type choice struct {
	before, after string
	shape         func(string) bool // nil: a literal, which is before
}

func (c choices) fit(value string) bool {
	for _, one := range c.any {
		if one.fits(value) {
			return true
		}
	}
	return false
}

func (c choice) fits(value string) bool {
	if c.shape == nil {
		return value == c.before
	}
	middle, ok := strings.CutPrefix(value, c.before)
	if !ok {
		return false
	}
	middle, ok = strings.CutSuffix(middle, c.after)
	return ok && middle != "" && c.shape(middle)
}

// newChoices reads what stands behind = in a table; shapes are the table's own.
func newChoices(text string, shapes map[string]*regexp.Regexp) (choices, error) {
	c := choices{text: text}
	for part := range strings.SplitSeq(text, "|") {
		before, rest, shaped := strings.Cut(part, "<")
		name, after, closed := strings.Cut(rest, ">")
		if part == "" || shaped != closed || strings.ContainsAny(after, "<>") {
			return c, fmt.Errorf("%q is not values divided by |", text)
		}
		one := choice{before: before, after: after}
		if shaped {
			if one.shape = shapeOf(name, shapes); one.shape == nil {
				return c, fmt.Errorf("unknown shape <%s>", name)
			}
		}
		c.any = append(c.any, one)
	}
	return c, nil
}

func shapeOf(name string, own map[string]*regexp.Regexp) func(string) bool {
	if pattern, ok := own[name]; ok {
		return pattern.MatchString
	}
	switch name {
	case "text":
		return isText
	case "file":
		return func(value string) bool { return !strings.HasPrefix(value, "/") && isPath(value) }
	case "path":
		return isPath
	case "ref":
		return isRef
	case "json":
		return func(value string) bool { return json.Valid([]byte(value)) && !strings.Contains(value, `\u`) }
	case "sqlread":
		return func(value string) bool { return onlySQL(value, readingSQL()) }
	case "sqladd":
		return func(value string) bool { return onlySQL(value, addingSQL()) }
	}
	if pattern, ok := builtinShapes()[name]; ok {
		return pattern.MatchString
	}
	return nil
}

// isText tells text that no tool takes for something else. The AWS CLI loads file:// and http:// as a value, and file://
// inside its short notation; az expands @file; gh and others read - from stdin.
func isText(value string) bool {
	lower := strings.ToLower(value)
	for _, begin := range []string{"http://", "https://", "@", "~"} {
		if strings.HasPrefix(lower, begin) {
			return false
		}
	}
	return value != "-" && !strings.Contains(lower, "file://") && !strings.Contains(lower, "fileb://") && !strings.Contains(lower, "@=") && !strings.Contains(lower, "=@")
}

// isRef tells a name that has parts: an ARN, an image, a kind and a name. It is not a URL and leads nowhere else.
func isRef(value string) bool {
	return refPattern.MatchString(value) && !strings.Contains(value, "://") && !strings.Contains(value, "..")
}

var refPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:/@+=,%-]*$`)

// pathPattern leaves out what some tool takes for more than one path (a comma), for a key and a path (=), for a pattern, or
// for a repository (a colon).
var pathPattern = regexp.MustCompile(`^[\p{L}\p{N}_./+-]+$`)

// isPath tells a local path that leads where it says, and to nothing hidden: those are settings and keys.
func isPath(value string) bool {
	parts := strings.Split(strings.TrimSuffix(value, "/"), "/")
	if !pathPattern.MatchString(value) || len(parts) > 1 && parts[0] != "." && strings.Contains(parts[0], ".") { // github.com/o/r
		return false
	}
	for i, part := range parts {
		first := i == 0 && (part == "." || part == "" && len(parts) > 1)
		if !first && (part == "" || part[0] == '.' || part[0] == '-') {
			return false
		}
	}
	return !slices.ContainsFunc([]string{"/etc/", "/proc/", "/sys/", "/dev/", "/root/"}, func(system string) bool {
		return strings.HasPrefix(value+"/", system)
	})
}
