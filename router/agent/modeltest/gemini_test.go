package modeltest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// askGemini posts a body to a path below Gemini's and returns what comes.
func askGemini(t *testing.T, s *Server, path, body string) (status int, answer string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/google/v1beta/models/"+path, strings.NewReader(body))
	r.Header.Set("X-Goog-Api-Key", "the-key")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	data, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return w.Code, string(data)
}

const geminiUser = `{"role":"user","parts":[{"text":"why?"}]}`

func TestGeminiRefuses(t *testing.T) {
	call := func(name, signature string) string {
		return fmt.Sprintf(`{"functionCall":{"id":"1","name":%q},"thoughtSignature":%q}`, name, signature)
	}
	signed := call("read", (&geminiCall{ID: "1", Name: "read"}).sign())
	model := func(parts string) string { return `,{"role":"model","parts":[` + parts + `]}` }
	came := func(id string) string {
		return fmt.Sprintf(`,{"role":"user","parts":[{"functionResponse":{"id":%q,"name":"read","response":{"output":"x"}}}]}`, id)
	}
	for _, test := range []struct{ body, says string }{
		{`{`, "Invalid JSON payload received."},
		{`{"contents":[` + geminiUser + `],"temperature":1}`, `Unknown name \"temperature\": Cannot find field.`},
		{`{"tools":[{"functionDeclarations":[{"name":"a","strict":true}]}]}`, `Unknown name \"strict\" at 'tools[0].function_declarations[0]': Cannot find field.`},
		{`{"tools":[{"functionDeclarations":[{"name":"a","parameters":{"type":"object","additionalProperties":false}}]}]}`, `Unknown name \"additionalProperties\" at 'tools[0].function_declarations[0].parameters': Cannot find field.`},
		{`{}`, "contents is not specified"},
		{`{"contents":[{"role":"assistant","parts":[{"text":"x"}]}]}`, "Please use a valid role: user, model."},
		{`{"contents":[{"role":"user"}]}`, "contents[0].parts: contents.parts must not be empty."},
		{`{"contents":[{"role":"user","parts":[{}]}]}`, "contents[0].parts[0].data: required oneof field"},
		{`{"contents":[{"role":"model","parts":[` + signed + `]}]}`, "function call turn comes immediately after a user turn"},
		{`{"contents":[` + geminiUser + came("1") + `]}`, "function response turn comes immediately after a function call turn"},
		{`{"contents":[` + geminiUser + model(signed) + `]}`, ""},
		{`{"contents":[` + geminiUser + model(signed) + `,` + geminiUser + `]}`, "number of function response parts is equal to the number of function call parts"},
		{`{"contents":[` + geminiUser + model(signed) + came("2") + `]}`, "is to no call of the turn before"},
		{`{"contents":[` + geminiUser + model(call("read", "")) + came("1") + `]}`, "function call `default_api:read` , position 2."},
		{`{"contents":[` + geminiUser + model(call("read", "c2lnbmVk")) + came("1") + `]}`, "Corrupted thought signature."},
		{`{"contents":[` + geminiUser + model(call("read", "")) + came("1") + `,` + geminiUser + `]}`, ""}, // of an earlier turn
		{`{"contents":[` + geminiUser + model(signed) + came("1") + `]}`, ""},
	} {
		s := New(Script{Turns: []Turn{{Text: "so"}}})
		status, answer := askGemini(t, s, "gemini-3:generateContent", test.body)
		if test.says == "" {
			assert.Equal(t, http.StatusOK, status, "%s\n%s", test.body, answer)
			continue
		}
		assert.Equal(t, http.StatusBadRequest, status, test.body)
		assert.Contains(t, answer, test.says, test.body)
		assert.Contains(t, answer, `"status":"INVALID_ARGUMENT"`)
		assert.NotEmpty(t, s.Faults())
	}
}

func TestGeminiStreams(t *testing.T) {
	turn := Turn{Text: "so it is, in a few words", Tokens: Tokens{In: 5, Out: 3}}
	s := New(Script{Turns: []Turn{turn}})
	body := `{"contents":[` + geminiUser + `]}`
	status, _ := askGemini(t, s, "gemini-3:streamGenerateContent", body)
	assert.Equal(t, http.StatusBadRequest, status, "without alt=sse")
	status, answer := askGemini(t, s, "gemini-3:streamGenerateContent?alt=sse", body)
	require.Equal(t, http.StatusOK, status)
	events := strings.Split(strings.TrimSpace(answer), "\n\n")
	assert.Greater(t, len(events), 2)
	last := events[len(events)-1]
	assert.Contains(t, last, `"parts":[{"text":"","thoughtSignature":`+string(encoded(sign(turn.Text))))
	assert.Contains(t, last, `"finishReason":"STOP"`)
	assert.Contains(t, last, `"candidatesTokenCount":2,"promptTokenCount":5,"thoughtsTokenCount":1,"totalTokenCount":8`)
}

func TestGeminiCallsNothingMalformed(t *testing.T) {
	s := New(Script{Turns: []Turn{{Calls: []Call{{Tool: "read", Arguments: `{"of":`}}}}})
	status, answer := askGemini(t, s, "gemini-3:generateContent", `{"contents":[`+geminiUser+`],"tools":[{"functionDeclarations":[{"name":"read"}]}]}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, answer, `{"finishReason":"MALFORMED_FUNCTION_CALL","index":0}`)
}

func TestGeminiLists(t *testing.T) {
	s := New(Script{Models: []string{"gemini-3", "gemini-3-flash"}})
	r := httptest.NewRequest(http.MethodGet, "/v1beta/models?pageSize=1000", nil)
	r.Header.Set("X-Goog-Api-Key", "the-key")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var list struct{ Models []struct{ Name string } }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &list))
	require.Len(t, list.Models, 2)
	assert.Equal(t, "models/gemini-3", list.Models[0].Name)
}
