package modeltest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

// two is a turn with a text and two calls, the second of which has arguments to be cut into pieces.
func two() Turn {
	return Turn{Text: "I look at both.", Tokens: Tokens{In: 900, Out: 40, Cached: 600},
		Calls: []Call{{Tool: "look", Arguments: `{"at":"session-cache"}`}, {Tool: "look", Arguments: `{"at":"orders-postgres","deep":true}`}}}
}

func streaming(vendor, body string) string {
	if vendor != "anthropic" {
		return strings.TrimSuffix(body, "}") + `,"stream":true,"stream_options":{"include_usage":true}}`
	}
	return strings.TrimSuffix(body, "}") + `,"stream":true}`
}

// What is sent is part of what others rely on: one file per vendor with an answer as a whole and in a stream.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for vendor := range endpoints() {
		t.Run(vendor, func(t *testing.T) {
			t.Parallel()
			s := served(t, two(), two())
			response, whole := ask(t, s, vendor, hello(vendor, true))
			assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
			response, stream := ask(t, s, vendor, streaming(vendor, hello(vendor, true)))
			assert.Equal(t, "text/event-stream; charset=utf-8", response.Header.Get("Content-Type"))
			golden(t, vendor+".txt", whole+"\n\n"+stream)
		})
	}
}

// chunk is one of OpenAI's, as far as it matters here.
type chunk struct {
	Choices []struct {
		Delta struct {
			Content   string       `json:"content"`
			Refusal   string       `json:"refusal"`
			ToolCalls []openAICall `json:"tool_calls"`
		} `json:"delta"`
		Finish string `json:"finish_reason"`
	} `json:"choices"`
	Usage *openAIUsage `json:"usage"`
}

func chunks(t *testing.T, stream string) []chunk {
	t.Helper()
	var all []chunk
	for line := range strings.SplitSeq(stream, "\n") {
		if data, ok := strings.CutPrefix(line, "data: {"); ok {
			all = append(all, decoded[chunk](t, "{"+data))
		}
	}
	return all
}

func TestOpenAIStreamInterleavesCalls(t *testing.T) {
	t.Parallel()
	s := served(t, two(), two())
	_, stream := ask(t, s, "openai", streaming("openai", hello("openai", true)))
	assert.True(t, strings.HasSuffix(stream, "data: [DONE]\n\n"))
	text, arguments, order := "", map[int]string{}, ""
	all := chunks(t, stream)
	for _, c := range all[:len(all)-1] {
		text += c.Choices[0].Delta.Content
		for _, call := range c.Choices[0].Delta.ToolCalls {
			arguments[*call.Index] += call.Function.Arguments
			order += fmt.Sprint(*call.Index)
		}
	}
	assert.Equal(t, two().Text, text)
	assert.Equal(t, map[int]string{0: two().Calls[0].Arguments, 1: two().Calls[1].Arguments}, arguments)
	assert.Contains(t, order, "0101", "pieces of the calls take turns")
	assert.Equal(t, "tool_calls", all[len(all)-2].Choices[0].Finish)
	assert.Empty(t, all[len(all)-1].Choices)
	assert.Equal(t, 940, all[len(all)-1].Usage.Total)

	_, stream = ask(t, s, "openai", strings.Replace(streaming("openai", hello("openai", true)), `"include_usage":true`, `"include_usage":false`, 1))
	assert.NotContains(t, stream, "prompt_tokens", "tokens are told only to who wants to know")
}

func TestStops(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stop Stop
		want map[string]string
	}{
		{StopEnd, map[string]string{"openai": `"finish_reason":"stop"`, "anthropic": `"stop_reason":"end_turn"`}},
		{StopLength, map[string]string{"openai": `"finish_reason":"length"`, "anthropic": `"stop_reason":"max_tokens"`}},
		{StopRefuse, map[string]string{"openai": `"content":null,"refusal":"text"`, "ollama": `"content":"text"`, "anthropic": `"stop_reason":"refusal"`}},
		{StopFilter, map[string]string{"openai": `"finish_reason":"content_filter"`, "anthropic": `"stop_reason":"refusal"`}},
	} {
		for vendor, want := range tt.want {
			t.Run(string(tt.stop)+" "+vendor, func(t *testing.T) {
				t.Parallel()
				s := served(t, Turn{Text: "text", Stop: tt.stop}, Turn{Text: "text", Stop: tt.stop})
				_, body := ask(t, s, vendor, hello(vendor, false))
				assert.Contains(t, body, want)
				_, stream := ask(t, s, vendor, streaming(vendor, hello(vendor, false)))
				if vendor == "anthropic" || tt.stop != StopRefuse {
					assert.Contains(t, stream, want)
				}
			})
		}
	}
}

