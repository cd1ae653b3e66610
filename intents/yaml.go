package intents

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// reader walks the syntax tree of one file and collects every fault. It exists because the decoder of the YAML library
// stops at the first mistake and forgets where values stood.
type reader struct {
	file   string
	intent string // id of the intent being read
	faults *Errors
}

// scalar is a value with its place. Inside says that an offset into Text is one into the file's line as well.
type scalar struct {
	Text   string
	Pos    Position
	inside bool
}

// at returns the place of a byte offset inside the scalar, as exactly as it is known.
func (s scalar) at(offset int) Position {
	pos := s.Pos
	if s.inside && offset > 0 && offset <= len(s.Text) {
		pos.Column += offset
	}
	return pos
}

func (r *reader) fault(pos Position, where, remedy, format string, args ...any) {
	*r.faults = append(*r.faults, Fault{Pos: pos, Intent: r.intent, Where: where,
		Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// parse returns the top node of the file, or nil if it is empty or broken.
func (r *reader) parse(content []byte) (top ast.Node) {
	defer func() {
		if cause := recover(); cause != nil { // the library's parser is not ours to trust with hostile bytes
			top = nil
			r.fault(Position{r.file, 1, 1}, "", "check the file's indentation and quotes", "read yaml: the parser failed: %v", cause)
		}
	}()
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		r.syntax(err)
		return nil
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if top != nil {
			r.fault(r.pos(doc.Body), "", "put all of it in one document", "a second yaml document")
			break
		}
		top = doc.Body
	}
	return top
}

func (r *reader) syntax(err error) {
	pos, message := Position{r.file, 1, 1}, err.Error()
	if located, ok := errors.AsType[yaml.Error](err); ok {
		message = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			pos = Position{r.file, max(1, t.Position.Line), max(1, t.Position.Column)}
		}
	}
	r.fault(pos, "", "check the indentation, and quote text that holds : # { [ or @", "read yaml: %s", message)
}

func (r *reader) pos(node ast.Node) Position {
	if mapping, ok := node.(*ast.MappingNode); ok && len(mapping.Values) > 0 && !mapping.IsFlowStyle {
		node = mapping.Values[0].Key
	}
	if t := node.GetToken(); t != nil && t.Position != nil {
		return Position{r.file, max(1, t.Position.Line), max(1, t.Position.Column)}
	}
	return Position{r.file, 1, 1}
}

// field reads one key of a mapping.
type field struct {
	name string
	read func(where string, value ast.Node)
}

// mapping reads the keys of a mapping; a key that is not among the fields is a fault with the nearest that is.
func (r *reader) mapping(where string, node ast.Node, fields []field) {
	r.entries(where, node, func(key scalar, value ast.Node) {
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.name
			if f.name == key.Text {
				f.read(join(where, key.Text), value)
				return
			}
		}
		r.fault(key.Pos, where, suggest(key.Text, "", names), "unknown key %q", key.Text)
	})
}

// entries calls read for each key of a mapping, in the file's order.
func (r *reader) entries(where string, node ast.Node, read func(key scalar, value ast.Node)) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{node}
	default:
		r.wrongType(where, node, "keys with values")
		return
	}
	for _, entry := range values {
		if key, ok := r.text(where, entry.Key); ok {
			read(key, entry.Value)
		}
	}
}

// items returns the entries of a sequence; a single value counts as a sequence of one if single is set.
func (r *reader) items(where string, node ast.Node, single bool) []ast.Node {
	switch node := node.(type) {
	case *ast.SequenceNode:
		return node.Values
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode:
		if single {
			return []ast.Node{node}
		}
	}
	r.wrongType(where, node, "a list")
	return nil
}

// texts reads a list of texts, or one text.
func (r *reader) texts(where string, node ast.Node) []scalar {
	var texts []scalar
	for _, item := range r.items(where, node, true) {
		if text, ok := r.text(where, item); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// text reads a scalar as it is written: 80% and 10 are texts too. Null and lists are not.
func (r *reader) text(where string, node ast.Node) (scalar, bool) {
	pos := r.pos(node)
	switch node := node.(type) {
	case *ast.StringNode:
		t := node.GetToken()
		// an escape or a fold shifts what follows it
		inside := !strings.Contains(strings.TrimSpace(t.Origin), "\n")
		switch t.Type {
		case token.SingleQuoteType:
			pos.Column++
			inside = inside && !strings.Contains(node.Value, "'")
		case token.DoubleQuoteType:
			pos.Column++
			inside = inside && !strings.Contains(t.Origin, `\`)
		default: // plain
		}
		return scalar{node.Value, pos, inside}, true
	case *ast.LiteralNode:
		return scalar{strings.TrimRight(node.Value.Value, "\n"), pos, false}, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return scalar{node.GetToken().Value, pos, true}, true
	}
	r.wrongType(where, node, "text")
	return scalar{}, false
}

func (r *reader) boolean(where string, node ast.Node) bool {
	if value, ok := node.(*ast.BoolNode); ok {
		return value.Value
	}
	r.wrongType(where, node, "true or false")
	return false
}

func (r *reader) wrongType(where string, node ast.Node, want string) {
	have := "nothing"
	pos := Position{r.file, 1, 1}
	if node != nil {
		pos = r.pos(node)
		have = map[ast.NodeType]string{ast.MappingType: "keys with values", ast.MappingValueType: "keys with values",
			ast.SequenceType: "a list", ast.StringType: "text", ast.LiteralType: "text", ast.IntegerType: "a number",
			ast.FloatType: "a number", ast.BoolType: "true or false", ast.NullType: "nothing",
			ast.AliasType: "an alias", ast.AnchorType: "an anchor"}[node.Type()]
	}
	r.fault(pos, where, "see the package comment of intents", "%s is expected, not %s", want, cmp.Or(have, "this"))
}

func join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}
