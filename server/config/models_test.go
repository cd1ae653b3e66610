package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server/config"
)

func TestModels(t *testing.T) {
	t.Parallel()
	c, err := load(files(t)("config.yaml", `
models:
  default: fast
  research: anthropic/claude-opus-4-6
  aliases: [fast=ollama/hf.co/me/model:31b, other=openai/gpt]
  openai: {key: {env: SOME_KEY}, url: "http://127.0.0.1:8000/v1"}
  daily: {cents: 7}
`))
	require.NoError(t, err)
	assert.Equal(t, config.Models{Default: "fast", Research: "anthropic/claude-opus-4-6", Aliases: []string{"fast=ollama/hf.co/me/model:31b", "other=openai/gpt"},
		OpenAI: config.Vendor{Key: config.Secret{Env: "SOME_KEY"}, URL: "http://127.0.0.1:8000/v1"},
		Steps:  12, Seconds: 50, Tokens: 200_000, Cents: 100, Daily: config.Daily{Cents: 7, Tokens: 2_000_000}}, c.Models)
	assert.Equal(t, "https://example.com/v1", fromVariable(t, "CLANKER_MODELS_OPENAI_URL", "https://example.com/v1").OpenAI.URL)
	assert.Equal(t, []string{"a=openai/b", "c=cohere/d"}, fromVariable(t, "CLANKER_MODELS_ALIASES", "a=openai/b,c=cohere/d").Aliases)
	assert.Equal(t, config.Secret{File: "key"}, fromVariable(t, "CLANKER_MODELS_OPENAI_KEY_FILE", "key").OpenAI.Key)
}

func fromVariable(t *testing.T, name, value string) config.Models {
	t.Helper()
	c, err := config.Load(config.Options{Getenv: variables("XDG_CONFIG_HOME", t.TempDir(), name, value)})
	require.NoError(t, err)
	return c.Models
}

// Every mistake is told with its place, and no address is repeated: there may be a password in it.
func TestModelMistakes(t *testing.T) {
	t.Parallel()
	const urlRemedy = "write https://HOST or http://HOST, with a path if it takes one, and no user, password or query"
	for content, want := range map[string]string{
		"default: quick":                             `:1:19: models.default: there is no alias "quick"; write provider/model, or add the alias to models.aliases`,
		"default: fast, aliases: [fast=open/x]":      `:1:35: models.aliases: there is no provider of models "open"; did you mean openai?`,
		"research: antropic/claude":                  `:1:20: models.research: there is no provider of models "antropic"; did you mean anthropic?`,
		"default: openai/":                           `:1:19: models.default: "openai/" names no model; write provider/model or an alias, for instance ollama/gemma4:31b`,
		"aliases: [a/b=openai/x]":                    `:1:20: models.aliases: "a/b=openai/x" names no model; write a list of NAME=PROVIDER/MODEL, for instance [fast=google/gemini-2.5-flash]`,
		"default: google/a/b":                        `:1:19: models.default: "a/b" cannot be a model of google; write provider/model, or add the alias to models.aliases`,
		"default: a, aliases: [a=google/a/b]":        `:1:31: models.aliases: a: "a/b" cannot be a model of google; write NAME=PROVIDER/MODEL`,
		"aliases: [a=openai/x, b=a]":                 `:1:32: models.aliases: "b=a" names no model; write a list of`,
		"aliases: [a=openai/x, a=openai/y]":          `:1:19: models.aliases: there are two aliases "a"; keep one of them`,
		"openai: {key: sk-hunter2}":                  `:1:24: models.openai.key: a secret never stands in this file, only where it is found; write {file:`,
		"openai: {url: 'https://me:hunter2@host'}":   `:1:25: models.openai.url: this is no plain URL; ` + urlRemedy,
		"openai: {url: 'https://host/?key=hunter2'}": `:1:25: models.openai.url: this is no plain URL; ` + urlRemedy,
		"openai: {url: 'ftp://host'}":                `:1:25: models.openai.url: this is no plain URL; ` + urlRemedy,
		"openai: {url: host, key: {env: A}}":         `:1:24: models.openai.url: this is no plain URL; ` + urlRemedy,
		"cohere: {url: http://host/}":                `:1:24: models.cohere.url: a key goes over http to this machine only: others could read it on the way; write https://`,
		"cohere: {url: http://10.0.0.1/}":            `:1:24: models.cohere.url: a key goes over http to this machine only: others could read it on the way; write https://`,
		"aliases: [default=openai/x]":                `:1:19: models.aliases: "default" cannot be an alias; choose a word other than default and research, without a slash`,
		"ollama: {key: {env: A}}":                    `:1:19: models.ollama: unknown key "key"; use one of: url`,
		"daily: {cents: 0}":                          `:1:25: models.daily.cents: 0 is out of range; write a whole number from 1 to 10000000 (US cents)`,
	} {
		t.Run(content, func(t *testing.T) {
			t.Parallel()
			path := files(t)("config.yaml", "models: {"+content+"}")
			_, err := load(path)
			require.ErrorContains(t, err, path+want)
			assert.NotContains(t, strings.TrimPrefix(err.Error(), path), "hunter2")
			assert.NotContains(t, err.Error(), "\n", "one mistake is one fault")
		})
	}
	for _, open := range []string{"openai: {url: 'http://127.0.0.1:8000/v1'}", "openai: {url: 'http://[::1]:8000'}", "ollama: {url: 'http://gpu:11434'}", "cohere: {key: {env: A}, url: 'http://localhost:1'}"} {
		_, err := load(files(t)("config.yaml", "models: {"+open+"}"))
		assert.NoError(t, err, open)
	}
}