// Arguments that are no object are what the model wrote where the vendor passes that on, and an object where it does not.
func TestMalformedArguments(t *testing.T) {
	t.Parallel()
	turn := Turn{Calls: []Call{{Tool: "look", Arguments: `{"at": "sess`}}}
	s := served(t, turn, turn)
	_, body := ask(t, s, "openai", hello("openai", true))
	assert.Contains(t, body, `"arguments":"{\"at\": \"sess"`)
	_, body = ask(t, s, "anthropic", hello("anthropic", true))
	assert.Contains(t, body, `"input":{"INVALID_JSON":"{\"at\": \"sess"}`)
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		vendor  string
		failure Failure
		status  int
		retry   string
		has     string
	}{
		"rate, seconds":        {"openai", Failure{Kind: RateLimit, Retry: Retry{After: 7 * time.Second}}, 429, "7", `"code":"rate_limit_exceeded"`},
		"rate, date":           {"anthropic", Failure{Kind: RateLimit, Retry: Retry{At: time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)}}, 429, "Mon, 23 Nov 2026 12:00:30 GMT", `"type":"rate_limit_error"`},
		"rate, in the body":    {"google", Failure{Kind: RateLimit, Retry: Retry{After: 7 * time.Second}}, 429, "", `"retryDelay":"7s"`},
		"rate, own words":      {"cohere", Failure{Kind: RateLimit, Message: "slow down"}, 429, "", `"message":"slow down"`},
		"no credit":            {"openai", Failure{Kind: NoCredit}, 429, "", `"code":"insufficient_quota"`},
		"no credit, anthropic": {"anthropic", Failure{Kind: NoCredit}, 400, "", "credit balance is too low"},
		"too long":             {"openai", Failure{Kind: TooLong}, 400, "", `"code":"context_length_exceeded"`},
		"too long, anthropic":  {"anthropic", Failure{Kind: TooLong}, 400, "", "prompt is too long"},
		"overloaded":           {"openai", Failure{Kind: Overloaded}, 503, "", `"type":"server_error"`},
		"overloaded, 529":      {"anthropic", Failure{Kind: Overloaded}, 529, "", `"type":"overloaded_error"`},
		"forbidden":            {"anthropic", Failure{Kind: Forbidden}, 403, "", `"type":"permission_error"`},
		"filter":               {"openai", Failure{Kind: ContentFilter}, 400, "", `"code":"invalid_prompt"`},
		"broken":               {"ollama", Failure{Kind: Broken}, 500, "", `"type":"api_error"`},
		"own status":           {"openai", Failure{Kind: Broken, Status: 502}, 502, "", "server_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Error: &tt.failure})
			response, body := ask(t, s, tt.vendor, hello(tt.vendor, false))
			assert.Equal(t, tt.status, response.StatusCode)
			assert.Equal(t, tt.retry, response.Header.Get("Retry-After"))
			assert.Contains(t, body, tt.has)
			assert.True(t, json.Valid([]byte(body)))
			assert.Empty(t, s.Faults(), "a failure of the script is no fault of the client's")
		})
	}
}

func TestUnknownModel(t *testing.T) {
	t.Parallel()
	for vendor, want := range map[string]string{
		"openai": "The model `m` does not exist", "ollama": `"message":"model 'm' not found","param":null,"type":"api_error"`, "cohere": "model 'm' not found",
		"google": "models/m is not found", "anthropic": `"message":"model: m","type":"not_found_error"`,
	} {
		s := servedAs(t, Script{Models: []string{"other"}, Turns: []Turn{{Text: "never"}}})
		response, body := ask(t, s, vendor, hello(vendor, false))
		assert.Equal(t, 404, response.StatusCode, vendor)
		assert.Contains(t, body, want)
		assert.Empty(t, s.Faults())
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/openai/v1/models":               `{"data":[{"created":1735689600,"id":"one","object":"model","owned_by":"system"}],"object":"list"}`,
		"/ollama/v1/models":               `"owned_by":"library"`,
		"/ollama/api/tags":                `{"models":[{"model":"one","modified_at":"2026-01-01T00:00:00Z","name":"one","size":1}]}`,
		"/cohere/compatibility/v1/models": `"owned_by":"cohere"`,
		"/cohere/v1/models":               `{"models":[{"context_length":256000,"endpoints":["chat"],"finetuned":false,"name":"one"}],"next_page_token":""}`,
		"/google/v1beta/openai/models":    `"id":"models/one"`,
		"/anthropic/v1/models":            `{"data":[{"created_at":"2026-01-01T00:00:00Z","display_name":"one","id":"one","type":"model"}],"first_id":"one","has_more":false,"last_id":"one"}`,
	} {
		s := servedAs(t, Script{Models: []string{"one"}})
		r := request(t, s, "anthropic", "") // with both kinds of keys
		r.Header.Set("Authorization", "Bearer the-key")
		r.Method, r.URL.Path = "GET", path
		response, body := sent(t, r)
		assert.Equal(t, 200, response.StatusCode, path)
		assert.Contains(t, body, want, path)
	}
}

func TestPieces(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "one two three four five", "ééééééééé", strings.Repeat("x", 100), " leading"} {
		parts := pieces(text, 4)
		assert.Equal(t, text, strings.Join(parts, ""))
		assert.LessOrEqual(t, len(parts), 4)
		for _, p := range parts {
			assert.Equal(t, strings.ToValidUTF8(p, "?"), p)
		}
	}
}
