// Package strict reads the YAML files that people edit by hand, and tells them every mistake at once, each with its place
// and what to do about it. The decoder of the YAML library stops at the first mistake and forgets where values stood.
//
// A file is read key by key:
//
//	var faults strict.Errors
//	r := &strict.Reader{File: "config.yaml", Manual: "see REFERENCE.md", Faults: &faults}
//	if top := r.Parse(content); top != nil {
//		r.Mapping("", top, []strict.Field{
//			{Name: "level", Read: func(where string, node ast.Node) { level, _ = r.Text(where, node) }},
//		})
//	}
//	return faults.Err()
//
// # What is a fault
//
// Beside what its caller reports with [Reader.Fault]: text that is not YAML, a second document, a key that is not known
// (with the nearest that is), a key that is written twice, a value of another type than is read (nothing, that is null, is
// none of them), anchors and aliases,
// and a file beyond [MaxSize], [MaxDepth] or [MaxKeys]. Of very many faults the first [MaxFaults] are told.
//
// A method that reads a value and finds a fault notes it and returns the zero value: reading goes on.
package strict

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	// MaxSize is how large a file may be, in bytes. What people write by hand is far below it.
	MaxSize = 1 << 20
	// MaxDepth is how deep lists and keys in [] and {}, or lists in one line, may be nested. The library's parser calls
	// itself for each of them, and Go cannot recover from a full stack.
	MaxDepth = 100
	// MaxKeys is how many keys a block or a pair of braces may have. The library's parser takes time with the square of it.
	MaxKeys = 5000
)

// Reader walks the syntax tree of one file and collects every fault.
type Reader struct {
	File    string  // as faults name it
	Subject string  // of what is being read, see [Fault]; its user sets it on the way
	Manual  string  // remedy for a value of the wrong type: where it is written what is expected
	Faults  *Errors // collects the faults; several readers may share it
}

// Scalar is a value as it is written, with its place. Inline says that an offset into Text is one into the file's line as
// well: not so after an escape or a line break.
type Scalar struct {
	Text   string
	Pos    Position
	Inline bool
}

// At returns the place of a byte offset inside the Scalar, as exactly as it is known.
func (s Scalar) At(offset int) Position {
	pos := s.Pos
	if s.Inline && offset > 0 && offset <= len(s.Text) {
		pos.Column += offset
	}
	return pos
}

