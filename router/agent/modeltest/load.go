package modeltest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"

	"clanker/intents/strict"
)

// Load reads the [Script] in a file; its form is in the package comment. The error tells every mistake, with its line.
func Load(path string) (Script, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Script{}, fmt.Errorf("read conversation: %w", err)
	}
	return Parse(path, content)
}

// Conversation is one of this package's own, by its name without ".yaml"; see testdata/conversations.
func Conversation(t testing.TB, name string) Script {
	t.Helper()
	file := "testdata/conversations/" + name + ".yaml"
	content, err := testdata.ReadFile(file)
	if err != nil {
		t.Fatalf("read conversation: %v", err)
	}
	script, err := Parse(file, content)
	if err != nil {
		t.Fatalf("read conversation: %v", err)
	}
	return script
}

// Parse reads a [Script]; file is how errors call it.
func Parse(file string, content []byte) (Script, error) {
	var faults strict.Errors
	p := parser{&strict.Reader{File: file, Manual: "see the package comment of modeltest", Faults: &faults}}
	var s Script
	if top := p.Parse(content); top != nil {
		p.Mapping("", top, []strict.Field{
			p.texts("models", &s.Models),
			p.text("key", &s.Key),
			p.truth("obey", &s.Obey),
			{Name: "turns", Read: func(where string, node ast.Node) {
				for i, item := range p.Items(where, node, false) {
					s.Turns = append(s.Turns, p.turn(fmt.Sprintf("%s[%d]", where, i), item))
				}
			}},
		})
	}
	if len(s.Turns) == 0 && len(faults) == 0 {
		p.Fault(strict.Position{File: file, Line: 1, Column: 1}, "turns", "say what the model does", "there is no turn")
	}
	if err := faults.Err(); err != nil {
		return Script{}, err
	}
	return s, nil
}

// parser reads the values of a conversation.
type parser struct{ *strict.Reader }

func (p parser) turn(where string, node ast.Node) Turn {
	var t Turn
	p.Mapping(where, node, []strict.Field{
		p.text("when", &t.When),
		{Name: "expect", Read: func(where string, node ast.Node) { t.Expect = p.expect(where, node) }},
		p.text("text", &t.Text),
		{Name: "calls", Read: func(where string, node ast.Node) {
			for i, item := range p.Items(where, node, false) {
				t.Calls = append(t.Calls, p.call(fmt.Sprintf("%s[%d]", where, i), item))
			}
		}},
		choice(p, "stop", &t.Stop, StopEnd, StopTools, StopLength, StopRefuse, StopFilter),
		{Name: "error", Read: func(where string, node ast.Node) { t.Error = p.failure(where, node) }},
		choice(p, "hold", &t.Hold, HoldBefore, HoldDuring),
		p.truth("cut", &t.Cut),
		{Name: "tokens", Read: func(where string, node ast.Node) {
			p.Mapping(where, node, []strict.Field{p.number("in", &t.Tokens.In), p.number("out", &t.Tokens.Out), p.number("cached", &t.Tokens.Cached)})
		}},
		p.truth("repeat", &t.Repeat),
	})
	said := t.Text != "" || len(t.Calls) > 0 || t.Stop != "" // a model may end without a word
	switch {
	case t.Error != nil && (said || t.Cut || t.Hold != ""):
		p.Fault(p.Pos(node), where, "make two turns of it", "a turn with an error does nothing else")
	case t.Error == nil && !said:
		p.Fault(p.Pos(node), where, "write text, calls, stop or error", "the model does nothing in this turn")
	case t.Cut && t.Hold != "":
		p.Fault(p.Pos(node), where, "keep one of them", "an answer is either held or cut")
	}
	return t
}

func (p parser) expect(where string, node ast.Node) Expect {
	var e Expect
	p.Mapping(where, node, []strict.Field{p.texts("has", &e.Has), p.texts("lacks", &e.Lacks), p.texts("tools", &e.Tools), p.truth("alone", &e.Alone)})
	return e
}

