package models

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func problemOf(t *testing.T, err error) *adapters.SourceError {
	t.Helper()
	var problem *adapters.SourceError
	require.ErrorAs(t, err, &problem)
	return problem
}

func reasonOf(t *testing.T, err error) adapters.Reason {
	t.Helper()
	return problemOf(t, err).Reason
}

func TestNewTellsAllFaultsAtOnce(t *testing.T) {
	_, err := New(Settings{
		Default:  "nowhere/model",
		Research: "missing",
		Aliases:  map[string]string{"a": "b", "b": "openai/x", "research": "openai/x", "with/slash": "openai/x", "empty": "openai/", "good": "openai/gpt-5.4"},
		Providers: map[string]Provider{
			"anthropic": {URL: "ftp://x"}, "openai": {URL: "http://example.com/v1"}, "cohere": {URL: "https://me:secret@example.com"},
			"mistral": {}, "google": {URL: "https://example.com?key=secret"}, "ollama": {URL: "http://192.0.2.1:11434"},
		},
		File: "/etc/clanker.yaml",
	})
	require.Error(t, err)
	for _, want := range []string{
		"/etc/clanker.yaml", `models.default: there is no provider "nowhere" of models: there are anthropic, cohere, google, ollama and openai; write provider/model`, `models.research: there is no alias "missing"`,
		`models.aliases: a: there is no alias "b"; write NAME=PROVIDER/MODEL`, `"research" cannot be an alias`, `"with/slash" cannot be an alias`, "empty: \"\" cannot be a model of openai",
		"models.anthropic.url: this is no URL", "models.openai.url: a key goes over http", "models.cohere.url: there is more", `models.mistral: there is no provider "mistral"`, "models.google.url: there is more",
	} {
		assert.ErrorContains(t, err, want)
	}
	assert.NotContains(t, err.Error(), "secret")
	assert.NotContains(t, err.Error(), "good")
	assert.NotContains(t, err.Error(), "models.ollama.url:", "Ollama is asked without a key, so anywhere over plain http")
	for range 20 { // maps have no order
		_, again := New(Settings{Aliases: map[string]string{"a": "b", "b": "a", "c": "x", "d": "y"}, Providers: map[string]Provider{"x": {}, "y": {}}})
		_, once := New(Settings{Aliases: map[string]string{"d": "y", "c": "x", "b": "a", "a": "b"}, Providers: map[string]Provider{"y": {}, "x": {}}})
		require.EqualError(t, again, once.Error())
	}
}

func TestResolve(t *testing.T) {
	m, err := New(Settings{Default: "quick", Research: "anthropic/claude-opus-4-6", Aliases: map[string]string{"quick": "google/gemini-2.5-flash"}})
	require.NoError(t, err)
	for ref, want := range map[string]string{
		"": "google/gemini-2.5-flash", "default": "google/gemini-2.5-flash", "quick": "google/gemini-2.5-flash", "research": "anthropic/claude-opus-4-6",
		"ollama/gemma4:31b": "ollama/gemma4:31b", " ollama/hf.co/org/model:Q4 ": "ollama/hf.co/org/model:Q4",
	} {
		got, err := m.Resolve(ref)
		require.NoError(t, err, ref)
		assert.Equal(t, want, got, ref)
	}
	for _, ref := range []string{"nobody", "nobody/model", "openai/", "openai/a b", "openai/a\nb", "openai/a\u202eb", "openai/a\u009b31m", "openai/\xff", "/", "OPENAI/gpt",
		"google/models/gemini-3-pro", "google/%2e%2e/files", "google/gemini-3-pro#", "google/gemini-3-pro?key=x", "google/gemini-3-pro:delete"} {
		_, err := m.Resolve(ref)
		assert.Equal(t, adapters.Unsupported, reasonOf(t, err), ref)
	}
}

func TestResearchIsTheDefaultWithoutAnother(t *testing.T) {
	m, err := New(Settings{Default: "openai/gpt-5.4"})
	require.NoError(t, err)
	name, err := m.Resolve("research")
	require.NoError(t, err)
	assert.Equal(t, "openai/gpt-5.4", name)
}

