//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// workspace is a running clanker mcp --transport http.
type workspace struct {
	url     string
	process *os.Process
	schema  *jsonschema.Schema // of the answers, as published
	log     *journal
	ended   chan error // receives how the process ended
	stopped bool       // by the test
}

// serve starts the workspace on the kubeconfigs and waits until it says where it listens.
func (p program) serve(t testing.TB, kubeconfigs ...string) *workspace {
	t.Helper()
	return p.start(t, kubeconfigs)
}

// start does the same with more flags.
func (p program) start(t testing.TB, kubeconfigs []string, flags ...string) *workspace {
	t.Helper()
	command := p.command(kubeconfigs, append([]string{"mcp", "--transport", "http", "--listen", "127.0.0.1:0", "--log-format", "json"}, flags...)...)
	stderr, err := command.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	s := &workspace{process: command.Process, log: newJournal(), ended: make(chan error, 1)}
	go func() {
		s.log.keep(stderr)
		s.ended <- command.Wait()
	}()
	t.Cleanup(func() {
		if !s.stopped {
			assert.NoError(t, s.end(syscall.SIGTERM), "stop the workspace; it logged:\n%s", s.log)
		}
	})
	s.url = s.log.listening(t)
	s.schema = s.published(t)
	return s
}

// end signals the process, waits until it has ended, and returns how.
func (s *workspace) end(signal os.Signal) error {
	s.stopped = true
	return errors.Join(s.process.Signal(signal), <-s.ended)
}

// command is clanker with nothing of this machine in its environment but the kubeconfigs.
func (p program) command(kubeconfigs []string, arguments ...string) *exec.Cmd {
	command := exec.Command(p.clanker, arguments...)
	command.Env = p.environment(kubeconfigs)
	return command
}

func (p program) environment(kubeconfigs []string) []string {
	return append([]string{"HOME=" + p.home, "PATH=" + os.Getenv("PATH"),
		"KUBECONFIG=" + strings.Join(kubeconfigs, string(os.PathListSeparator))}, p.more...)
}

// published reads the output schema of clanker_route_question from tools/list.
func (s *workspace) published(t testing.TB) *jsonschema.Schema {
	t.Helper()
	var list struct {
		Tools []struct {
			Name         string
			OutputSchema json.RawMessage
		}
	}
	require.NoError(t, json.Unmarshal(s.post(t, "tools/list", map[string]any{}), &list))
	for _, tool := range list.Tools {
		if tool.Name == "clanker_route_question" {
			return compile(t, "published", tool.OutputSchema)
		}
	}
	require.Fail(t, "tools/list has no clanker_route_question")
	return nil
}

func compile(t testing.TB, name string, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(name, document))
	schema, err := compiler.Compile(name)
	require.NoError(t, err)
	return schema
}

// post sends the bare request of the README: no initialize, no session, any Accept header. It returns the result.
func (s *workspace) post(t testing.TB, method string, params any) json.RawMessage {
	t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "*/*")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s", content)
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
	var reply struct{ Result, Error json.RawMessage }
	require.NoError(t, json.Unmarshal(content, &reply), "%s", content)
	require.Empty(t, string(reply.Error))
	return reply.Result
}

// reply is the result of a tool call.
type reply struct {
	Answer  router.Answer
	Text    string
	raw     json.RawMessage
	IsError bool
}

// ask asks a question; the arguments that follow come in pairs, as "context", "prod-cluster".
func (s *workspace) ask(t testing.TB, question string, arguments ...string) reply {
	t.Helper()
	asked := map[string]any{"question": question}
	for i := 0; i < len(arguments); i += 2 {
		asked[arguments[i]] = arguments[i+1]
	}
	began := time.Now()
	r := decode(t, s.post(t, "tools/call", map[string]any{"name": "clanker_route_question", "arguments": asked}))
	r.check(t, s.schema, time.Since(began))
	return r
}

func decode(t testing.TB, raw json.RawMessage) reply {
	t.Helper()
	var result struct {
		StructuredContent json.RawMessage
		Content           []struct{ Type, Text string }
		IsError           bool
	}
	require.NoError(t, json.Unmarshal(raw, &result), "%s", raw)
	require.Len(t, result.Content, 1, "%s", raw)
	r := reply{Text: result.Content[0].Text, IsError: result.IsError, raw: raw}
	require.NoError(t, json.Unmarshal(result.StructuredContent, &r.Answer), "%s", raw)
	return r
}

// check holds an answer to the rules that all answers follow.
func (r reply) check(t testing.TB, published *jsonschema.Schema, took time.Duration) {
	t.Helper()
	var result struct{ StructuredContent json.RawMessage }
	require.NoError(t, json.Unmarshal(r.raw, &result))
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(result.StructuredContent))
	require.NoError(t, err)
	assert.NoError(t, published.Validate(document))
	full, err := router.Schema()
	require.NoError(t, err)
	assert.NoError(t, compile(t, "full", full).Validate(document))

	assert.Equal(t, r.Answer.Status == router.StatusError, r.IsError, "%s", r.Text)
	assert.False(t, r.Answer.Demo, "demo data in an answer about real clusters")
	assert.NotContains(t, string(r.raw), "CANARY")
	assert.Less(t, took, 25*time.Second)
	budget := 1500
	if r.Answer.Verdict != "" {
		budget = 600
	}
	assert.LessOrEqual(t, tokens(r.Text), budget, "%s", r.Text)
}

func tokens(text string) int { return len(text) / 4 }

// item returns the one item of the kind and name.
func (r reply) item(t testing.TB, kind, name string) router.Item {
	t.Helper()
	for _, item := range r.Answer.Items {
		if string(item.Kind) == kind && strings.HasPrefix(item.Name, name) {
			return item
		}
	}
	require.Failf(t, "no such item", "%s %s in:\n%s", kind, name, r.Text)
	return router.Item{}
}

// names are those of the items, in their order.
func (r reply) names() []string {
	names := []string{}
	for _, item := range r.Answer.Items {
		names = append(names, item.Name)
	}
	return names
}
