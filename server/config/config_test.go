package config_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/config"
)

// files returns a function that writes files into a folder that is the test's own.
func files(t testing.TB) func(name, content string) string {
	t.Helper()
	dir := t.TempDir()
	return func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
}

func nothing(string) string { return "" }

func load(path string) (config.Config, error) {
	return config.Load(config.Options{Path: path, Getenv: nothing})
}

func variables(pairs ...string) func(string) string {
	return func(name string) string {
		if i := slices.Index(pairs, name); i >= 0 && i%2 == 0 {
			return pairs[i+1]
		}
		return ""
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	assert.Equal(t, config.Config{
		Listen: "127.0.0.1:39393", Intents: config.Intents{Builtin: true}, Log: config.Log{Format: "text", Level: "info"},
		Limits: config.Limits{Rate: 100, Burst: 200, Running: 32, Sessions: 1000}, Metrics: true,
		Operators: config.Operators{Listen: "localhost:39394"}, Approval: config.Approval{Wait: 60, Last: 10, Pending: 5, Hourly: 20},
		History: config.History{Keep: 90, Size: 1024},
		Models:  config.Models{Steps: 12, Seconds: 50, Tokens: 200_000, Cents: 100, Daily: config.Daily{Cents: 500, Tokens: 2_000_000}},
	}, config.Default())
}

// Each row of the table can be read by everybody who reads it.
func TestTable(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, k := range config.Keys() {
		seen = append(seen, k.Path)
		section, _, _ := strings.Cut(k.Path, ".")
		assert.True(t, (k.Default == "") != (k.Example == ""), "%s has a default or an example", k.Path)
		assert.Equal(t, k.Type == config.Number, k.Max > 0 && k.Unit != "", "%s is a number with a range and a unit", k.Path)
		assert.Equal(t, k.Type == config.Word, len(k.Words) > 0, k.Path)
		assert.True(t, strings.HasSuffix(k.Doc, "."), k.Path)
		for line := range strings.SplitSeq(k.Doc, "\n") {
			assert.LessOrEqual(t, len(line), 105, "%s: %s", k.Path, line)
		}
		last := len(seen) - 2
		for i, other := range seen[:max(0, last)] {
			if strings.HasPrefix(other, section+".") {
				assert.True(t, strings.HasPrefix(seen[last], section+"."), "%s stands apart from row %d of its section", k.Path, i)
			}
		}
	}
	assert.Len(t, slices.Compact(slices.Sorted(slices.Values(seen))), len(seen), "a key stands twice")
}

func TestLocate(t *testing.T) {
	t.Parallel()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	usual := filepath.Join(home, ".config")
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		usual, err = os.UserConfigDir()
		require.NoError(t, err)
	}
	for _, test := range []struct {
		name, path string
		getenv     func(string) string
		want       string
		named      bool
	}{
		{"usual", "", nothing, filepath.Join(usual, "clanker", "config.yaml"), false},
		{"xdg", "", variables("XDG_CONFIG_HOME", "/etc/xdg"), "/etc/xdg/clanker/config.yaml", false},
		{"xdg is to be ignored when relative", "", variables("XDG_CONFIG_HOME", "xdg"), filepath.Join(usual, "clanker", "config.yaml"), false},
		{"variable", "", variables("XDG_CONFIG_HOME", "/etc/xdg", "CLANKER_CONFIG", "a.yaml"), "a.yaml", true},
		{"named", "~/b.yaml", variables("CLANKER_CONFIG", "a.yaml"), filepath.Join(home, "b.yaml"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path, named, err := config.Locate(test.path, test.getenv)
			require.NoError(t, err)
			assert.Equal(t, test.want, path)
			assert.Equal(t, test.named, named)
		})
	}
}

