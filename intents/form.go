package intents

import (
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// form is a file of intents, parsed: a list of them, or keys of which one is that list.
type form struct {
	*reader
	lines    []string
	items    []ast.Node
	end      int      // line at which the last item ends, counted from 0
	include  []scalar // files whose defaults count too
	defaults []*ast.MappingValueNode
}

// own are the keys that no two intents share, so that no file gives them to all of its intents.
var own = []string{"id", "description", "examples", "patterns", "tests"}

// form parses a file of intents, nil if there is nothing in it.
func (l *loader) form(layer Layer, name string) *form {
	r, content := l.open(layer, name)
	if content == nil {
		return nil
	}
	before := len(l.faults)
	top := r.Parse(content)
	l.broken = l.broken || len(l.faults) > before
	if top == nil {
		return nil
	}
	f := &form{reader: r, lines: strings.SplitAfter(string(content), "\n")}
	f.end = len(f.lines)
	if entries := entriesOf(top); len(entries) > 0 {
		f.Mapping("", top, f.fields(l, entries))
		return f
	}
	f.items = r.Items("", top, false)
	return f
}

// entriesOf returns the keys of a mapping with their values.
func entriesOf(node ast.Node) []*ast.MappingValueNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		return node.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}
	}
	return nil
}

func keyOf(entry *ast.MappingValueNode) string {
	if key, ok := entry.Key.(*ast.StringNode); ok {
		return key.Value
	}
	return entry.Key.String()
}

// fields reads a file that is more than a list.
func (f *form) fields(l *loader, entries []*ast.MappingValueNode) []field {
	return []field{
		{Name: "include", Takes: anyTexts, Doc: "Files of the folder, as they are found from this one, whose defaults count here too.", Read: func(w string, n ast.Node) { f.include = f.Texts(w, n) }},
		{Name: "defaults", Takes: func() object { return object{"$ref": "#/$defs/defaults"} }, Doc: "Keys that every intent of the file has which does not say them itself.", Read: func(w string, n ast.Node) { f.defaults = f.shared(l, w, n) }},
		{Name: "intents", Takes: func() object {
			return arrayOf(object{"$ref": "#/$defs/intent", "required": []string{"id", "description", "examples"}})
		}, Doc: "The intents.", Read: func(w string, n ast.Node) {
			f.items = f.Items(w, n, false)
			at := slices.IndexFunc(entries, func(e *ast.MappingValueNode) bool { return e.Value == n })
			if at >= 0 && at+1 < len(entries) {
				f.end = f.Pos(entries[at+1].Key).Line - 1
			}
		}},
	}
}

// shared reads the defaults of a file once, for their faults alone: they are the file's, whatever intents take them.
func (f *form) shared(l *loader, where string, node ast.Node) []*ast.MappingValueNode {
	d := l.draft(f.reader, &Intent{slots: map[string]SlotType{}, Defaults: Slots{}})
	f.Mapping(where, node, d.sharedFields())
	return slices.DeleteFunc(slices.Clone(entriesOf(node)), func(e *ast.MappingValueNode) bool { return slices.Contains(own, keyOf(e)) })
}

func (d *draft) sharedFields() []field {
	return slices.DeleteFunc(d.fields(), func(k field) bool { return slices.Contains(own, k.Name) })
}

// inherited is a default with the reader of its file.
type inherited struct {
	*reader
	entry *ast.MappingValueNode
}

// defaultsOf are the defaults that count in a file: its own, then those of each file that it includes, the last first.
func (l *loader) defaultsOf(f *form, name string, forms map[string]*form) []inherited {
	var all []inherited
	add := func(of *form) {
		for _, entry := range of.defaults {
			all = append(all, inherited{&reader{File: of.File, Manual: of.Manual, Faults: new(Errors)}, entry})
		}
	}
	add(f)
	for _, include := range slices.Backward(f.include) {
		included, ok := forms[path.Join(path.Dir(name), include.Text)]
		if !ok {
			f.Fault(include.Pos, "include", "name a .yaml file of this folder, as it is found from this one", "no file of intents %q", include.Text)
			continue
		}
		add(included)
	}
	return all
}

// intentsOf reads the intents of a file.
func (l *loader) intentsOf(f *form, defaults []inherited) []*Intent {
	var all []*Intent
	for i, item := range f.items {
		if f.Subject = ""; len(l.faults) > maxFound {
			break
		}
		in, taken := l.intent(f.reader, item, defaults)
		if in == nil {
			continue
		}
		end := f.end
		if i+1 < len(f.items) {
			end = f.Pos(f.items[i+1]).Line - 1
		}
		in.Layer, in.Source = l.layer, definition(f.lines, in.Pos.Line-1, end)
		if len(taken) > 0 {
			in.Source = written(slices.Concat(entriesOf(item), taken))
		}
		all = append(all, in)
	}
	return all
}

// written spells an intent that is made of keys from several places.
func written(entries []*ast.MappingValueNode) string {
	var text strings.Builder
	for _, entry := range entries {
		text.WriteString(indented(strings.Trim(entry.String(), "\n"), "  ") + "\n")
	}
	return "-" + text.String()[1:]
}

// definition cuts an intent out of its file, without what is between it and the next one. Several may share a line.
func definition(lines []string, start, end int) string {
	start = min(start, len(lines)-1)
	end = min(max(end, start+1), len(lines))
	for end > start+1 && (strings.TrimSpace(lines[end-1]) == "" || lines[end-1][0] == '#') {
		end--
	}
	return strings.TrimRight(indented(strings.Join(lines[start:end], ""), ""), "\r\n") + "\n"
}

// indented moves lines so that the first of them begins with the indent.
func indented(text, indent string) string {
	before := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var moved strings.Builder
	for line := range strings.Lines(text) {
		moved.WriteString(indent + strings.TrimPrefix(line, before))
	}
	return moved.String()
}

// inherit reads the defaults that the intent does not say itself, and returns them.
func (d *draft) inherit(node ast.Node, defaults []inherited) []*ast.MappingValueNode {
	given := map[string]bool{}
	for _, entry := range entriesOf(node) {
		given[keyOf(entry)] = true
	}
	var taken []*ast.MappingValueNode
	defer func(own *reader) { d.reader = own }(d.reader)
	for _, from := range defaults {
		if key := keyOf(from.entry); !given[key] {
			given[key], d.reader = true, from.reader
			d.Mapping("", from.entry, d.fields())
			taken = append(taken, from.entry)
		}
	}
	return taken
}
