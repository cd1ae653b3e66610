package claims

import (
	"fmt"
	"regexp"
	"strings"
)

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