// Paths in the file count from its folder, others from the working directory; a name without a slash is looked for in PATH.
func TestPaths(t *testing.T) {
	t.Parallel()
	home, err := os.UserHomeDir()
	require.NoError(t, err)
	path := files(t)("config.yaml", "intents: {dirs: [a, ~/b, /c]}\nkubernetes: {kubeconfig: k/config}\ntoken: {command: [./find, ./token]}")
	dir := filepath.Dir(path)
	c, err := load(path)
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "a"), filepath.Join(home, "b"), "/c"}, c.Intents.Dirs)
	assert.Equal(t, filepath.Join(dir, "k", "config"), c.Kubernetes.Kubeconfig)
	assert.Equal(t, []string{filepath.Join(dir, "find"), "./token"}, c.Token.Command)

	c, err = config.Load(config.Options{Path: path, Getenv: variables("CLANKER_INTENTS_DIRS", "a:~/b", "CLANKER_TOKEN_FILE", "token"),
		Flag: func(name string) ([]string, bool) { return []string{"k/other"}, name == "kubeconfig" }})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", filepath.Join(home, "b")}, c.Intents.Dirs)
	assert.Equal(t, "k/other", c.Kubernetes.Kubeconfig)
	assert.Equal(t, config.Secret{File: "token"}, c.Token, "the command of the file is replaced, not added to")

	c, err = load(files(t)("config.yaml", "token: {command: [pass, show]}"))
	require.NoError(t, err)
	assert.Equal(t, []string{"pass", "show"}, c.Token.Command)
}

// The folder of intents beside the file is the default, for a file that says nothing else and for one that is not there.
func TestIntentsBeside(t *testing.T) {
	t.Parallel()
	xdg := t.TempDir()
	dir := filepath.Join(xdg, "clanker")
	beside := filepath.Join(dir, "intents")
	from := config.Options{Getenv: variables("XDG_CONFIG_HOME", xdg)}
	dirs := func() []string {
		c, err := config.Load(from)
		require.NoError(t, err)
		return c.Intents.Dirs
	}
	write := func(content string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(content), 0o600))
	}
	require.NoError(t, os.MkdirAll(dir, 0o700))
	assert.Empty(t, dirs())
	require.NoError(t, os.WriteFile(beside, nil, 0o600))
	assert.Empty(t, dirs(), "a file is no folder")
	require.NoError(t, os.Remove(beside))
	require.NoError(t, os.Mkdir(beside, 0o700))
	assert.Equal(t, []string{beside}, dirs())
	write("metrics: true")
	assert.Equal(t, []string{beside}, dirs())
	write("intents: {dirs: []}")
	assert.Empty(t, dirs())
}

// What would wait for a writer, or say something once only, is refused.
func TestIrregularFiles(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{pipe, filepath.Dir(pipe), os.DevNull} {
		_, err := load(path)
		require.EqualError(t, err, path+": this is no regular file; name a file: it is read again whenever it changes")
		_, err = config.Secret{File: path}.Resolve(t.Context())
		require.EqualError(t, err, "find the secret (file "+path+"): this is no regular file")
	}
}

// Only a home folder of one's own is known.
func TestOtherHomes(t *testing.T) {
	t.Parallel()
	_, err := load(files(t)("config.yaml", `intents: {dirs: ["~", ~root/intents, ./~x]}`))
	assert.ErrorContains(t, err, `config.yaml:1:19: intents.dirs: "~": ~ stands for your home folder before a / only; write ~/ and a path`)
	assert.ErrorContains(t, err, `config.yaml:1:23: intents.dirs: "~root/intents": ~ stands`)
	assert.NotContains(t, err.Error(), "~x")
}

