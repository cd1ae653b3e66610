package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Example is the file that "clanker config init" writes: every key with its meaning and default, all of them commented
// out. Sections are not, so that a key counts as soon as its own line does.
func Example() string {
	var out strings.Builder
	out.WriteString("# Configuration of clanker. Every key is here with its default: remove the # before one to change it.\n" +
		"# \"clanker config check\" shows every mistake, \"clanker config show\" what counts and where it comes from.\n")
	var before []string
	for _, k := range Keys() {
		sections := strings.Split(k.Path, ".")
		name := sections[len(sections)-1]
		sections = sections[:len(sections)-1]
		indent := strings.Repeat("  ", len(sections))
		for i, section := range sections {
			if i >= len(before) || !slices.Equal(before[:i+1], sections[:i+1]) {
				fmt.Fprintf(&out, "\n%s%s:", strings.Repeat("  ", i), section)
			}
		}
		before = sections
		value := k.Default
		if value == "" {
			value = k.Example
		}
		fmt.Fprintf(&out, "\n%s# %s\n%s#%s: %s\n", indent, strings.ReplaceAll(k.notes(), "\n", "\n"+indent+"# "), indent, name, value)
	}
	return out.String()
}

// notes are what a person has to know of a key.
func (k Key) notes() string {
	return k.Doc + "\n" + capital(k.takes()) + ". A change applies " + k.applies() + ".\nOverridden by " + strings.Join(k.over(), ", ") + "."
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func (k Key) takes() string {
	switch k.Type {
	case Word:
		return "one of: " + strings.Join(k.Words, ", ")
	case Number:
		return fmt.Sprintf("%s from %d to %d (%s)", k.Type, k.Min, k.Max, k.Unit)
	default:
		return string(k.Type)
	}
}

func (k Key) applies() string {
	if k.Live {
		return "at once"
	}
	return "after a restart"
}

// over lists what stands above the file.
func (k Key) over() []string {
	if k.Flag == "" {
		return []string{k.Variable()}
	}
	return []string{k.Variable(), "--" + k.Flag}
}

const preface = `# Configuration

Made from the table of keys by ` + "`go test ./server/config -update`" + `.

One YAML file: what ` + "`--config`" + ` or ` + "`CLANKER_CONFIG`" + ` names, else ` + "`clanker/config.yaml`" + ` in ` + "`$XDG_CONFIG_HOME`" + ` (` + "`~/.config`" + `) or, on
macOS and Windows, in the system's folder for configuration. It need not exist: every key has a default. A flag wins over
the environment, which wins over the file; an empty variable counts as none.

The file is read strictly: a key that is not known, a wrong type or a value out of range stops the program, and
` + "`clanker config check`" + ` shows every fault with its place. Nobody but its owner may be able to write it. Paths may begin with
` + "`~/`" + `; those in the file are relative to its folder, those in variables and flags to the working directory.
`

// Reference describes every key, in Markdown.
func Reference() string {
	var out strings.Builder
	out.WriteString(preface)
	for _, k := range Keys() {
		fmt.Fprintf(&out, "\n## `%s`\n\n%s\n\n- %s", k.Path, k.Doc, k.takes())
		if k.Default != "" {
			fmt.Fprintf(&out, ", default `%s`", k.Default)
		} else {
			fmt.Fprintf(&out, ", for instance `%s`", k.Example)
		}
		fmt.Fprintf(&out, "\n- overridden by `%s`\n- a change applies %s\n", strings.Join(k.over(), "`, `"), k.applies())
	}
	return out.String()
}

// object is a JSON object; its keys are written sorted.
type object = map[string]any

// Schema is the JSON Schema of the file, for editors.
func Schema() ([]byte, error) {
	root := group(object{})
	root["$schema"], root["title"] = "https://json-schema.org/draft/2020-12/schema", "Configuration of clanker"
	for _, k := range Keys() {
		in, path := root["properties"].(object), strings.Split(k.Path, ".")
		for ; len(path) > 1; path = path[1:] {
			if in[path[0]] == nil {
				in[path[0]] = group(object{})
			}
			in = in[path[0]].(object)["properties"].(object)
		}
		in[path[0]] = k.schema()
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write the schema of the configuration: %w", err)
	}
	return out.Bytes(), nil
}

// group is a section: nothing at all if all its keys are commented out.
func group(properties object) object {
	return object{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}
}

func (k Key) schema() object {
	text := object{"type": "string", "minLength": 1}
	s := object{}
	switch k.Type {
	case Address, Path, Shared:
		s = text
	case Word:
		s["enum"] = k.Words
	case Number:
		s["type"], s["minimum"], s["maximum"] = "integer", k.Min, k.Max
	case Switch:
		s["type"] = "boolean"
	case Paths, Names:
		s["type"], s["items"] = "array", text
	case ModelRef:
		s["type"], s["pattern"] = "string", modelRefPattern
	case Aliases:
		s["type"], s["items"] = "array", object{"type": "string", "pattern": aliasPattern}
	case URL:
		s["type"], s["pattern"] = "string", urlPattern
	case Hidden:
		only := func(name string, value object) object {
			return object{"type": "object", "additionalProperties": false, "required": []string{name}, "properties": object{name: value}}
		}
		s["oneOf"] = []object{only("file", text), only("env", object{"type": "string", "pattern": variablePattern}),
			only("command", object{"type": "array", "minItems": 1, "items": object{"type": "string"}})}
	}
	s["description"] = strings.ReplaceAll(k.Doc, "\n", " ")
	if k.Default != "" {
		s["default"] = k.value(Default())
	}
	return s
}
