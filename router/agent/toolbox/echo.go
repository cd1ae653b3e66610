package toolbox

import (
	"slices"
	"strings"

	"clanker/router"
)

// said are the texts that the model chose itself in a call: all but the words of a list.
func (c *call) said() []string {
	var all []string
	for _, p := range c.tool.takes {
		if value := c.text(p.name); value != "" && len(p.one) == 0 {
			all = append(all, value)
		}
	}
	return all
}

// unechoed replaces what a text only repeats: a text that the model chose, and that is not in what was read, nor a name that is
// known. What nobody read is no evidence.
func (c *call) unechoed(text, read string) string {
	providers, _ := c.desk.Names().Providers()
	for _, value := range c.said() {
		if len(c.desk.Names().Find(value)) > 0 || slices.Contains(providers, strings.ToLower(value)) || router.FindWord(read, value, echoJoiners) >= 0 {
			continue
		}
		text = replaced(text, value, "(as asked)")
	}
	return text
}

// echoJoiners go on with what the model chose: what is longer than that was not chosen.
const echoJoiners = "-_"

// replaced is a text with another word wherever a word stands.
func replaced(text, word, by string) string {
	var b strings.Builder
	for {
		at := router.FindWord(text, word, echoJoiners)
		if at < 0 {
			return b.String() + text
		}
		b.WriteString(text[:at] + by)
		text = text[at+len(word):]
	}
}

// unecho does so with what stands above the rows.
func (c *call) unecho(p *page) {
	var read strings.Builder
	for _, row := range p.rows {
		read.WriteString(strings.Join(row.cells, "\n") + "\n")
	}
	for i, line := range p.head {
		p.head[i] = c.unechoed(line, read.String())
	}
}
