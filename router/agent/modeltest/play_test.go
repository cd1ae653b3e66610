package modeltest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// saying is a request whose last words are these.
func saying(words string) string {
	return strings.Replace(hello("openai", true), "hello", words, 1)
}

func TestTurnsAreChosen(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{When: "second", Text: "two"}, Turn{Text: "one"}, Turn{When: "again", Text: "more", Repeat: true})
	for _, tt := range []struct{ words, want string }{{"first", `"one"`}, {"again", `"more"`}, {"the second", `"two"`}, {"again", `"more"`}} {
		_, body := ask(t, s, "openai", saying(tt.words))
		assert.Contains(t, body, tt.want)
	}
	assert.Zero(t, s.Left())
	response, body := ask(t, s, "openai", saying("second"))
	assert.Equal(t, 500, response.StatusCode)
	assert.Contains(t, body, "no turn of the script is left")
	assert.Len(t, s.Faults(), 1)
	turns := []int{}
	for _, r := range s.Requests() {
		turns = append(turns, r.Turn)
	}
	assert.Equal(t, []int{1, 2, 0, 2, Refused}, turns)
	assert.Equal(t, 4, s.Count())
}

func TestWithoutToolsNoneIsCalled(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{Calls: []Call{{Tool: "look", Arguments: "{}"}}, Repeat: true}, Turn{Text: "the end", Repeat: true})
	_, body := ask(t, s, "openai", hello("openai", true))
	assert.Contains(t, body, `"name":"look"`)
	for vendor, none := range map[string]string{"openai": `"none"`, "anthropic": `{"type":"none"}`} {
		_, body = ask(t, s, vendor, strings.TrimSuffix(hello(vendor, true), "}")+`,"tool_choice":`+none+`}`)
		assert.Contains(t, body, "the end")
	}
	_, body = ask(t, s, "openai", hello("openai", false))
	assert.Contains(t, body, "the end")
}

func TestExpect(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		expect Expect
		fault  string
	}{
		"as it is":   {Expect{Has: []string{"hello"}, Lacks: []string{"secret"}, Tools: []string{"look"}}, ""},
		"not there":  {Expect{Has: []string{"goodbye"}}, `"goodbye" is expected in the request and is not there`},
		"there":      {Expect{Lacks: []string{"hello"}}, `"hello" is in the request and must not be there`},
		"other tool": {Expect{Tools: []string{"jump"}}, "the tool jump is not offered, but only look"},
		"no tool":    {Expect{Alone: true}, "no tool is to be offered, and there are look"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := served(t, Turn{Text: "fine", Expect: tt.expect})
			response, body := ask(t, s, "openai", hello("openai", true))
			if tt.fault == "" {
				assert.Equal(t, 200, response.StatusCode)
				assert.Empty(t, s.Faults())
				return
			}
			assert.Equal(t, 500, response.StatusCode)
			assert.Contains(t, decoded[struct{ Error struct{ Message string } }](t, body).Error.Message, tt.fault)
			assert.Contains(t, s.Faults()[0], tt.fault)
		})
	}
}

func TestHoldEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{Text: "never", Hold: HoldBefore})
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		<-s.Held()
		cancel()
	})
	_, err := http.DefaultClient.Do(request(t, s, "openai", hello("openai", false)).WithContext(ctx))
	require.ErrorIs(t, err, context.Canceled)
	wait.Wait()
}

func TestHoldDuringAStream(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{Text: "one two three four", Hold: HoldDuring})
	ctx, cancel := context.WithCancel(t.Context())
	response, err := http.DefaultClient.Do(request(t, s, "openai", streaming("openai", hello("openai", false))).WithContext(ctx))
	require.NoError(t, err)
	defer response.Body.Close()
	reader := bufio.NewReader(response.Body)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	assert.Contains(t, line, "chat.completion.chunk")
	<-s.Held()
	cancel()
	rest, err := io.ReadAll(reader)
	require.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, string(rest), "four")
}

