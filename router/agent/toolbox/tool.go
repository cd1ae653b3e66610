package toolbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/tmc/langchaingo/llms"

	"clanker/router"
)

// tool is one thing that a model can ask for.
type tool struct {
	name, about string
	takes       []parameter
	example     string // arguments that are right
	do          func(ctx context.Context, c *call) (*page, error)
	compiled    func() (*jsonschema.Schema, error) // of the arguments, once somebody asks
}

// ready makes a tool whose schema is compiled once.
func ready(t *tool) *tool {
	t.compiled = sync.OnceValues(t.compile)
	return t
}

// parameter is one argument of a tool, in the part of JSON Schema that all models take.
type parameter struct {
	name  string
	sort  string // string, integer, boolean, or array of strings
	about string
	one   []string // of these, if there are any
	most  int      // for integers, which begin with 1
	must  bool
}

// wrongError says what is wrong with a call, which may repeat what was asked, and what to do instead, which does not. Without that
// the tool's usage stands in for it.
type wrongError struct{ what, instead string }

func (e *wrongError) Error() string { return e.what }

// call is a call whose arguments are checked.
type call struct {
	desk *router.Desk
	box  *Box
	tool *tool
	args map[string]any
}

func (c *call) text(name string) string { return text(c.args[name]) }

func text(v any) string {
	s, _ := v.(string)
	return s
}

func (c *call) flag(name string) bool { return c.args[name] == true }

func (c *call) number(name string, without int) int {
	if n, ok := c.args[name].(float64); ok {
		return int(n)
	}
	return without
}

func (c *call) texts(name string) []string {
	var all []string
	list, _ := c.args[name].([]any)
	for _, v := range list {
		all = append(all, text(v))
	}
	return all
}

// schema is the JSON Schema of the arguments.
func (t *tool) schema() map[string]any {
	properties := make(map[string]any, len(t.takes))
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	var must []any
	for _, p := range t.takes {
		properties[p.name] = p.schema()
		if p.must {
			must = append(must, p.name)
		}
	}
	if must != nil {
		s["required"] = must
	}
	return s
}

func (p parameter) schema() map[string]any {
	s := map[string]any{"type": p.sort}
	if p.about != "" {
		s["description"] = p.about
	}
	if p.sort == "array" {
		s["items"] = map[string]any{"type": "string"}
	}
	if p.most > 0 {
		s["minimum"], s["maximum"] = 1, p.most
	}
	if len(p.one) > 0 {
		var one []any
		for _, value := range p.one {
			one = append(one, value)
		}
		s["enum"] = one
	}
	return s
}

func (t *tool) offered() llms.Tool {
	return llms.Tool{Type: "function", Function: &llms.FunctionDefinition{Name: t.name, Description: t.about, Parameters: t.schema()}}
}

func (t *tool) compile() (*jsonschema.Schema, error) {
	text, err := json.Marshal(t.schema())
	if err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", t.name, err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", t.name, err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("tool.json", schema); err != nil {
		return nil, fmt.Errorf("read the schema of %s: %w", t.name, err)
	}
	return compiler.Compile("tool.json")
}

// check checks arguments against the schema.
func (t *tool) check(args map[string]any) error {
	schema, err := t.compiled()
	if err != nil {
		return fmt.Errorf("compile the schema of %s: %w", t.name, err)
	}
	if err := schema.Validate(args); err != nil {
		return errors.New(faults(err))
	}
	return nil
}

// faults are what a schema does not allow, without where the schema is.
func faults(err error) string {
	_, lines, _ := strings.Cut(err.Error(), "\n")
	var all []string
	for line := range strings.SplitSeq(lines, "\n") {
		line = strings.TrimPrefix(strings.TrimLeft(line, "- "), "at '': ")
		all = append(all, strings.TrimPrefix(line, "at "))
	}
	return strings.Join(all, "; ")
}

// usage says what to write.
func (t *tool) usage() string {
	var names []string
	for _, p := range t.takes {
		name := p.name
		if p.must {
			name += " (needed)"
		}
		if len(p.one) > 0 {
			name += " (one of " + strings.Join(p.one, " ") + ")"
		}
		names = append(names, name)
	}
	return fmt.Sprintf("write for example: %s\nit takes: %s", t.example, strings.Join(names, ", "))
}
