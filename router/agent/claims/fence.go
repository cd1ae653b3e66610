package claims

import (
	"fmt"
	"regexp"
	"strings"
)

// What is looked for at the beginning of a line, of a tool's result and of a model's answer.
const (
	asked = "asked: "

	// LinkKey is the key of a resource's link, which a provider gave: it may be passed on.
	LinkKey = "link"
	// CommandKey is the key of a command that a model proposes.
	CommandKey = "COMMAND"
)

// Asked returns the line of a result that repeats what the tool was asked: the model's own words, which prove nothing.
func Asked(text string) string { return asked + text }

// mostFenced is how long a text within a fence is at most, in bytes.
const mostFenced = 4000

// Fence returns what others wrote (a log line, an event's message, an annotation) as data for a model: between two marks that hold id,
// which is the same for one answer and which nobody can guess. Nothing within can end the fence; what is long is cut.
func Fence(id, kind, text string) string {
	text = strings.ReplaceAll(clean(text), id, "…")
	text = fenceMarks.ReplaceAllString(text, "‹$1")
	if len(text) > mostFenced {
		short := strings.ToValidUTF8(text[:mostFenced], "")
		text = fmt.Sprintf("%s\n[cut: %d bytes more]", short, len(text)-len(short))
	}
	return fmt.Sprintf("<untrusted-%s kind=%q>\n%s\n</untrusted-%s>", id, strings.Join(strings.Fields(clean(kind)), " "), text, id)
}

var fenceMarks = regexp.MustCompile(`(?i)<(\s*/?\s*untrusted)`)

var fenceStart = regexp.MustCompile(`^<untrusted-([^ >]+) kind="[^"]*">$`)

// within is the id of the fence that a text is in behind a line, empty outside of fences.
func within(fence, line string) string {
	if m := fenceStart.FindStringSubmatch(line); fence == "" && m != nil {
		return m[1]
	}
	if line == "</untrusted-"+fence+">" {
		return ""
	}
	return fence
}
