package policies

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/invopop/jsonschema"
)

// InputSchema returns the JSON Schema (draft 2020-12) of [Input]. A rule that names a field that is not in it does not
// load. The same program always returns the same bytes.
func InputSchema() ([]byte, error) {
	return written(reflected(&Input{}, "Input of clanker's policies"))
}

func reflected(value any, title string) *jsonschema.Schema {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	schema := reflector.Reflect(value)
	schema.Title = title
	return schema
}

func written(schema *jsonschema.Schema) ([]byte, error) {
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// SettingsSchema returns the JSON Schema (draft 2020-12) of data.yaml, for editors. It is that of [Settings], but for the
// ends of a freeze, which people write as a time.
func SettingsSchema() ([]byte, error) {
	schema := reflected(&Settings{}, "data.yaml of clanker's policies")
	freezes, _ := schema.Properties.Get("freezes")
	for _, end := range []string{"from", "to"} {
		freezes.Items.Properties.Set(end, &jsonschema.Schema{Type: "string", Pattern: `^\d{4}-\d\d-\d\d \d\d:\d\d$`})
	}
	return written(schema)
}

// inputTypes is the schema of the input as the compiler of policies takes it, which knows no drafts.
func inputTypes() (any, error) { return untitled(reflected(&Input{}, "")) }

// settingTypes is the same of settings. The lists of a team's own are fields of it, so that a misspelt one is an error too.
func settingTypes(s Settings) (any, error) {
	schema := reflected(&Settings{}, "")
	lists, _ := schema.Properties.Get("lists")
	if len(s.Lists) == 0 {
		schema.Properties.Delete("lists") // an object without fields could have any
	}
	lists.Properties = jsonschema.NewProperties()
	for _, name := range slices.Sorted(maps.Keys(s.Lists)) {
		lists.Properties.Set(name, lists.AdditionalProperties)
	}
	return untitled(schema)
}

func untitled(schema *jsonschema.Schema) (any, error) {
	schema.Version = ""
	text, err := written(schema)
	if err != nil {
		return nil, err
	}
	var tree any
	return tree, json.Unmarshal(text, &tree)
}
