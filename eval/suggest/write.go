package suggest

import (
	"fmt"
	"slices"
	"strings"
	"testing/fstest"

	"github.com/goccy/go-yaml"

	"clanker/adapters"
	"clanker/intents"
)

// definition is an intent as it is written, its keys in their order.
type definition struct {
	ID          string         `yaml:"id"`
	Topic       intents.Topic  `yaml:"topic"`
	Description string         `yaml:"description"`
	Examples    []string       `yaml:"examples"`
	Patterns    []string       `yaml:"patterns,omitempty"`
	Requires    needs          `yaml:"requires,omitempty"`
	MaxRisk     float64        `yaml:"maxRisk,omitempty"`
	Action      intents.Action `yaml:"action"`
	Query       query          `yaml:"query"`
	Slots       yaml.MapSlice  `yaml:"slots,omitempty"`
	Where       string         `yaml:"where,omitempty"`
	Sort        string         `yaml:"sort,omitempty"`
	Limit       string         `yaml:"limit,omitempty"`
	Columns     []string       `yaml:"columns,omitempty,flow"`
	Verdict     bool           `yaml:"verdict,omitempty"`
	Answer      string         `yaml:"answer"`
}

type needs struct {
	All []string `yaml:"all,omitempty,flow"`
	Any []string `yaml:"any,omitempty,flow"`
}

type query struct {
	Kinds     []string      `yaml:"kinds,omitempty,flow"`
	Name      string        `yaml:"name,omitempty"`
	Providers []string      `yaml:"providers,omitempty,flow"`
	Metrics   []string      `yaml:"metrics,omitempty,flow"`
	Scope     yaml.MapSlice `yaml:"scope,omitempty"`
	Since     string        `yaml:"since,omitempty"`
	Log       logs          `yaml:"log,omitempty"`
}

type logs struct {
	Previous  bool   `yaml:"previous,omitempty"`
	Container string `yaml:"container,omitempty"`
	Grep      string `yaml:"grep,omitempty"`
	Errors    bool   `yaml:"errors,omitempty"`
}

func (in *definition) setDefault(slot, value string) {
	in.Slots = append(in.Slots, yaml.MapItem{Key: slot, Value: yaml.MapSlice{{Key: "default", Value: value}}})
}

// write spells the intent that a draft makes with these questions as its examples.
func (p *proposer) write(d *draft, of []question) (string, error) {
	examples := p.examples(d, of)
	if d.extends != nil {
		return extended(d.extends, examples)
	}
	in := d.intent
	in.Examples = examples
	if len(examples) < enough {
		in.Patterns = p.patterns(d, of)
	}
	text, err := yaml.MarshalWithOptions([]definition{in}, yaml.IndentSequence(true))
	if err != nil {
		return "", fmt.Errorf("write the intent %s: %w", in.ID, err)
	}
	return unindented(string(text)), nil
}

// enough is how many examples an intent needs to be learned from; with fewer it needs patterns.
const enough = 3

// unindented moves a list to the left margin.
func unindented(text string) string {
	var lines strings.Builder
	for line := range strings.Lines(text) {
		lines.WriteString(strings.TrimPrefix(line, "  "))
	}
	return lines.String()
}

// extended is the definition of an intent with further examples: put over the catalogue it takes its place.
func extended(in *intents.Intent, examples []string) (string, error) {
	lines := strings.SplitAfter(in.Source, "\n")
	at := slices.IndexFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "examples:" })
	if at < 0 || at+1 >= len(lines) {
		return "", fmt.Errorf("the examples of %s are not a list with a line for each: add the questions by hand", in.ID)
	}
	indent, _, _ := strings.Cut(lines[at+1], "-")
	var more []string
	for _, example := range examples {
		text, err := yaml.Marshal(example)
		if err != nil {
			return "", fmt.Errorf("write an example of %s: %w", in.ID, err)
		}
		more = append(more, indent+"- "+string(text))
	}
	return strings.Join(slices.Insert(lines, at+1, more...), ""), nil
}

// patterns spell the questions as they are once normalised, with slots for values: what too few examples to learn from need.
func (p *proposer) patterns(d *draft, of []question) []string {
	var all []string
	for _, q := range of {
		text := p.matcher.Match(q.Question, adapters.Names{}).Normalized
		for _, s := range d.slots {
			value := strings.Trim(s.in(q), `"'`)
			if at := find(text, value); at >= 0 {
				text = text[:at] + "{" + s.kind.String() + "}" + text[at+len(value):]
			}
		}
		if _, err := intents.ParsePattern(text); err == nil && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// files are the files of a layer, by name.
type files map[string]string

// layer makes a folder of them, by what the standard library has of file systems in memory.
func (f files) layer() intents.Layer {
	folder := fstest.MapFS{}
	for name, text := range f {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return intents.Layer{Name: "suggested", Files: folder}
}
