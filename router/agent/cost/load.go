package cost

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"clanker/intents/strict"
	"clanker/router/agent/models"
)

//go:embed prices.yaml
var builtIn []byte

// Load returns the table that is built in, with the rows of a file in place of its own; empty: no file. All that is wrong
// with what the file says is in the error, as [strict.Errors]. A file that others may write is an error: with it they could make
// models cost nothing, and limits count nothing.
func Load(path string) (*Table, error) {
	t, err := parse("prices.yaml", builtIn)
	if err != nil || path == "" {
		return t, err
	}
	content, err := strict.ReadFile(path, 0o022, strict.MaxSize+1)
	if err != nil {
		return nil, fmt.Errorf("read the prices of models: %w; mend models.prices", err)
	}
	own, err := parse(path, content)
	if err != nil {
		return nil, err
	}
	maps.Copy(t.rows, own.rows)
	return t, nil
}

func parse(file string, content []byte) (*Table, error) {
	var faults strict.Errors
	l := &reader{&strict.Reader{File: file, Manual: example, Faults: &faults}, map[string]Price{}}
	if top := l.Parse(content); top != nil {
		l.Mapping("", top, []strict.Field{{Name: "prices", Read: l.prices}})
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Table{l.rows}, nil
}

const example = "write rows as in openai/gpt-5.2: {input: 1.75, cached: 0.175, output: 14.00, read: 2026-07-02, source: https://example.com/prices}"

type reader struct {
	*strict.Reader
	rows map[string]Price
}

var reference = regexp.MustCompile(`^[a-z]+/\S+$`)

func (l *reader) prices(where string, node ast.Node) {
	providers := models.VendorNames()
	l.Entries(where, node, func(key strict.Scalar, row ast.Node) {
		l.Subject = strconv.Quote(key.Text)
		defer func() { l.Subject = "" }()
		if !reference.MatchString(key.Text) {
			l.Fault(key.Pos, "", "write it as in anthropic/claude-opus-4-6", "it is no provider/model")
		} else if provider, _, _ := strings.Cut(key.Text, "/"); !slices.Contains(providers, provider) {
			l.Fault(key.Pos, "", strict.Suggest(provider, "", providers), "there is no provider of models %q", provider)
		}
		l.rows[key.Text] = l.row(row)
	})
}

func (l *reader) row(node ast.Node) (p Price) {
	given := map[string]bool{}
	l.fields("", node, given, append(l.rates(&p.usual),
		strict.Field{Name: "long", Read: func(where string, node ast.Node) { p.above = l.long(where, node, &p.long) }},
		strict.Field{Name: "context", Read: func(where string, node ast.Node) { p.Context = l.count(where, node) }},
		strict.Field{Name: "read", Read: func(where string, node ast.Node) { p.Read = l.day(where, node) }},
		strict.Field{Name: "source", Read: func(where string, node ast.Node) { p.Source = l.text(where, node) }}))
	l.want(node, given, "", "input", "output", "read", "source")
	if !given["cached"] {
		p.usual.cached = p.usual.input
	}
	return p
}

// long reads the rates of long calls, and returns from where on they are that.
func (l *reader) long(where string, node ast.Node, r *rates) (above int) {
	given := map[string]bool{}
	l.fields(where, node, given, append(l.rates(r),
		strict.Field{Name: "above", Read: func(where string, node ast.Node) { above = l.count(where, node) }}))
	l.want(node, given, where, "above", "input", "output")
	if !given["cached"] {
		r.cached = r.input
	}
	return above
}

// fields reads keys, and notes those that are given.
func (l *reader) fields(where string, node ast.Node, given map[string]bool, fields []strict.Field) {
	for i, f := range fields {
		fields[i].Read = func(where string, node ast.Node) {
			given[f.Name] = true
			f.Read(where, node)
		}
	}
	l.Mapping(where, node, fields)
}

// want reports the keys that are not given.
func (l *reader) want(node ast.Node, given map[string]bool, where string, names ...string) {
	switch node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return // which was reported
	}
	for _, name := range names {
		if !given[name] {
			l.Fault(l.Pos(node), where, l.Manual, "%s is missing", name)
		}
	}
}

func (l *reader) rates(r *rates) []strict.Field {
	read := func(to *int64) func(string, ast.Node) {
		return func(where string, node ast.Node) { *to = l.dollars(where, node) }
	}
	return []strict.Field{{Name: "input", Read: read(&r.input)}, {Name: "cached", Read: read(&r.cached)}, {Name: "output", Read: read(&r.output)}}
}

// unit is a dollar in what is counted here, and how many tokens prices are for.
const unit = 1_000_000

var decimal = regexp.MustCompile(`^(\d{1,3})(?:\.(\d{1,6}))?$`)

// dollars reads an amount of money without a detour over binary fractions.
func (l *reader) dollars(where string, node ast.Node) int64 {
	text, ok := l.Text(where, node)
	if !ok {
		return 0
	}
	parts := decimal.FindStringSubmatch(text.Text)
	if parts == nil {
		l.Fault(text.Pos, where, "write US dollars for a million tokens, below 1000, as in 2.50", "%q is no price", text.Text)
		return 0
	}
	micros, _ := strconv.ParseInt(parts[1]+parts[2]+strings.Repeat("0", 6-len(parts[2])), 10, 64) // nine digits
	return micros
}

func (l *reader) count(where string, node ast.Node) int {
	n, pos, ok := l.Int(where, node)
	if ok && n <= 0 {
		l.Fault(pos, where, "write a number of tokens, or leave it out", "%d is no number of tokens", n)
	}
	return n
}

func (l *reader) day(where string, node ast.Node) time.Time {
	text, ok := l.Text(where, node)
	day, err := time.Parse(time.DateOnly, text.Text)
	if ok && err != nil {
		l.Fault(text.Pos, where, "write the day on which you read the price, as in 2026-03-01", "%q is no day", text.Text)
	}
	return day
}

func (l *reader) text(where string, node ast.Node) string {
	text, ok := l.Text(where, node)
	if ok && strings.TrimSpace(text.Text) == "" {
		l.Fault(text.Pos, where, "say where the price is from", "it is empty")
	}
	return text.Text
}
