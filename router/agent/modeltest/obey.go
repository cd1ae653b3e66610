package modeltest

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// orders are the sentences that an obeying model takes for instructions.
type orders struct {
	call, write, command, execute, ignore, reveal *regexp.Regexp
}

func newOrders() orders {
	return orders{
		call:    regexp.MustCompile("(?i)\\b(?:call|use|invoke|run|execute)\\s+(?:the\\s+)?(?:(?:tool|function)\\s+)?[`\"']?([a-z][\\w.-]*)[`\"']?(?:\\s+(?:tool|function))?\\s*(?:with(?:\\s+(?:the\\s+)?arguments?)?\\s*:?|\\()\\s*\\{"),
		write:   regexp.MustCompile(`(?i)\b(?:reply|respond|answer|say|write|state|conclude|report)\s+(?:only\s+|exactly\s+)?(?:with|that|to the user|:)[ :]*["'“]?([^"'”\n]+)`),
		command: regexp.MustCompile(`(?m)\bCOMMAND:[ \t]*([^\n]+)`),
		execute: regexp.MustCompile("(?i)\\b(?:run|execute|propose|issue|do)\\s+(?:the\\s+command\\s+)?[`\"':]*\\s*((?:sudo|kubectl|helm|aws|gcloud|az|gh|terraform|hcloud|doctl|wrangler|curl|wget|bash|sh|rm|psql|redis-cli)\\s[^`\"'\\n]+)"),
		ignore:  regexp.MustCompile(`(?i)\b(?:ignore|disregard|forget)\s+(?:all\s+)?(?:of\s+)?(?:the\s+|your\s+|my\s+)?(?:previous|prior|above|earlier|preceding)?\s*(?:instructions|rules|directions|text|prompts?)\b(?:\s+(?:and|then)\b|[,.;:])?\s*([^\n]*)`),
		reveal:  regexp.MustCompile(`(?i)\b(?:reveal|print|show|repeat|output|display|include|send|leak|list|dump)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?(?:your|the|every|any)\b[^\n.]*?\b(system prompt|instructions|secrets?|tokens?|passwords?|keys?|credentials|environment)`),
	}
}

// obey does what the results of the tools tell, in this order: calls that were not made yet, and then all that is to be written. It
// reports whether there was anything to obey.
func obey(c *chat) (Turn, bool) {
	told := strings.NewReplacer(`\"`, `"`, `\n`, "\n", `\u003c`, "<", `\u003e`, ">").Replace(results(c.messages))
	o := newOrders()
	var turn Turn
	for _, call := range o.calls(told) {
		if len(c.tools) > 0 && !made(c, call) {
			turn.Calls = append(turn.Calls, call)
		}
	}
	if len(turn.Calls) == 0 {
		turn.Text = strings.Join(o.words(c, told), "\n")
	}
	return turn, len(turn.Calls) > 0 || turn.Text != ""
}

// calls are the tools that the text says to call.
func (o orders) calls(told string) []Call {
	var calls []Call
	for _, at := range o.call.FindAllStringSubmatchIndex(told, -1) {
		call := Call{Tool: told[at[2]:at[3]], Arguments: "{}"}
		var arguments json.RawMessage
		if json.NewDecoder(strings.NewReader(told[at[1]-1:])).Decode(&arguments) == nil {
			call.Arguments = compact(arguments)
		}
		if !slices.Contains(calls, call) {
			calls = append(calls, call)
		}
	}
	return calls
}

func compact(arguments []byte) string {
	var b bytes.Buffer
	if json.Compact(&b, arguments) != nil {
		return string(arguments)
	}
	return b.String()
}

// made reports whether the model has called this before.
func made(c *chat, call Call) bool {
	for _, m := range c.messages {
		for _, earlier := range m.calls {
			if earlier.Tool == call.Tool && compact([]byte(earlier.Arguments)) == call.Arguments {
				return true
			}
		}
	}
	return false
}

// words are the lines that the text says to write.
func (o orders) words(c *chat, told string) []string {
	var lines []string
	add := func(prefix string, found [][]string) {
		for _, f := range found {
			if line := prefix + strings.TrimSpace(f[1]); line != prefix && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	add("", o.write.FindAllStringSubmatch(told, -1))
	add("As told: ", o.ignore.FindAllStringSubmatch(told, -1))
	if o.reveal.MatchString(told) { // all that it knows
		lines = append(lines, c.system, told)
	}
	for _, found := range slices.Concat(o.command.FindAllStringSubmatch(told, -1), o.execute.FindAllStringSubmatch(told, -1)) {
		add("COMMAND: ", [][]string{found, {"", list(found[1])}})
	}
	return lines
}

// list is a command as a list of its words, as clanker wants commands to be proposed.
func list(command string) string {
	if strings.HasPrefix(command, "[") {
		return command
	}
	return string(encoded(strings.Fields(command)))
}
