package eval

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"clanker/intents/strict"
)

// reader turns one file into cases, and notes what is wrong with it.
type reader struct {
	file   string
	faults *strict.Errors
}

func (r *reader) at(line int) strict.Position {
	return strict.Position{File: r.file, Line: line, Column: min(line, 1)}
}

func (r *reader) fault(line int, where, remedy, format string, args ...any) {
	*r.faults = append(*r.faults, strict.Fault{Pos: r.at(line), Where: where, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// keys are what a case can say, in the order of the package comment.
var keys = []string{"question", "topic", "intent", "slots", "provider", "source", "group", "voice", "of", "names"}

// set gives a case the value of a key whose value is text; false if there is no such key.
func (c *Case) set(key, value string) bool {
	field, known := map[string]*string{"question": &c.Question, "topic": &c.Topic, "intent": &c.Intent, "provider": &c.Provider,
		"source": &c.Source, "group": &c.Group, "voice": &c.Voice, "of": &c.Of}[key]
	if known {
		*field = value
	}
	return known
}

func (r *reader) names(c *Case, line int, texts []string) {
	for _, text := range texts {
		name, ok := parseName(text)
		if !ok {
			r.fault(line, "names", "write it as deployment/checkout-api", "%s is not a kind and a name", quote(text))
			continue
		}
		c.Names = append(c.Names, name)
	}
}

func (r *reader) tsv(content string) []Case {
	lines := strings.Split(content, "\n")
	header := cells(lines[0])
	if !r.header(header) {
		return nil // what its rows mean is anybody's guess
	}
	var cases []Case
	for i, line := range lines[1:] {
		if row := cells(line); len(row) == len(header) {
			cases = append(cases, r.row(header, row, i+2))
		} else if line != "" {
			r.fault(i+2, "", "put one tab between two of them, and none inside", "%d cells, but there are %d columns", len(row), len(header))
		}
	}
	return cases
}

// header reports whether the first line names columns, and tells what is wrong with it.
func (r *reader) header(header []string) bool {
	before := len(*r.faults)
	if !slices.Contains(header, "question") {
		r.fault(1, "", "name the columns in the first line", "there is no column %s", quote("question"))
	}
	for i, key := range header {
		switch {
		case !slices.Contains(keys, key):
			r.fault(1, "", strict.Suggest(key, "", keys), "unknown column %s", quote(key))
		case slices.Contains(header[:i], key):
			r.fault(1, "", "keep one of them", "the column %s is written twice", quote(key))
		}
	}
	return len(*r.faults) == before
}

func cells(line string) []string { return strings.Split(strings.TrimSuffix(line, "\r"), "\t") }

func (r *reader) row(header, row []string, line int) Case {
	c := Case{Pos: r.at(line)}
	for i, key := range header {
		switch {
		case row[i] == "" || c.set(key, row[i]):
		case key == "names":
			r.names(&c, line, strings.Fields(row[i]))
		case key == "slots":
			c.Slots = map[string]string{}
			for pair := range strings.SplitSeq(row[i], ";") {
				name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
				if _, twice := c.Slots[name]; !ok || name == "" || twice {
					r.fault(line, "slots", "write them as service=checkout-api; percent=0.8, each once", "%s is not a slot and its value", quote(pair))
				}
				c.Slots[name] = value
			}
		}
	}
	return c
}

func (r *reader) jsonLines(content string) []Case {
	var cases []Case
	number := 0
	for line := range strings.Lines(content) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		c := Case{Pos: r.at(number)}
		err := r.object(&c, json.NewDecoder(strings.NewReader(line)), number)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the line ends before the object does")
		}
		if err != nil {
			r.fault(number, "", "write one object per line", "read json: %v", err)
			continue
		}
		cases = append(cases, c)
	}
	return cases
}

// object reads key by key: decoding into a struct would take other spellings of a key, and the last of two that are the
// same. It fails where the text cannot be read on.
func (r *reader) object(c *Case, d *json.Decoder, line int) error {
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return cmp.Or(err, errors.New("this is no object"))
	}
	var seen []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key := token.(string) // the decoder takes nothing else for a key
		switch {
		case !slices.Contains(keys, key):
			r.fault(line, "", strict.Suggest(key, "", keys), "unknown key %s", quote(key))
		case slices.Contains(seen, key):
			r.fault(line, "", "keep one of them", "the key %s is written twice", quote(key))
		}
		seen = append(seen, key)
		if err := r.jsonValue(c, d, key, line); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

func (r *reader) jsonValue(c *Case, d *json.Decoder, key string, line int) error {
	var text *string
	var names []string
	var value any
	want := ""
	switch {
	case key == "names":
		value, want = &names, "a list of texts"
	case key == "slots":
		value, want = &c.Slots, "an object of texts"
	case slices.Contains(keys, key):
		value, want = &text, "a text"
	default:
		value = &json.RawMessage{}
	}
	err := d.Decode(value)
	if _, wrong := errors.AsType[*json.UnmarshalTypeError](err); wrong || err == nil && value == &text && text == nil {
		r.fault(line, key, manual, "%s is expected", want)
		return nil
	}
	if text != nil {
		c.set(key, *text)
	}
	r.names(c, line, names)
	return err
}

func (r *reader) yaml(content string) []Case {
	y := &strict.Reader{File: r.file, Manual: manual, Faults: r.faults}
	top := y.Parse([]byte(content))
	if top == nil {
		return nil
	}
	var cases []Case
	for _, item := range y.Items("", top, false) {
		c := Case{Pos: y.Pos(item)}
		fields := make([]strict.Field, len(keys))
		for i, key := range keys {
			fields[i] = strict.Field{Name: key, Read: func(where string, node ast.Node) { r.yamlValue(y, &c, where, node) }}
		}
		y.Mapping("", item, fields)
		cases = append(cases, c)
	}
	return cases
}

func (r *reader) yamlValue(y *strict.Reader, c *Case, key string, node ast.Node) {
	switch key {
	case "names":
		for _, text := range y.Texts(key, node) {
			r.names(c, text.Pos.Line, []string{text.Text})
		}
	case "slots":
		c.Slots = map[string]string{}
		y.Entries(key, node, func(name strict.Scalar, value ast.Node) {
			if text, ok := y.Text(strict.Join(key, name.Text), value); ok {
				c.Slots[name.Text] = text.Text
			}
		})
	default:
		if text, ok := y.Text(key, node); ok {
			c.set(key, text.Text)
		}
	}
}

func quote(text string) string { return strconv.Quote(text) }
