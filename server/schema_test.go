package server

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

func TestPublishedAnswerSchemaIsTheFullOneCutOff(t *testing.T) {
	raw, err := router.Schema()
	require.NoError(t, err)
	var full struct {
		Properties map[string]map[string]any `json:"properties"`
		Required   []string                  `json:"required"`
	}
	require.NoError(t, json.Unmarshal(raw, &full))
	require.NotEmpty(t, full.Required)
	for name, property := range full.Properties {
		full.Properties[name] = shallow(property)
	}
	small, err := json.Marshal(map[string]any{"type": "object", "properties": full.Properties, "required": full.Required})
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("answer.schema.json", small, 0o644))
	}
	published, err := os.ReadFile("answer.schema.json")
	require.NoError(t, err)
	assert.Equal(t, string(small), string(published), "the answer changed: go test ./server -run 'Schema|Golden' -update, twice: the file is embedded")
	t.Logf("full schema %d tokens, published %d", tokens(string(raw)), tokens(string(small)))
}

// shallow keeps what a schema says about a value itself, not about its parts.
func shallow(schema map[string]any) map[string]any {
	small := map[string]any{}
	for _, key := range []string{"type", "const", "enum", "description"} {
		if value, ok := schema[key]; ok {
			small[key] = value
		}
	}
	return small
}