func TestRelease(t *testing.T) {
	t.Parallel()
	for _, hold := range []Hold{HoldBefore, HoldDuring} {
		for _, body := range []string{hello("openai", false), streaming("openai", hello("openai", false))} {
			s := served(t, Turn{Text: "four", Hold: hold})
			var wait sync.WaitGroup
			wait.Go(func() {
				<-s.Held()
				s.Release()
				s.Release() // is no error
			})
			_, answer := ask(t, s, "openai", body)
			assert.Regexp(t, `"finish_reason":"stop"`, answer)
			wait.Wait()
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for vendor := range endpoints() {
		for _, body := range []string{hello(vendor, false), streaming(vendor, hello(vendor, false))} {
			s := served(t, Turn{Text: "one two three four five six seven eight", Cut: true})
			response, err := http.DefaultClient.Do(request(t, s, vendor, body))
			require.NoError(t, err)
			got, err := io.ReadAll(response.Body)
			require.NoError(t, response.Body.Close())
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, vendor)
			assert.NotEmpty(t, got)
			assert.False(t, json.Valid(got))
			assert.NotRegexp(t, `message_stop|\[DONE\]`, string(got))
		}
	}
}

func TestRequestsAreKept(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{Text: "fine"}, Turn{Text: "fine"})
	body := `{"model":"m","max_tokens":9,"system":"be short","stream":true,"tools":[{"name":"look","input_schema":{"type":"object"}}],"messages":[
		{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"look","input":{}}]},
		{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"seen"},{"type":"text","text":"and?"}]}]}`
	ask(t, s, "anthropic", body)
	r := s.Requests()[0]
	assert.Equal(t, Request{At: s.Now(), Vendor: "anthropic", Method: "POST", Path: "/anthropic/v1/messages", Header: r.Header, Body: []byte(body),
		Model: "m", Stream: true, System: "be short", Tools: []string{"look"}, Last: "seen\nand?\n", Turn: 0}, r)
	assert.Equal(t, "2023-06-01", r.Header.Get("Anthropic-Version"))
	assert.Empty(t, r.Header.Get("X-Api-Key"))
	s.Requests()[0].Model = "changed"
	assert.Equal(t, "m", s.Requests()[0].Model, "the caller has a copy")
}

// Who sets only a host has the vendor guessed from the path and the headers.
func TestPathsWithoutVendor(t *testing.T) {
	t.Parallel()
	for path, vendor := range map[string]string{"/v1/chat/completions": "openai", "/compatibility/v1/chat/completions": "cohere",
		"/v1beta/openai/chat/completions": "google", "/v1/messages": "anthropic"} {
		s := served(t, Turn{Text: "fine"})
		r := request(t, s, vendor, hello(vendor, false))
		r.URL.Path = path
		response, _ := sent(t, r)
		assert.Equal(t, 200, response.StatusCode, path)
		assert.Equal(t, vendor, s.Requests()[0].Vendor)
	}
	s := served(t)
	r := request(t, s, "openai", "")
	r.URL.Path = "/v1/generate"
	response, _ := sent(t, r)
	assert.Equal(t, 404, response.StatusCode)
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := served(t, Turn{When: "red", Text: "R", Repeat: true}, Turn{When: "blue", Text: "B", Repeat: true})
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			words, want := "red", `"R"`
			if i%2 == 0 {
				words, want = "blue", `"B"`
			}
			_, body := ask(t, s, "openai", saying(words))
			assert.Contains(t, body, want)
		})
	}
	wait.Wait()
	assert.Len(t, s.Requests(), 40)
	assert.Empty(t, s.Faults())
}

// recorder is a test that only notes what is said against it.
type recorder struct {
	testing.TB
	ends   []func()
	errors []string
}

func (*recorder) Helper()            {}
func (r *recorder) Cleanup(f func()) { r.ends = append(r.ends, f) }
func (r *recorder) Errorf(format string, _ ...any) {
	r.errors = append(r.errors, format)
}

func TestStartTellsTheTest(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{hello("openai", false): 0, "{}": 1} {
		r := &recorder{TB: t}
		s := Start(r, Script{Turns: []Turn{{Text: "fine"}}})
		ask(t, s, "openai", body)
		for _, end := range r.ends {
			end()
		}
		assert.Len(t, r.errors, want)
	}
}
