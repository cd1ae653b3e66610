package eval

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"clanker/intents"
	"clanker/intents/strict"
)

//go:embed cases
var embedded embed.FS

// maxFile is how large a file of cases may be, in bytes: some hundred thousand questions.
const maxFile = 64 << 20

// home is where the built-in cases are in the project, for faults and reports to name the file that can be edited.
const home = "eval/"

const manual = "clanker eval --help shows what a case is made of"

// BuiltIn returns the suites that come with the program, sorted by name. It fails with [strict.Errors].
func BuiltIn(c *intents.Catalog) ([]Suite, error) {
	files, err := fs.Glob(embedded, "cases/*")
	if err != nil {
		return nil, fmt.Errorf("list the built-in cases: %w", err)
	}
	for i := range files {
		files[i] = home + files[i]
	}
	return load(c, func(name string) (io.ReadCloser, error) { return embedded.Open(strings.TrimPrefix(name, home)) }, files)
}

// Load reads a suite from each file. Intents and topics must be the catalogue's. It fails with [strict.Errors].
func Load(c *intents.Catalog, files ...string) ([]Suite, error) {
	return load(c, func(name string) (io.ReadCloser, error) { return os.Open(name) }, files)
}

func load(c *intents.Catalog, open func(string) (io.ReadCloser, error), files []string) ([]Suite, error) {
	var faults strict.Errors
	var suites []Suite
	from := map[string]string{}
	for _, file := range files {
		s := Suite{Name: suiteName(file)}
		if other, taken := from[s.Name]; taken {
			faults = append(faults, strict.Fault{Pos: strict.Position{File: file}, Message: "its suite has the name of that of " + other, Remedy: "rename one of the files"})
		}
		from[s.Name] = file
		s.Cases = readFile(file, open, &faults)
		k := checker{catalog: c, first: map[string]strict.Position{}, faults: &faults}
		for i := range s.Cases {
			k.check(&s.Cases[i])
		}
		suites = append(suites, s)
	}
	return suites, faults.Err()
}

func suiteName(file string) string {
	base := path.Base(filepath.ToSlash(file))
	return strings.TrimSuffix(strings.TrimSuffix(base, path.Ext(base)), "-questions")
}

// readFile reads the cases of a file by what its name ends in. A file without any is a fault: it would hold no line.
func readFile(file string, open func(string) (io.ReadCloser, error), faults *strict.Errors) []Case {
	r := reader{file: file, faults: faults}
	read := map[string]func(string) []Case{".tsv": r.tsv, ".jsonl": r.jsonLines, ".yaml": r.yaml, ".yml": r.yaml}[path.Ext(file)]
	if read == nil {
		r.fault(0, "", "name it .yaml, .tsv or .jsonl", "the name does not say what is in it")
		return nil
	}
	content, err := contentOf(file, open)
	if err != nil {
		r.fault(0, "", "", "%v", err)
		return nil
	}
	before := len(*faults)
	cases := read(strings.TrimPrefix(content, "\ufeff"))
	if len(cases) == 0 && len(*faults) == before {
		r.fault(0, "", manual, "there are no cases in it")
	}
	return cases
}

func contentOf(file string, open func(string) (io.ReadCloser, error)) (string, error) {
	f, err := open(file)
	if err != nil {
		return "", fmt.Errorf("open the file: %w", bare(err))
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the file: %w", bare(err))
	case len(content) > maxFile:
		return "", fmt.Errorf("the file is larger than %d MiB: split it", maxFile>>20)
	default:
		return string(content), nil
	}
}

// bare takes the file's name out of an error: the position says it.
func bare(err error) error {
	if inPath, ok := errors.AsType[*fs.PathError](err); ok {
		return inPath.Err
	}
	return err
}

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
	for i, key := range header {
		switch {
		case !slices.Contains(keys, key):
			r.fault(1, "", strict.Suggest(key, "", keys), "unknown column %s", quote(key))
		case slices.Contains(header[:i], key):
			r.fault(1, "", "keep one of them", "the column %s is written twice", quote(key))
		}
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

// record is a line of JSON.
type record struct {
	Question string            `json:"question"`
	Topic    string            `json:"topic"`
	Intent   string            `json:"intent"`
	Slots    map[string]string `json:"slots"`
	Provider string            `json:"provider"`
	Source   string            `json:"source"`
	Group    string            `json:"group"`
	Voice    string            `json:"voice"`
	Of       string            `json:"of"`
	Names    []string          `json:"names"`
}

func (r *reader) jsonLines(content string) []Case {
	var cases []Case
	number := 0
	for line := range strings.Lines(content) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		var rec record
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&rec)
		if err == nil && decoder.More() {
			err = errors.New("something follows the object")
		}
		if err != nil {
			r.fault(number, "", manual, "read json: %s", strings.TrimPrefix(err.Error(), "json: "))
			continue
		}
		c := Case{Question: rec.Question, Topic: rec.Topic, Intent: rec.Intent, Slots: rec.Slots, Provider: rec.Provider,
			Source: rec.Source, Group: rec.Group, Voice: rec.Voice, Of: rec.Of, Pos: r.at(number)}
		r.names(&c, number, rec.Names)
		cases = append(cases, c)
	}
	return cases
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
