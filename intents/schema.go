package intents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"clanker/intents/strict"
)

// object is a JSON object; its keys are written sorted.
type object = map[string]any

// Schema is the JSON Schema of a file of intents, for editors and for CI. It is made of the tables of keys by which the
// loader reads; what only a whole catalogue tells, such as a concept that does not exist, is left to the loader.
func Schema() ([]byte, error) {
	d := &draft{in: &Intent{}}
	whole := either(object{"required": []string{"patterns"}}, object{"properties": object{"examples": object{"type": "array", "minItems": enough}}})
	whole["$ref"], whole["required"] = "#/$defs/intent", requiredKeys()
	root := either(arrayOf(whole), block((&form{}).fields(nil, nil)), object{"type": "null"})
	shared := object{"$ref": "#/$defs/intent", "propertyNames": object{"not": wordOf(own)}}
	return document("Intents of clanker", root, object{"intent": block(d.fields()), "defaults": shared})
}

// VocabularySchema is the JSON Schema of a file of words, as [Schema] is of one of intents.
func VocabularySchema() ([]byte, error) {
	root := block(newVocabulary().fields(nil))
	root["type"] = []string{"object", "null"}
	return document("Vocabulary of clanker", root, object{})
}

func document(title string, root, parts object) ([]byte, error) {
	parts["texts"] = listOf(anyText())
	root["$defs"], root["$schema"], root["title"] = parts, "https://json-schema.org/draft/2020-12/schema", title
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write the schema %q: %w", title, err)
	}
	return out.Bytes(), nil
}

// requiredKeys are those that an intent without any is told to be missing, but for patterns, in whose place examples can
// stand.
func requiredKeys() []string {
	var faults Errors
	empty := &draft{reader: &reader{Faults: &faults}, in: &Intent{}}
	empty.require()
	var keys []string
	for _, fault := range faults {
		if fault.Where != "patterns" {
			keys = append(keys, fault.Where)
		}
	}
	return keys
}

// block is a mapping with these keys alone.
func block(fields []strict.Field, required ...string) object {
	properties := object{}
	for _, f := range fields {
		properties[f.Name] = f.Takes()
		if f.Doc != "" {
			properties[f.Name].(object)["description"] = f.Doc
		}
	}
	b := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		b["required"] = required
	}
	return b
}

// mapOf is a mapping with keys of a user's choice, or of the names' schema.
func mapOf(names, value object) object {
	k := object{"type": "object", "additionalProperties": value}
	if names != nil {
		k["propertyNames"] = names
	}
	return k
}

// anyText is what is read as it is written: 80% and 10 are texts too.
func anyText() object { return object{"type": []string{"string", "number", "boolean"}} }

func trueOrFalse() object { return object{"type": "boolean"} }

func arrayOf(item object) object { return object{"type": "array", "items": item} }

// listOf is a list, or one value in its place.
func listOf(item object) object { return either(maps.Clone(item), arrayOf(item)) }

func anyTexts() object { return object{"$ref": "#/$defs/texts"} }

func either(schemas ...object) object { return object{"anyOf": schemas} }

func orSlot(schema object) object {
	return either(schema, object{"type": "string", "pattern": `^\{.+\}$`})
}

func wordOf[T ~string](words []T) object { return object{"enum": words} }
