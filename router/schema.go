package router

import (
	"encoding/json"
	"fmt"

	"github.com/invopop/jsonschema"
)

// Schema returns the JSON Schema (draft 2020-12) of [Answer], made from its type: the output schema that the tool
// publishes. The same program always returns the same bytes.
func Schema() (json.RawMessage, error) {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	schema := reflector.Reflect(&Answer{})
	schema.Title = AnswerSchema
	if name, ok := schema.Properties.Get("schema"); ok {
		name.Const = AnswerSchema
	}
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, fmt.Errorf("make the schema of the answer: %w", err)
	}
	return text, nil
}
