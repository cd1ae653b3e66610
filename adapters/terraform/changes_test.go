package terraform

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var shop = scope{folder: "/srv/shop", workspace: "default", environment: "production", version: "serial 4"}

// document is what the real terraform printed of a configuration with all that is odd: testdata/*.json.
func document(t testing.TB, name string) []byte {
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return text
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, "run with -update if it is meant to be so")
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"create", "create-1.5", "change", "destroy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := read(document(t, name+".json"), shop)
			require.NoError(t, err)
			resources, err := json.MarshalIndent(found.resources, "", "  ")
			require.NoError(t, err)
			golden(t, name, found.text+"\n"+string(resources)+"\n")
			assert.Contains(t, found.secrets, "correct-horse-battery")
			assert.NotContains(t, found.text+string(resources), "correct-horse")
		})
	}
}

func TestReadState(t *testing.T) {
	t.Parallel()
	found, err := readState(document(t, "state.json"))
	require.NoError(t, err)
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(found.resources)) {
		text.WriteString(name + "\n")
		write(&text, changed(nil, found.resources[name].leaves))
	}
	golden(t, "state", text.String())
	assert.NotContains(t, text.String(), "correct-horse")
	assert.Equal(t, []string{"correct-horse-battery"}, found.secrets)
	assert.Equal(t, "true", found.resources["terraform_data.left"].leaves[tainted].text)
}

func TestUnder(t *testing.T) {
	t.Parallel()
	s := state{resources: map[string]recorded{"a.b": {}, "a.bc": {}, "a.b[0]": {}, "module.a.b.c": {}, "a.b (deposed 1)": {}}}
	for address, want := range map[string][]string{"a.b": {"a.b", "a.b (deposed 1)", "a.b[0]"}, "module.a": {"module.a.b.c"}, "a": {"a.b", "a.b (deposed 1)", "a.b[0]", "a.bc"}, "c": nil} {
		assert.Equal(t, want, s.under(address), address)
	}
}

// planOf is a plan with one change.
func planOf(change string) string {
	return `{"format_version":"1.2","resource_changes":[{"address":"x.y","mode":"managed","type":"x","name":"y","change":` + change + `}]}`
}

func TestReadOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, change string
		action       adapters.Action
		fields       []adapters.Field
	}{
		{"nothing", `{"actions":["no-op"],"before":{"a":1},"after":{"a":1}}`, "", nil},
		{"number", `{"actions":["update"],"before":{"a":12345678901234567890},"after":{"a":12345678901234567891}}`, "update", []adapters.Field{{Name: "a", Before: "12345678901234567890", After: "12345678901234567891"}}},
		{"type", `{"actions":["update"],"before":{"a":"1"},"after":{"a":1}}`, "update", []adapters.Field{{Name: "a", Before: "1", After: "1"}}},
		{"empty", `{"actions":["update"],"before":{"a":""},"after":{"a":null}}`, "update", []adapters.Field{{Name: "a", Before: `""`}}},
		{"no items", `{"actions":["update"],"before":{"a":[]},"after":{"a":[1]}}`, "update", []adapters.Field{{Name: "a", Before: "[]"}, {Name: "a.0", After: "1"}}},
		{"sensitive", `{"actions":["update"],"before":{"a":"x"},"after":{"a":"y"},"before_sensitive":{"a":true},"after_sensitive":{"a":true}}`, "update", []adapters.Field{{Name: "a", Before: sensitive, After: sensitive}}},
		{"all sensitive", `{"actions":["update"],"before":{"a":{"b":1}},"after":{"a":{"b":2}},"before_sensitive":true,"after_sensitive":true}`, "update", []adapters.Field{{Name: "(all)", Before: sensitive, After: sensitive}}},
		{"sensitive and unknown", `{"actions":["update"],"before":{"a":"x"},"after":{},"before_sensitive":{"a":true},"after_sensitive":{"a":true},"after_unknown":{"a":true}}`, "update", []adapters.Field{{Name: "a", Before: sensitive, After: unknown}}},
		{"a copy of it", `{"actions":["update"],"before":{"a":"swordfish","b":"swordfish"},"after":{},"before_sensitive":{"a":true}}`, "update", []adapters.Field{{Name: "a", Before: sensitive}, {Name: "b", Before: sensitive}}},
		{"by its name", `{"actions":["create"],"before":null,"after":{"api_key":"x"}}`, "create", []adapters.Field{{Name: "api_key", After: adapters.Redacted}}},
		{"by its look", `{"actions":["create"],"before":null,"after":{"u":"db://app:hunter2@h"}}`, "create", []adapters.Field{{Name: "u", After: "db://[redacted]@h"}}},
		{"dots", `{"actions":["update"],"before":{"a":{"b":1}},"after":{"a.b":1}}`, "update", []adapters.Field{{Name: `"a.b"`, After: "1"}, {Name: "a.b", Before: "1"}}},
		{"unknown as a whole", `{"actions":["update"],"before":{"a":{"b":1},"aa":1},"after":{"aa":1},"after_unknown":{"a":true}}`, "update", []adapters.Field{{Name: "a.b", Before: "1", After: unknown}}},
		{"forget", `{"actions":["forget"],"before":{"a":1},"after":null}`, "delete", []adapters.Field{{Name: "(managed by terraform)", Before: "true", After: "false"}}},
		{"create before destroy", `{"actions":["create","delete"],"before":{"a":1},"after":{"a":2}}`, "replace", []adapters.Field{{Name: "a", Before: "1", After: "2"}}},
		{"import", `{"actions":["no-op"],"before":{"a":1},"after":{"a":1},"importing":{"id":"i-1"}}`, "update", []adapters.Field{{Name: "(imported from)", After: "i-1"}}},
	} {
		found, err := read([]byte(planOf(c.change)), shop)
		require.NoError(t, err, c.name)
		if c.action == "" {
			assert.Empty(t, found.resources, c.name)
			continue
		}
		require.Len(t, found.resources, 1, c.name)
		assert.Equal(t, c.action, found.resources[0].Action, c.name)
		assert.Equal(t, c.fields, found.resources[0].Fields, c.name)
	}
}

// What is not known for sure must not become a plan.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":     ``,
		"no version":  `{}`,
		"another":     `{"format_version":"2.0"}`,
		"action":      planOf(`{"actions":["teleport"]}`),
		"two actions": planOf(`{"actions":["update","delete"]}`),
		"no action":   planOf(`{}`),
		"no change":   planOf(`null`),
		"invocations": `{"format_version":"1.2","action_invocations":[{"address":"action.x.y"}]}`,
		"deferred":    `{"format_version":"1.2","deferred_changes":[{"reason":"unknown"}]}`,
	} {
		_, err := read([]byte(text), shop)
		assert.Error(t, err, name)
	}
}

func TestDataSourcesThatArePrograms(t *testing.T) {
	t.Parallel()
	found, err := read([]byte(`{"format_version":"1.2","configuration":{"root_module":{"module_calls":{"m":{"module":{"resources":[
		{"address":"data.external.x","mode":"data","type":"external","name":"x","expressions":{"program":{"constant_value":["/bin/sh","-c","id"]},"query":{"references":["var.a"]}}}]}}}}}}`), shop)
	require.NoError(t, err)
	require.Len(t, found.resources, 1)
	assert.Equal(t, adapters.ActionRun, found.resources[0].Action)
	assert.Equal(t, "module.m.data.external.x program", found.resources[0].Name)
	assert.Equal(t, []adapters.Field{{Name: "program.0", After: "/bin/sh"}, {Name: "program.1", After: "-c"}, {Name: "program.2", After: "id"},
		{Name: "query", After: "(from var.a)"}}, found.resources[0].Fields)
	assert.Contains(t, found.text, "Runs programs")
}

