package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/config"
)

var update = flag.Bool("update", false, "rewrite the schema, the reference and the example from the table")

// What is made from the table of keys is in the repository, for people and editors.
func TestMadeFromTheTable(t *testing.T) {
	t.Parallel()
	schema, err := config.Schema()
	require.NoError(t, err)
	for name, made := range map[string]string{
		"schema.json": string(schema), "REFERENCE.md": config.Reference(), "testdata/example.yaml": config.Example(),
	} {
		if *update {
			require.NoError(t, os.WriteFile(name, []byte(made), 0o644))
		}
		written, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(written), made, "run go test ./server/config -update and look at the difference")
	}
}

// compiled is the schema as an editor uses it.
func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	made, err := config.Schema()
	require.NoError(t, err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(made))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("config.json", schema))
	valid, err := compiler.Compile("config.json")
	require.NoError(t, err)
	return valid
}

// document is a YAML file as a validator sees it.
func document(t testing.TB, content string) any {
	t.Helper()
	var decoded any
	require.NoError(t, yaml.Unmarshal([]byte(content), &decoded), content)
	data, err := json.Marshal(decoded)
	require.NoError(t, err, content)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err, content)
	return value
}

var commented = regexp.MustCompile(`(?m)^( *)#(\w)`)

// The file that init writes changes nothing, and each of its lines works once its # is gone.
func TestExampleFile(t *testing.T) {
	t.Parallel()
	valid, at := compiled(t), files(t)
	asIs := config.Example()
	require.NoError(t, valid.Validate(document(t, asIs)))
	c, err := load(at("asis.yaml", asIs))
	require.NoError(t, err)
	assert.Empty(t, config.Changes(config.Default(), c))

	all := commented.ReplaceAllString(asIs, "$1$2")
	require.NoError(t, valid.Validate(document(t, all)))
	c, err = load(at("all.yaml", all))
	require.NoError(t, err)
	var changed []string
	for _, k := range config.Changes(config.Default(), c) {
		assert.Empty(t, k.Default, "%s has another default in the example", k.Path)
		changed = append(changed, k.Path)
	}
	assert.Equal(t, []string{"token", "intents.dirs", "kubernetes.kubeconfig", "terraform.folders",
		"models.default", "models.research", "models.aliases", "models.anthropic.key", "models.anthropic.url", "models.cohere.key", "models.cohere.url",
		"models.google.key", "models.google.url", "models.ollama.url", "models.openai.key", "models.openai.url", "models.prices",
		"agents.users", "operators.users",
		"policies.dir", "state", "database"}, changed)
	for _, v := range c.Values() {
		assert.NotEqual(t, "default", v.From, "%s is missing in the example", v.Key)
	}

	lines := strings.Split(asIs, "\n")
	for i, line := range lines {
		if commented.MatchString(line) {
			one := strings.Join(append(append(append([]string{}, lines[:i]...), commented.ReplaceAllString(line, "$1$2")), lines[i+1:]...), "\n")
			_, err := load(at("one.yaml", one))
			assert.NoError(t, err, line)
		}
	}
}

// The schema and the program agree about what is wrong.
func TestSchemaAgrees(t *testing.T) {
	t.Parallel()
	valid, at := compiled(t), files(t)
	for content, right := range map[string]bool{
		"": true, "metrics: false": true, "token: {env: A}": true, "token: {command: [a, b]}": true, "intents: {dirs: []}": true, "log:": true,
		"metrics: yes": false, "metric: true": false, "token: a": false, "token: {}": false, "token: {file: a, env: A}": false,
		"token: {env: 'a b'}": false, "token: {command: []}": false, "limits: {rate: 0}": false, "limits: {rate: 100001}": false, "limits: {rate: '1'}": false,
		"limits: {rate: 1.5}": false, "limits: {rat: 1}": false, "log: {level: verbose}": false, "log: {format: TEXT}": false, "intents: {dirs: a}": false,
		"models: {default: openai/a/b:c, openai: {url: 'http://[::1]:1/v1', key: {env: A}}, daily: {cents: 1}}": true, "models: {default: a b}": false,
		"models: {aliases: [a]}": false, "models: {openai: {url: 'https://a:b@c'}}": false, "models: {openai: {url: 'https://a?b'}}": false, "models: {openai: x}": false,
		"models: {daily: {cents: 0}}": false, "intents: {dirs: ['']}": false, "kubernetes: {kubeconfig: }": false, "listen: 39393": false, "[listen]": false, "limits: 5": false,
	} {
		_, err := load(at("config.yaml", content))
		assert.Equal(t, right, err == nil, "%s: %v", content, err)
		err = valid.Validate(document(t, content))
		assert.Equal(t, right, err == nil, "%s: %v", content, err)
	}
}

// FuzzParse: whatever the file holds, loading ends; what it takes the schema takes, and what it refuses it refuses with a place.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{config.Example(), commented.ReplaceAllString(config.Example(), "$1$2"), "token: {file: a, env: B}", "listen: [", "log: &a {level: *a}",
		"a: b\n---\nc: d", "limits: {rate: 0x7f, burst: 1_000, running: +3, sessions: 1e3}", "\xff\x00", "listen: '127.0.0.1:1'\nlisten: x", "token: ! {env: A}",
		"models: {default: a, aliases: [a=b/c, a=openai/d], openai: {key: {env: A}, url: 'http://127.0.0.1/c'}, daily: {cents: 1}}"} {
		f.Add(seed)
	}
	valid, path := compiled(f), filepath.Join(f.TempDir(), "config.yaml")
	f.Fuzz(func(t *testing.T, content string) {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		c, err := load(path)
		if err == nil {
			assert.NoError(t, valid.Validate(document(t, content)))
			_, err := json.Marshal(c.Values())
			assert.NoError(t, err)
			return
		}
		for line := range strings.Lines(err.Error()) {
			if strings.HasPrefix(line, path) {
				return
			}
		}
		t.Errorf("no fault says where it is: %v", err)
	})
}