func TestResolveWithoutDefault(t *testing.T) {
	m, err := New(Settings{File: "/c.yaml"})
	require.NoError(t, err)
	for _, ref := range []string{"", "default", "research"} {
		_, err = m.Resolve(ref)
		assert.Equal(t, adapters.NotConfigured, reasonOf(t, err), ref)
		_, err = m.Open(t.Context(), ref)
		assert.Equal(t, adapters.NotConfigured, reasonOf(t, err), ref)
	}
	assert.Contains(t, problemOf(t, err).Fix, "models.default in /c.yaml")
}

func TestKeys(t *testing.T) {
	given := func(key string, err error) map[string]Provider {
		return map[string]Provider{"openai": {Key: func(context.Context) (string, error) { return key, err }}}
	}
	for name, c := range map[string]struct {
		ref       string
		env       map[string]string
		providers map[string]Provider
		key, from string
		fix       string // instead of a key
	}{
		"variable":           {ref: "openai/x", env: map[string]string{"OPENAI_API_KEY": " sk-1\n"}, key: "sk-1", from: "OPENAI_API_KEY"},
		"config over it":     {ref: "openai/x", env: map[string]string{"OPENAI_API_KEY": "sk-1"}, providers: given("sk-2", nil), key: "sk-2", from: "models.openai.key"},
		"second variable":    {ref: "cohere/x", env: map[string]string{"CO_API_KEY": "c"}, key: "c", from: "CO_API_KEY"},
		"first of two":       {ref: "google/gemini-3-pro", env: map[string]string{"GEMINI_API_KEY": "b", "GOOGLE_API_KEY": "a"}, key: "a", from: "GOOGLE_API_KEY"},
		"none":               {ref: "anthropic/x", env: map[string]string{"OPENAI_API_KEY": "sk-1"}, fix: "set ANTHROPIC_API_KEY, or models.anthropic.key in /c.yaml"},
		"blank":              {ref: "anthropic/x", env: map[string]string{"ANTHROPIC_API_KEY": "  "}, fix: "set ANTHROPIC_API_KEY, or models.anthropic.key in /c.yaml"},
		"no key":             {ref: "openai/x", providers: given("sk 1\nX-Evil: 1", nil), fix: "mend models.openai.key in /c.yaml"},
		"failed, no other":   {ref: "openai/x", env: map[string]string{"OPENAI_API_KEY": "sk-1"}, providers: given("", errors.New("exit status 1")), fix: "mend models.openai.key in /c.yaml"},
		"ollama has none":    {ref: "ollama/x"},
		"own OpenAI, none":   {ref: "openai/x", env: map[string]string{"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}},
		"own Anthropic, key": {ref: "anthropic/x", env: map[string]string{"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}, fix: "set ANTHROPIC_API_KEY, or models.anthropic.key in /c.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := New(Settings{Getenv: environment(c.env), Providers: c.providers, File: "/c.yaml"})
			require.NoError(t, err)
			v, _, err := split(c.ref)
			require.NoError(t, err)
			at, err := m.endpoint(t.Context(), v)
			_, opened := m.Open(t.Context(), c.ref)
			if c.fix != "" {
				assert.Equal(t, adapters.NoCredentials, reasonOf(t, err))
				assert.Equal(t, adapters.NoCredentials, reasonOf(t, opened))
				assert.Equal(t, c.fix, problemOf(t, err).Fix)
				assert.NotContains(t, err.Error(), "Evil")
				return
			}
			require.NoError(t, err)
			require.NoError(t, opened)
			assert.Equal(t, []string{c.key, c.from}, []string{at.key, at.from})
		})
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ provider, variable, set, want string }{
		{"ollama", "OLLAMA_HOST", "", "http://127.0.0.1:11434"},
		{"ollama", "OLLAMA_HOST", "127.0.0.1:1234", "http://127.0.0.1:1234"},
		{"ollama", "OLLAMA_HOST", "gpu.local", "http://gpu.local:11434"},
		{"ollama", "OLLAMA_HOST", ":5678", "http://127.0.0.1:5678"},
		{"ollama", "OLLAMA_HOST", "0.0.0.0", "http://127.0.0.1:11434"},
		{"ollama", "OLLAMA_HOST", "[::]:99", "http://127.0.0.1:99"},
		{"ollama", "OLLAMA_HOST", "[::1]", "http://[::1]:11434"},
		{"ollama", "OLLAMA_HOST", "::1", "http://[::1]:11434"},
		{"ollama", "OLLAMA_HOST", "http://gpu.local", "http://gpu.local:80"},
		{"ollama", "OLLAMA_HOST", "https://gpu.local/models/", "https://gpu.local:443/models"},
		{"ollama", "OLLAMA_HOST", "http://localhost:1/v1", "http://localhost:1"},
		{"openai", "OPENAI_BASE_URL", "https://example.com/openai/v1/", "https://example.com/openai/v1"},
		{"anthropic", "ANTHROPIC_BASE_URL", "https://example.com/v1", "https://example.com"},
		{"anthropic", "ANTHROPIC_BASE_URL", "https://example.com/proxy", "https://example.com/proxy"},
		{"google", "", "https://example.com/v1beta/openai", "https://example.com"},
		{"google", "", "https://example.com/v1beta/", "https://example.com"},
		{"cohere", "", "https://example.com/compatibility/v1", "https://example.com"},
	} {
		s := Settings{Getenv: environment(map[string]string{c.variable: c.set})}
		if c.variable == "" {
			s = Settings{Providers: map[string]Provider{c.provider: {URL: c.set}}}
		}
		m, err := New(s)
		require.NoError(t, err)
		v, err := vendorOf(c.provider)
		require.NoError(t, err)
		base, wrong := v.parse(v.written(m.settings))
		require.Nil(t, wrong, c.set)
		assert.Equal(t, c.want, base.String(), c.set)
		where := c.variable
		switch {
		case c.set == "":
			where = ""
		case c.variable == "":
			where = fmt.Sprintf("models.%s.url", c.provider)
		}
		_, from := v.written(m.settings)
		assert.Equal(t, where, from, c.set)
	}
}

func TestAddressOfAVariableIsCheckedWhenItIsUsed(t *testing.T) {
	m, err := New(Settings{Getenv: environment(map[string]string{"OPENAI_BASE_URL": "http://example.com", "OPENAI_API_KEY": "sk-1", "ANTHROPIC_BASE_URL": "https://me:sk-1@example.com", "OLLAMA_HOST": "127.0.0.1:11434?x=1"})})
	require.NoError(t, err, "nobody may want to use it")
	for ref, want := range map[string][]string{
		"openai/x":    {"OPENAI_BASE_URL: a key goes over http", "write https://, or reach a server that takes no key as models.ollama.url"},
		"anthropic/x": {"ANTHROPIC_BASE_URL: there is more than a host and a path", "write a URL as in https://api.anthropic.com, and the key in models.anthropic.key"},
		"ollama/x":    {"OLLAMA_HOST: there is more than a host and a path", "write a URL as in http://127.0.0.1:11434"},
	} {
		_, err := m.Open(t.Context(), ref)
		assert.Equal(t, adapters.Unsupported, reasonOf(t, err))
		assert.ErrorContains(t, err, want[0])
		assert.Equal(t, want[1], problemOf(t, err).Fix)
	}
}

func TestModelTellsNoKey(t *testing.T) {
	m, err := New(Settings{Getenv: environment(map[string]string{"OPENAI_API_KEY": "sk-planted", "ANTHROPIC_API_KEY": "sk-planted", "GEMINI_API_KEY": "sk-planted"})})
	require.NoError(t, err)
	for _, ref := range []string{"openai/gpt-5.4", "anthropic/claude-opus-4-6", "google/gemini-2.5-pro"} {
		model, err := m.Open(t.Context(), ref)
		require.NoError(t, err)
		assert.False(t, model.Local)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", model, *model, model), "sk-planted")
	}
}

func FuzzOllamaHost(f *testing.F) {
	for _, seed := range []string{"", "127.0.0.1:11434", "[::1]:1", "https://x/y", "://", "[", ":", "a:b:c", "http://%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, host string) {
		m, err := New(Settings{Getenv: environment(map[string]string{"OLLAMA_HOST": host})})
		require.NoError(t, err)
		model, err := m.Open(t.Context(), "ollama/x")
		if err != nil {
			assert.Equal(t, adapters.Unsupported, reasonOf(t, err))
			return
		}
		assert.NotNil(t, model.llm)
	})
}
