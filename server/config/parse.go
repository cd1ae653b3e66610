package config

import (
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"clanker/intents/strict"
)

// document reads the syntax tree of the file into the configuration.
type document struct {
	*strict.Reader
	config *Config
	dir    string // that relative paths count from
}

func (l *loader) parse(path string, content []byte) {
	const manual = "write keys with values, as clanker config init does"
	d := &document{&strict.Reader{File: path, Manual: manual, Faults: &l.faults}, &l.config, filepath.Dir(path)}
	if top := d.Parse(content); top != nil {
		d.section("", top, "")
	}
}

// section reads the keys below a prefix. Nothing at all is a section whose keys are all commented out.
func (d *document) section(where string, node ast.Node, prefix string) {
	if node.Type() != ast.NullType {
		d.Mapping(where, node, d.fields(prefix))
	}
}

func (d *document) fields(prefix string) (fields []strict.Field) {
	for _, k := range Keys() {
		rest, below := strings.CutPrefix(k.Path, prefix)
		name, _, nested := strings.Cut(rest, ".")
		switch {
		case !below:
		case !nested:
			fields = append(fields, strict.Field{Name: name, Read: func(_ string, node ast.Node) { d.key(k, node) }})
		case len(fields) == 0 || fields[len(fields)-1].Name != name:
			fields = append(fields, strict.Field{Name: name, Read: func(where string, node ast.Node) {
				d.section(where, node, prefix+name+".")
			}})
		}
	}
	return fields
}

func (d *document) key(k Key, node ast.Node) {
	manual := d.Manual
	d.Manual = k.remedy()
	d.config.origins[k.Path] = d.Pos(node)
	switch to := k.field(d.config).(type) {
	case *string:
		*to = d.text(k.Path, node, func(text string) (string, problem) { return k.text(text, d.dir) })
	case *[]string:
		*to = d.list(k.Path, node, func(text string) (string, problem) { return k.text(text, d.dir) })
	case *bool:
		*to = d.Bool(k.Path, node)
	case *int:
		if number, pos, ok := d.Int(k.Path, node); ok {
			*to = number
			d.wrong(pos, k.Path, k.number(number))
		}
	case *Secret:
		*to = d.secret(k.Path, node)
	}
	d.Manual = manual
}

func (d *document) wrong(pos strict.Position, where string, p problem) {
	if p.message != "" {
		d.Fault(pos, where, p.remedy, "%s", p.message)
	}
}

func (d *document) text(where string, node ast.Node, check func(string) (string, problem)) string {
	written, ok := d.String(where, node)
	if !ok {
		return ""
	}
	text, p := check(written.Text)
	d.wrong(written.Pos, where, p)
	return text
}

func (d *document) list(where string, node ast.Node, check func(string) (string, problem)) []string {
	texts := []string{}
	for _, item := range d.Items(where, node, false) {
		texts = append(texts, d.text(where, item, check))
	}
	return texts
}

// secret reads where a secret is found. What may be the secret itself is never repeated.
func (d *document) secret(where string, node ast.Node) (s Secret) {
	switch node.Type() {
	case ast.StringType, ast.LiteralType, ast.IntegerType, ast.FloatType, ast.BoolType:
		d.Fault(d.Pos(node), where, d.Manual, "a secret never stands in this file, only where it is found")
		return s
	default: // keys with values, or a fault
	}
	before := len(*d.Faults)
	path := func(text string) (string, problem) { return expand(text, d.dir) }
	d.Mapping(where, node, []strict.Field{
		{Name: "file", Read: func(where string, node ast.Node) { s.File = d.text(where, node, path) }},
		{Name: "env", Read: func(where string, node ast.Node) {
			s.Env = d.text(where, node, func(text string) (string, problem) { return text, variableName(text) })
		}},
		{Name: "command", Read: func(where string, node ast.Node) { s.Command = d.command(where, node) }},
	})
	if sources := s.sources(); len(*d.Faults) == before && len(sources) != 1 {
		d.Fault(d.Pos(node), where, "keep exactly one of file, env and command", "a secret is found in one place, not in %d", len(sources))
	}
	return s
}

func (d *document) command(where string, node ast.Node) []string {
	command := d.list(where, node, func(text string) (string, problem) { return text, problem{} })
	if len(command) == 0 || command[0] == "" {
		d.Fault(d.Pos(node), where, "write [PROGRAM, ARGUMENT]", "no program is named")
		return nil
	}
	if strings.ContainsRune(command[0], filepath.Separator) { // what is only a name is looked for in PATH
		var p problem
		command[0], p = expand(command[0], d.dir)
		d.wrong(d.Pos(node), where, p)
	}
	return command
}
