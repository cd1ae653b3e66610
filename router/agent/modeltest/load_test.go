package modeltest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "talk.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`
models: [one, two]
key: the-key
obey: true
turns:
  - when: hello
    expect: {has: [a, b], lacks: secret, tools: [look], alone: false}
    text: |
      first line
      second line
    calls:
      - {tool: look, arguments: {name: web, deep: true, n: 3, of: [1.5, null, x]}}
      - tool: look
        arguments:
          name: "7"
      - {tool: look, raw: '{"a":'}
      - {tool: look}
    stop: length
    tokens: {in: 10, out: 20, cached: 5}
    hold: during
    repeat: true
  - {text: gone, cut: true}
  - error: overloaded
  - error: {kind: rateLimit, status: 430, message: wait, retryAfter: 7}
  - error: {kind: rateLimit, retryAfter: 2026-11-23T12:00:30Z}
`), 0o600))
	got, err := Load(file)
	require.NoError(t, err)
	assert.Equal(t, Script{Models: []string{"one", "two"}, Key: "the-key", Obey: true, Turns: []Turn{
		{When: "hello", Expect: Expect{Has: []string{"a", "b"}, Lacks: []string{"secret"}, Tools: []string{"look"}}, Text: "first line\nsecond line",
			Calls: []Call{{Tool: "look", Arguments: `{"deep":true,"n":3,"name":"web","of":[1.5,null,"x"]}`}, {Tool: "look", Arguments: `{"name":"7"}`},
				{Tool: "look", Arguments: `{"a":`}, {Tool: "look", Arguments: "{}"}},
			Stop: StopLength, Tokens: Tokens{In: 10, Out: 20, Cached: 5}, Hold: HoldDuring, Repeat: true},
		{Text: "gone", Cut: true},
		{Error: &Failure{Kind: Overloaded}},
		{Error: &Failure{Kind: RateLimit, Status: 430, Message: "wait", Retry: Retry{After: 7 * time.Second}}},
		{Error: &Failure{Kind: RateLimit, Retry: Retry{At: time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)}}},
	}}, got)
	_, err = Load(filepath.Join(t.TempDir(), "none.yaml"))
	assert.ErrorContains(t, err, "read conversation: ")
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                       "talk.yaml:1:1: turns: there is no turn",
		"turns: []":                              "there is no turn",
		"turns: [":                               "talk.yaml:1:8:",
		"turn:\n  - {text: a}":                   `talk.yaml:1:1: unknown key "turn"`,
		"turns:\n  - {txt: a}":                   `talk.yaml:2:6: turns[0]: unknown key "txt"`,
		"turns:\n  - {text: a}\n  - {}":          "turns[1]: the model does nothing in this turn",
		"turns:\n  - {text: a, stop: done}":      `talk.yaml:2:21: turns[0].stop: "done" is not known`,
		"turns:\n  - {calls: [{arguments: {}}]}": "a call without a tool",
		"turns:\n  - {calls: [{tool: a, raw: b, arguments: {}}]}": "arguments and raw are two ways to write the same",
		"turns:\n  - {error: oops}":                               `turns[0].error: "oops" is not known`,
		"turns:\n  - {error: {status: 429}}":                      "an error without a kind",
		"turns:\n  - {error: {kind: broken, status: 200}}":        "200 is no status of an error",
		"turns:\n  - {error: {kind: broken, retryAfter: soon}}":   `"soon" is no time to try again`,
		"turns:\n  - {error: broken, text: a}":                    "a turn with an error does nothing else",
		"turns:\n  - {text: a, cut: true, hold: before}":          "an answer is either held or cut",
		"turns:\n  - {text: a, tokens: {in: -1}}":                 "-1 is out of range",
		"turns:\n  - {text: a, repeat: often}":                    "true or false is expected",
		"turns:\n  - {text: a}\n---\nturns: []":                   "a second yaml document",
	} {
		_, err := Parse("talk.yaml", []byte(text))
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), want, text)
		}
	}
}

// All conversations that this package has can be read, and those that others rely on are there.
func TestConversations(t *testing.T) {
	t.Parallel()
	files, err := testdata.ReadDir("testdata/conversations")
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".yaml")
		names = append(names, name)
		assert.NotEmpty(t, Conversation(t, name).Turns)
	}
	assert.Subset(t, names, []string{"parallel", "error", "rate_limit", "timeout", "malformed_call", "unknown_tool", "endless_loop", "truncation",
		"refusal", "context_overflow", "invented_number", "session_cache", "obeying", "cut_stream"})
}

func FuzzParse(f *testing.F) {
	files, err := testdata.ReadDir("testdata/conversations")
	require.NoError(f, err)
	for _, file := range files {
		content, err := testdata.ReadFile("testdata/conversations/" + file.Name())
		require.NoError(f, err)
		f.Add(content)
	}
	f.Add([]byte("turns: [{calls: [{tool: a, arguments: {a: &b [*b, .inf, 0x1F, ~]}}]}]"))
	f.Fuzz(func(t *testing.T, content []byte) {
		script, err := Parse("talk.yaml", content)
		if err != nil {
			return
		}
		require.NotEmpty(t, script.Turns)
		for _, turn := range script.Turns { // whatever can be read can be played
			for _, h := range handlers() {
				media, parts := h.write(&chat{stream: true}, act{Turn: turn})
				require.NotEmpty(t, media)
				require.NotEmpty(t, parts)
			}
		}
	})
}
