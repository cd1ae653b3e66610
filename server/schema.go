package server

import (
	"encoding/json"
	"fmt"

	"clanker/router"
)

// answerSchema is the output schema of clanker_route_question in the form that tools/list publishes: [router.Schema]
// cut off below the top level, with the types, the enums and what is required. Every agent pays for it in every
// conversation, and the full schema is several times as large. It lets through all that the full one does.
func answerSchema() json.RawMessage {
	var full struct {
		Properties map[string]map[string]any `json:"properties"`
		Required   []string                  `json:"required"`
	}
	if err := json.Unmarshal(router.Schema(), &full); err != nil {
		panic(fmt.Sprintf("the schema of answers is not JSON: %v", err)) // it is a constant of the program
	}
	for name, property := range full.Properties {
		full.Properties[name] = shallow(property)
	}
	small, err := json.Marshal(map[string]any{"type": "object", "properties": full.Properties, "required": full.Required})
	if err != nil {
		panic(fmt.Sprintf("the schema of answers: %v", err))
	}
	return small
}

// shallow keeps what a schema says about a value itself, not about its parts. A schema by reference is an object's.
func shallow(schema map[string]any) map[string]any {
	small := map[string]any{}
	for _, key := range []string{"type", "const", "enum", "description"} {
		if value, ok := schema[key]; ok {
			small[key] = value
		}
	}
	if schema["$ref"] != nil {
		small["type"] = "object"
	}
	return small
}