// An address is taken as it is; what is wrong with it is told without a password in it.
func TestDatabase(t *testing.T) {
	t.Parallel()
	at := files(t)
	c, err := load(at("config.yaml", "database: postgres://clanker@db.example.com/clanker?sslmode=verify-full"))
	require.NoError(t, err)
	assert.Equal(t, "postgres://clanker@db.example.com/clanker?sslmode=verify-full", c.Database)
	for _, address := range []string{"postgres://clanker:hunter2@db/clanker", "postgres://db/clanker?password=hunter2", "mysql://hunter2", "hunter2:x"} {
		_, err := load(at("wrong.yaml", "database: "+address))
		assert.ErrorContains(t, err, "write an address without a password, for instance postgres://", address)
		assert.NotContains(t, err.Error(), "hunter2")
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	at := files(t)
	before, err := load(at("a.yaml", "log: {level: warn}\ntoken: {env: A}"))
	require.NoError(t, err)
	after, err := load(at("b.yaml", "\n\nlog: {level: warn}\ntoken: {env: B}\nmetrics: false"))
	require.NoError(t, err)
	assert.Empty(t, config.Changes(before, before))
	var changed []string
	for _, k := range config.Changes(before, after) {
		changed = append(changed, k.Path)
	}
	assert.Equal(t, []string{"token", "metrics"}, changed, "the place of a value is not its value")
}

// Where a value came from goes with it, in the order of the table.
func TestValues(t *testing.T) {
	t.Parallel()
	path := files(t)("config.yaml", "limits:\n  rate: 7\n  burst: 8\ntoken: {env: A}\nlog: {level: warn}")
	c, err := config.Load(config.Options{Path: path, Getenv: variables("CLANKER_LIMITS_BURST", "9", "CLANKER_LOG_LEVEL", "debug"),
		Flag: func(name string) ([]string, bool) { return []string{"error"}, name == "log-level" }})
	require.NoError(t, err)
	shown, err := json.Marshal(c.Values())
	require.NoError(t, err)
	assert.Equal(t, `[{"key":"listen","value":"127.0.0.1:39393","from":"default"},{"key":"token","value":{"env":"A"},"from":"FILE:4:8"},`+
		`{"key":"intents.dirs","value":[],"from":"default"},{"key":"intents.builtin","value":true,"from":"default"},`+
		`{"key":"kubernetes.kubeconfig","value":"","from":"default"},{"key":"terraform.folders","value":[],"from":"default"},`+
		`{"key":"models.default","value":"","from":"default"},{"key":"models.research","value":"","from":"default"},{"key":"models.aliases","value":[],"from":"default"},`+
		`{"key":"models.anthropic.key","value":null,"from":"default"},{"key":"models.anthropic.url","value":"","from":"default"},`+
		`{"key":"models.cohere.key","value":null,"from":"default"},{"key":"models.cohere.url","value":"","from":"default"},`+
		`{"key":"models.google.key","value":null,"from":"default"},{"key":"models.google.url","value":"","from":"default"},`+
		`{"key":"models.ollama.url","value":"","from":"default"},`+
		`{"key":"models.openai.key","value":null,"from":"default"},{"key":"models.openai.url","value":"","from":"default"},`+
		`{"key":"models.prices","value":"","from":"default"},{"key":"models.steps","value":12,"from":"default"},{"key":"models.seconds","value":50,"from":"default"},{"key":"models.tokens","value":200000,"from":"default"},{"key":"models.cents","value":100,"from":"default"},{"key":"models.daily.cents","value":500,"from":"default"},{"key":"models.daily.tokens","value":2000000,"from":"default"},`+
		`{"key":"agents.users","value":[],"from":"default"},{"key":"operators.listen","value":"localhost:39394","from":"default"},`+
		`{"key":"operators.users","value":[],"from":"default"},{"key":"policies.dir","value":"","from":"default"},`+
		`{"key":"approval.wait","value":60,"from":"default"},{"key":"approval.last","value":10,"from":"default"},`+
		`{"key":"approval.pending","value":5,"from":"default"},{"key":"approval.hourly","value":20,"from":"default"},`+
		`{"key":"approval.terminal","value":false,"from":"default"},{"key":"state","value":"","from":"default"},`+
		`{"key":"database","value":"","from":"default"},{"key":"history.keep","value":90,"from":"default"},{"key":"history.size","value":1024,"from":"default"},{"key":"log.format","value":"text","from":"default"},`+
		`{"key":"log.level","value":"error","from":"--log-level"},{"key":"limits.rate","value":7,"from":"FILE:2:9"},`+
		`{"key":"limits.burst","value":9,"from":"CLANKER_LIMITS_BURST"},{"key":"limits.running","value":32,"from":"default"},`+
		`{"key":"limits.sessions","value":1000,"from":"default"},{"key":"metrics","value":true,"from":"default"}]`,
		strings.ReplaceAll(string(shown), path, "FILE"))
}

// FuzzOutside: whatever the environment and the flags hold, each of their faults names them, and what is right counts.
func FuzzOutside(f *testing.F) {
	for _, seed := range []string{"127.0.0.1:1", "[::1]:0", "true", "json", "debug", "7", "-1", "007", ":::", "~/", "~/a:b", "http://a/b", "openai/a", "a=openai/b,a=openai/c", "\x00", "999999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range config.Keys() {
			for name, o := range map[string]config.Options{
				k.Variable(): {Getenv: variables("XDG_CONFIG_HOME", "/nowhere", k.Variable(), text)},
				"--" + k.Flag: {Getenv: variables("XDG_CONFIG_HOME", "/nowhere"),
					Flag: func(flag string) ([]string, bool) { return []string{text}, flag == k.Flag }},
			} {
				c, err := config.Load(o)
				if err != nil {
					assert.True(t, strings.HasPrefix(err.Error(), name+": "), "%s=%q: %v", name, text, err)
					continue
				}
				for _, changed := range config.Changes(config.Default(), c) {
					assert.Equal(t, k.Path, changed.Path)
				}
			}
		}
	})
}