func (p parser) call(where string, node ast.Node) Call {
	var c Call
	given := 0
	p.Mapping(where, node, []strict.Field{
		p.text("tool", &c.Tool),
		{Name: "arguments", Read: func(where string, node ast.Node) { c.Arguments, given = string(encoded(p.value(where, node))), given+1 }},
		{Name: "raw", Read: func(where string, node ast.Node) {
			text, _ := p.String(where, node)
			c.Arguments, given = text.Text, given+1
		}},
	})
	if c.Tool == "" {
		p.Fault(p.Pos(node), where, "write tool: NAME", "a call without a tool")
	}
	switch given {
	case 0:
		c.Arguments = "{}"
	case 2:
		p.Fault(p.Pos(node), where, "keep one of them", "arguments and raw are two ways to write the same")
	}
	return c
}

// value is any YAML as what JSON has: mappings in braces or blocks, lists, texts, numbers, true, false and null.
func (p parser) value(where string, node ast.Node) any {
	switch node := node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		object := map[string]any{}
		p.Entries(where, node, func(key strict.Scalar, value ast.Node) {
			object[key.Text] = p.value(strict.Join(where, key.Text), value)
		})
		return object
	case *ast.SequenceNode:
		list := []any{}
		for _, item := range node.Values {
			list = append(list, p.value(where, item))
		}
		return list
	case *ast.BoolNode:
		return node.Value
	case *ast.NullNode:
		return nil
	case *ast.IntegerNode, *ast.FloatNode:
		if number := node.GetToken().Value; json.Valid([]byte(number)) {
			return json.Number(number)
		}
	}
	text, _ := p.Text(where, node)
	return text.Text
}

// failure reads a kind, or a kind with more.
func (p parser) failure(where string, node ast.Node) *Failure {
	var f Failure
	kinds := choice(p, "kind", &f.Kind, BadRequest, BadKey, Forbidden, UnknownModel, TooLong, RateLimit, NoCredit, ContentFilter, Overloaded, Broken)
	if _, ok := node.(*ast.StringNode); ok {
		kinds.Read(where, node)
		return &f
	}
	p.Mapping(where, node, []strict.Field{kinds, p.number("status", &f.Status), p.text("message", &f.Message),
		{Name: "retryAfter", Read: func(where string, node ast.Node) { f.Retry = p.retry(where, node) }}})
	switch {
	case f.Kind == "":
		p.Fault(p.Pos(node), where, "write kind: NAME", "an error without a kind")
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		p.Fault(p.Pos(node), where, "write 400 to 599", "%d is no status of an error", f.Status)
	}
	return &f
}

// retry reads seconds or a date.
func (p parser) retry(where string, node ast.Node) Retry {
	text, _ := p.Text(where, node)
	if at, err := time.Parse(time.RFC3339, text.Text); err == nil {
		return Retry{At: at}
	}
	n, err := strconv.Atoi(text.Text)
	if err != nil || n < 0 || n > 1e6 {
		p.Fault(p.Pos(node), where, "write a number of seconds, or a date like 2026-11-23T12:00:00Z", "%q is no time to try again", text.Text)
	}
	return Retry{After: time.Duration(n) * time.Second}
}

func (p parser) text(name string, to *string) strict.Field {
	return strict.Field{Name: name, Read: func(where string, node ast.Node) {
		text, _ := p.Text(where, node)
		*to = text.Text
	}}
}

func (p parser) texts(name string, to *[]string) strict.Field {
	return strict.Field{Name: name, Read: func(where string, node ast.Node) {
		for _, text := range p.Texts(where, node) {
			*to = append(*to, text.Text)
		}
	}}
}

func (p parser) truth(name string, to *bool) strict.Field {
	return strict.Field{Name: name, Read: func(where string, node ast.Node) { *to = p.Bool(where, node) }}
}

func (p parser) number(name string, to *int) strict.Field {
	return strict.Field{Name: name, Read: func(where string, node ast.Node) {
		n, pos, ok := p.Int(where, node)
		if ok && (n < 0 || n > 1e9) {
			p.Fault(pos, where, "write 0 to 1000000000", "%d is out of range", n)
			return
		}
		*to = n
	}}
}

func choice[T ~string](p parser, name string, to *T, all ...T) strict.Field {
	return strict.Field{Name: name, Read: func(where string, node ast.Node) {
		text, _ := p.Text(where, node)
		if *to = T(text.Text); !slices.Contains(all, *to) {
			names := make([]string, len(all))
			for i, one := range all {
				names[i] = string(one)
			}
			p.Fault(text.Pos, where, "write one of "+strings.Join(names, ", "), "%q is not known", text.Text)
		}
	}}
}
