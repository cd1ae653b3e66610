package intents

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// schemas are those that stand beside the files that they are for.
var schemas = map[string]func() ([]byte, error){"intent.schema.json": Schema, "vocabulary.schema.json": VocabularySchema}

func TestSchemasAreWritten(t *testing.T) {
	for name, make := range schemas {
		made, err := make()
		require.NoError(t, err)
		if *update {
			require.NoError(t, os.WriteFile(name, made, 0o644))
		}
		written, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(written), string(made), "run go test ./intents -update and look at the difference")
	}
}

// compiled is a schema as an editor uses it.
func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	made, err := schemas[name]()
	require.NoError(t, err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(made))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(name, schema))
	valid, err := compiler.Compile(name)
	require.NoError(t, err)
	return valid
}

// decoded is a YAML file as a validator sees it.
func decoded(t *testing.T, content string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(content), &value), content)
	data, err := json.Marshal(value)
	require.NoError(t, err, content)
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err, content)
	return value
}

// TestSchemasTakeWhatShips validates every file of the built-in catalogue.
func TestSchemasTakeWhatShips(t *testing.T) {
	intent, vocabulary := compiled(t, "intent.schema.json"), compiled(t, "vocabulary.schema.json")
	require.NoError(t, fs.WalkDir(Default(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(Default(), name)
		require.NoError(t, err)
		schema := intent
		if isVocabulary(name) {
			schema = vocabulary
		}
		assert.NoError(t, schema.Validate(decoded(t, string(content))), name)
		return nil
	}))
}

// TestSchemaRefuses holds the schema to what the loader refuses, one mistake at a time in a file that both take.
func TestSchemaRefuses(t *testing.T) {
	schema := compiled(t, "intent.schema.json")
	const form = "include: [a.yaml]\ndefaults: {topic: health, action: list, answer: x}\nintents: [{id: a.b, description: d, examples: [a, b, c]}]\n"
	require.NoError(t, schema.Validate(decoded(t, language)))
	require.NoError(t, schema.Validate(decoded(t, form)))
	require.NoError(t, schema.Validate(decoded(t, "")))
	for _, change := range []struct{ from, to string }{
		{"  topic: metrics\n", ""}, {"  description: d\n", ""}, {"  action: list\n", ""}, {"  answer: ", "  answr: "},
		{"topic: metrics", "topic: metrix"}, {"action: list", "action: lst"}, {"  maxRisk: 0.01", "  maxRisk: 0.51"}, {"  maxRisk: 0.01", "  maxRisk: 0"},
		{"  maxRisk: 0.01", "  act: question"}, {"  maxRisk: 0.01", "  colour: red"}, {"  maxRisk: 0.01", "  verdict: perhaps"},
		{"kinds: [pod, node]", "kinds: [pd]"}, {"none: [cost]", "some: [cost]"}, {"{ask: restart them, not: true}", "{not: true}"},
		{"not: true", "never: true"}, {"intent: a.c", "owner: a.c"}, {`query: {name: "{who}"}`, "query: {nam: x}"}, {`query: {name: "{who}"}`, "query: {kinds: [pd]}"},
		{`query: {name: "{who}"}`, "query: {metrics: [cpu]}"}, {`query: {name: "{who}"}`, "query: {scope: {place: x}}"}, {`query: {name: "{who}"}`, "query: {log: {tails: 1}}"},
		{"    - what [is] (not) marked\n", ""},
	} {
		require.Contains(t, language, change.from)
		broken := strings.Replace(language, change.from, change.to, 1)
		assert.Error(t, schema.Validate(decoded(t, broken)), "%v", change)
		if _, err := Load(files2fs(map[string]string{"one.yaml": broken, "two.yaml": ours("a.c", "mood")})); assert.Error(t, err, "%v", change) {
			assert.ErrorAs(t, err, new(Errors))
		}
	}
	for _, change := range []struct{ from, to string }{{"include", "includes"}, {"topic: health", "id: x"}, {"topic: health", "examples: [x]"}, {"description: d, ", ""}} {
		assert.Error(t, schema.Validate(decoded(t, strings.Replace(form, change.from, change.to, 1))), "%v", change)
	}
	words := compiled(t, "vocabulary.schema.json")
	require.NoError(t, words.Validate(decoded(t, few)))
	for _, broken := range []string{"concept: {a: [a]}", "concepts: {A: [a]}", "kinds: {pd: [a]}", "providerKinds: {aws: {pd: [a]}}", "nouns: {a: b}", "[a]"} {
		assert.Error(t, words.Validate(decoded(t, broken)), broken)
	}
}
