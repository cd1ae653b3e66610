package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// The article's questions to the demo estate, asked as the article does: a bare POST. Every answer is valid against the
// full schema of answers and the published one.
func TestDemoEstateOverHTTP(t *testing.T) {
	r, w := estate(t)
	url := product(t, r, w)
	full, published := schemaOf(t, fullSchema(t)), schemaOf(t, publishedSchema(t))
	for question, says := range map[string]string{
		healthQuestion: "session-cache",
		"What instance type is prod-cluster running?":                  "r6g.2xlarge",
		"What changed in the last deployment?":                         "v1.4.2",
		"Which pods are using more than 80% of their memory limit?":    "",
		"Is there a unicorn in the third moon of the purple warehouse": "",
	} {
		got := answerTo(t, url, question)
		require.Len(t, got.Content, 1)
		assert.Contains(t, got.Content[0].Text, says, question)
		assert.False(t, got.IsError, question)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(got.StructuredContent)))
		require.NoError(t, err)
		assert.NoError(t, full.Validate(value), question)
		assert.NoError(t, published.Validate(value), question)
	}
}

type answered struct {
	Content           []struct{ Text string }
	StructuredContent json.RawMessage
	IsError           bool
}

func answerTo(t *testing.T, url, question string) answered {
	t.Helper()
	got, err := http.Post(url, "application/json", strings.NewReader(body("clanker_route_question", `{"question":"`+question+`"}`)))
	require.NoError(t, err)
	defer func() { _ = got.Body.Close() }()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	var message struct{ Result answered }
	require.NoError(t, json.Unmarshal(text, &message), string(text))
	return message.Result
}

func fullSchema(t *testing.T) string {
	t.Helper()
	text, err := router.Schema()
	require.NoError(t, err)
	return string(text)
}

func publishedSchema(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("answer.schema.json")
	require.NoError(t, err)
	return string(text)
}

func schemaOf(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("mem:///answer.json", document))
	schema, err := compiler.Compile("mem:///answer.json")
	require.NoError(t, err)
	return schema
}
