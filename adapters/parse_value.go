package adapters

import (
	"fmt"
	"regexp"
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
	return value != "-" && !strings.Contains(lower, "file://") && !strings.Contains(lower, "fileb://") && !strings.Contains(lower, "@=")
}

// isPath tells a local path that stays where it says it is, and that names nothing hidden: those are settings and keys.
func isPath(value string) bool {
	if strings.Contains(value, "://") || strings.ContainsAny(value, "~*?[\\") {
		return false
	}
	for i, part := range strings.Split(value, "/") {
		if strings.HasPrefix(part, ".") && (part != "." || i > 0) || strings.HasPrefix(part, "-") || part == "" && i > 0 && i < strings.Count(value, "/") {
			return false
		}
	}
	for _, system := range []string{"/etc/", "/proc/", "/sys/", "/dev/", "/root/"} {
		if strings.HasPrefix(value+"/", system) {
			return false
		}
	}
	return true
}