func TestDrift(t *testing.T) {
	t.Parallel()
	found, err := read([]byte(`{"format_version":"1.2","resource_drift":[
		{"address":"x.z","change":{"actions":["delete"],"before":{"a":1},"after":null}},
		{"address":"x.y","change":{"actions":["update"],"before":{"a":"swordfish"},"after":{"a":"login swordfish!"},"before_sensitive":{"a":true}}}]}`), shop)
	require.NoError(t, err)
	assert.Contains(t, found.text, "Changed outside of terraform:\n  ~ x.y\n      a: (sensitive) -> (sensitive)\n  ~ x.z\n      a: \"1\" -> (none)\n")
}

func TestLongValuesAreBound(t *testing.T) {
	t.Parallel()
	one, other := told("a", strings.Repeat("x", 5000)), told("a", strings.Repeat("x", 4999)+"y")
	assert.Less(t, len(one), 300)
	assert.NotEqual(t, one, other)
	assert.NotEqual(t, cut(strings.Repeat("x", 70000)), cut(strings.Repeat("x", 69999)+"y"))
	assert.Less(t, len(cut(strings.Repeat("x", 70000))), 64<<10)
}

func TestAValueCannotLookLikeAnotherLine(t *testing.T) {
	t.Parallel()
	found, err := read([]byte(planOf(`{"actions":["update"],"before":{"a":"x"},"after":{"a":"(sensitive)\n  - x.z\u001b[2K\u202e"}}`)), shop)
	require.NoError(t, err)
	assert.Equal(t, "  ~ x.y\n      a: \"x\" -> \"(sensitive)\\n  - x.z\\x1b[2K\\u202e\"\nPlan: 0 to add, 1 to change, 0 to destroy.\n", found.text)
}

func TestBare(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a.b": "a.b", "a.b[0]": "a.b", `module.a["x"].b.c["y"]`: "module.a.b.c", `a.b["]"]`: "a.b", `a.b["\"]"].c`: "a.b.c", "a.b[": "a.b", `a"b`: `a"b`, "": "",
	} {
		assert.Equal(t, want, bare(address), address)
	}
}

func TestReadOfNulls(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"format_version":"1.2","resource_changes":[null]}`, `{"format_version":"1.2","resource_drift":[null,{"address":"a.b"}]}`,
		`{"format_version":"1.2","output_changes":{"a":null},"variables":{"v":{"value":"secret"}},"configuration":{"root_module":{"variables":{"v":null},"module_calls":{"m":null},"resources":[null,{"address":"x.y","provisioners":[null]}]}}}`} {
		assert.NotPanics(t, func() { _, _ = read([]byte(text), shop) }, text)
	}
	assert.NotPanics(t, func() {
		_, _ = readState([]byte(`{"format_version":"1.0","values":{"outputs":{"a":null},"root_module":{"resources":[null],"child_modules":[null]}}}`))
	})
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"create.json", "change.json", "destroy.json"} {
		f.Add(document(f, name))
	}
	f.Add([]byte(planOf(`{"actions":["update"],"before":{"a":[{"b":null}]},"after":{"a":"x"},"after_unknown":{"a":[true,{}]},"after_sensitive":[true]}`)))
	f.Fuzz(func(t *testing.T, text []byte) {
		one, err := read(text, shop)
		other, again := read(text, shop)
		assert.Equal(t, one, other)
		assert.Equal(t, err == nil, again == nil)
		assert.LessOrEqual(t, len(one.text), 64<<10)
	})
}

func FuzzReadState(f *testing.F) {
	f.Add(document(f, "state.json"))
	f.Fuzz(func(t *testing.T, text []byte) { _, _ = readState(text) })
}

func FuzzBare(f *testing.F) {
	f.Add(`module.a["x"].b.c[0]`)
	f.Fuzz(func(t *testing.T, address string) { assert.LessOrEqual(t, len(bare(address)), len(address)) })
}