// Fault notes a fault of the key where; see [Fault].
func (r *Reader) Fault(pos Position, where, remedy, format string, args ...any) {
	*r.Faults = append(*r.Faults, Fault{Pos: pos, Subject: r.Subject, Where: where,
		Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// Parse returns the top node of the file, or nil if it is empty or broken.
func (r *Reader) Parse(content []byte) (top ast.Node) {
	defer func() {
		if cause := recover(); cause != nil { // the library's parser is not ours to trust with hostile bytes
			top = nil
			r.Fault(Position{r.File, 1, 1}, "", "check the file's indentation and quotes", "read yaml: the parser failed: %v", cause)
		}
	}()
	if len(content) > MaxSize {
		r.Fault(Position{File: r.File}, "", "split it", "the file is larger than %d KiB", MaxSize>>10)
		return nil
	}
	tokens := lexer.Tokenize(strings.TrimPrefix(string(content), "\ufeff")) // editors on Windows write it
	if r.beyond(tokens) {
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // [Reader.Entries] refuses them, all at once
	if err != nil {
		r.syntax(err)
		return nil
	}
	return r.only(file.Docs)
}

// only returns the body of the one document that is not empty.
func (r *Reader) only(docs []*ast.DocumentNode) (top ast.Node) {
	for _, doc := range docs {
		switch {
		case doc.Body == nil:
		case top != nil:
			r.Fault(r.Pos(doc.Body), "", "put all of it in one document", "a second yaml document")
			return top
		default:
			top = doc.Body
		}
	}
	return top
}

func (r *Reader) syntax(err error) {
	pos, message := Position{r.File, 1, 1}, err.Error()
	if located, ok := errors.AsType[yaml.Error](err); ok {
		pos, message = r.at(located.GetToken()), located.GetMessage()
	}
	r.Fault(pos, "", "check the indentation, and quote text that holds : # { [ or @", "read yaml: %s", message)
}

// Pos returns where a node begins.
func (r *Reader) Pos(node ast.Node) Position {
	if mapping, ok := node.(*ast.MappingNode); ok && len(mapping.Values) > 0 && !mapping.IsFlowStyle {
		node = mapping.Values[0].Key
	}
	return r.at(node.GetToken())
}

func (r *Reader) at(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{r.File, 1, 1}
	}
	return Position{r.File, max(1, t.Position.Line), max(1, t.Position.Column)}
}

// Field reads one key of a mapping; where is its path: "query.kinds". Doc and Takes are for those who write a schema of
// the file: what the key is for, and the JSON Schema of its value.
type Field struct {
	Name  string
	Read  func(where string, value ast.Node)
	Doc   string
	Takes func() map[string]any
}

// Mapping reads the keys of a mapping; a key that is not among the fields is a fault with the nearest that is.
func (r *Reader) Mapping(where string, node ast.Node, fields []Field) {
	r.Entries(where, node, func(key Scalar, value ast.Node) {
		names := make([]string, len(fields))
		for i, f := range fields {
			names[i] = f.Name
			if f.Name == key.Text {
				f.Read(Join(where, key.Text), value)
				return
			}
		}
		remedy := Suggest(key.Text, "", names)
		if section, name, dotted := strings.Cut(key.Text, "."); dotted && slices.Contains(names, section) {
			remedy = fmt.Sprintf("write %s indented below %s", name, section)
		}
		r.Fault(key.Pos, where, remedy, "unknown key %q", key.Text)
	})
}

// Entries calls read for each key of a mapping, in the file's order. A key that is written again is a fault.
func (r *Reader) Entries(where string, node ast.Node, read func(key Scalar, value ast.Node)) {
	var values []*ast.MappingValueNode
	switch node := node.(type) {
	case *ast.MappingNode:
		values = node.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{node}
	default:
		r.wrongType(where, node, "a block of keys with values")
		return
	}
	first := map[string]Position{}
	for _, entry := range values {
		key, ok := r.Text(where, entry.Key)
		if at, twice := first[key.Text]; ok && twice {
			r.Fault(key.Pos, where, "keep one of them", "the key %q is written twice, first at line %d", key.Text, at.Line)
		} else if ok {
			first[key.Text] = key.Pos
			read(key, entry.Value)
		}
	}
}

// Items returns the entries of a sequence; a single value counts as a sequence of one if single is set.
func (r *Reader) Items(where string, node ast.Node, single bool) []ast.Node {
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

// Texts reads a list of texts, or one text.
func (r *Reader) Texts(where string, node ast.Node) []Scalar {
	var texts []Scalar
	for _, item := range r.Items(where, node, true) {
		if text, ok := r.Text(where, item); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// Text reads a scalar as it is written: 80% and 10 are texts too. Null and lists are not.
func (r *Reader) Text(where string, node ast.Node) (Scalar, bool) {
	pos := r.Pos(node)
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
		return Scalar{node.Value, pos, inside}, true
	case *ast.LiteralNode:
		return Scalar{strings.TrimRight(node.Value.Value, "\n"), pos, false}, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return Scalar{node.GetToken().Value, pos, true}, true
	}
	r.wrongType(where, node, "text")
	return Scalar{}, false
}

// String reads a text that no other type could be meant by: unlike [Reader.Text] it takes neither numbers nor true.
func (r *Reader) String(where string, node ast.Node) (Scalar, bool) {
	switch node.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return r.Text(where, node)
	}
	r.wrongType(where, node, "text")
	return Scalar{}, false
}

// Int reads a whole number in decimal digits.
func (r *Reader) Int(where string, node ast.Node) (value int, pos Position, ok bool) {
	number, isInteger := node.(*ast.IntegerNode)
	if !isInteger {
		r.wrongType(where, node, "a whole number")
		return 0, Position{}, false
	}
	pos = r.Pos(node)
	value, err := strconv.Atoi(number.GetToken().Value)
	if ok = err == nil && strconv.Itoa(value) == number.GetToken().Value; !ok { // 010 is eight to some readers of YAML, and ten to others
		r.Fault(pos, where, "write it in decimal digits", "%q is not a plain whole number", number.GetToken().Value)
	}
	return value, pos, ok
}

// Bool reads true or false.
func (r *Reader) Bool(where string, node ast.Node) bool {
	if value, ok := node.(*ast.BoolNode); ok {
		return value.Value
	}
	r.wrongType(where, node, "true or false")
	return false
}

func (r *Reader) wrongType(where string, node ast.Node, want string) {
	have := "nothing"
	pos := Position{r.File, 1, 1}
	if node != nil {
		pos = r.Pos(node)
		have = map[ast.NodeType]string{ast.MappingType: "keys with values", ast.MappingValueType: "keys with values",
			ast.SequenceType: "a list", ast.StringType: "text", ast.LiteralType: "text", ast.IntegerType: "a number",
			ast.FloatType: "a fraction", ast.BoolType: "true or false", ast.NullType: "nothing",
			ast.AliasType: "an alias", ast.AnchorType: "an anchor", ast.TagType: "a tag", ast.MergeKeyType: "a merge",
			ast.MappingKeyType: "a key with a question mark"}[node.Type()]
	}
	remedy := r.Manual
	if want == "text" && strings.HasPrefix(have, "keys") { // inside of brackets a colon makes keys of text
		remedy += "; quote text that holds a colon"
	}
	r.Fault(pos, where, remedy, "%s is expected, not %s", want, cmp.Or(have, "this"))
}

// Join returns the path of a key below another, which may be empty.
func Join(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}
