package router

import (
	"fmt"
	"slices"
	"strings"

	"clanker/adapters"
)

// explanation is what a model made of what was read, quoted, so that it cannot pass for anything else; at most half of the text.
func (w *writer) explanation() string {
	if w.a.Explanation == "" {
		return ""
	}
	var t strings.Builder
	for line := range strings.Lines(w.a.Explanation) {
		line = "> " + Printable(strings.TrimRight(line, "\r\n")) + "\n"
		if t.Len()+len(line) > w.limits.Bytes/2 {
			t.WriteString("> (cut: all of it is in the field explanation)\n")
			break
		}
		t.WriteString(line)
	}
	return t.String()
}

// mostUnverified is how many of what a model said without having read it the text names.
const mostUnverified = 6

// model says who wrote the explanation, what that cost, and what of it nothing bears out.
func (w *writer) model() string {
	m := w.a.Usage.Model
	if m == nil || m.Steps == 0 { // none was asked
		return ""
	}
	price := "cost unknown"
	if m.CostUSD != USD(nil) {
		price = m.CostUSD + " USD"
	}
	text := fmt.Sprintf("model: %s, %s, %s, %d tokens, %s", Printable(m.Name), adapters.Count(m.Steps, "step"), adapters.Count(m.ToolCalls, "tool call"), m.Input+m.Output, price)
	if len(w.a.Unverified) > 0 {
		text += "; unverified: " + few(w.a.Unverified, mostUnverified, ", ")
	}
	return text
}

// others says whose text there is in the answer.
func (w *writer) others() string {
	if slices.Contains(w.a.Untrusted, "/summary") {
		return "written by a model that has read what others wrote"
	}
	return "what events say is others' text"
}
