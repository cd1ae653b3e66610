//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// TestOllama has models of a real Ollama look into the demo estate. What they write is a script; how Ollama tells them of tools, reads
// their calls, counts tokens and fails is its own.
func TestOllama(t *testing.T) {
	p := build(t)
	o := startOllama(t, p.home, scripted(
		follows{"<|asked|>", toolCall("get_resource", `{"name": "checkout-api", "kind": "deployment"}`) + toolCall("list_changes", `{"name": "checkout-api"}`)},
		follows{"<|told|>", "checkout-api has 3 replicas.\n"},
		follows{"checkout-api has 3 replicas.\n", "It was restarted 4711 times."},
		follows{"<|concluding|>", "checkout-api "},
		follows{"checkout-api ", "is healthy."},
		follows{"<|tried|>", toolCall("read_temperature", `{"city": "Oslo"}`) + toolCall("read_temperature", `{"city": "Quito"}`)},
		follows{"<|measured|>", "43 in Oslo, 58 in Quito."},
	))
	o.create(t, "looks", chat("<|asked|>", "<|told|>"), 65536)
	o.create(t, "cramped", chat("<|asked|>", "<|told|>"), 4096)
	o.create(t, "tries", chat("<|tried|>", "<|measured|>"), 32768)
	o.create(t, "toolless", "{{ range .Messages }}{{ .Content }}{{ end }}", 4096)
	p.more = append(slices.Clone(p.more), "OLLAMA_HOST="+o.host, "CLANKER_MODELS_SECONDS=600") // a busy machine takes a while over so many bytes

	a := p.investigated(t, "looks")
	assert.Equal(t, router.StatusOK, a.Status, "%+v", a)
	assert.Equal(t, "checkout-api has 3 replicas. (demo data)", a.Summary)
	assert.Equal(t, []string{"4711"}, a.Unverified)
	assert.NotEmpty(t, a.Evidence)
	assert.Equal(t, []any{2, 2, "0.00"}, []any{a.Usage.Model.Steps, a.Usage.Model.ToolCalls, a.Usage.Model.CostUSD})
	assert.Greater(t, a.Usage.Model.Input, 10_000, "a token for each byte of two turns")

	a = p.investigated(t, "cramped")
	assert.Equal(t, router.StatusPartial, a.Status, "%+v", a)
	assert.Contains(t, a.Summary, "checkout-api is healthy.", "it was told to conclude, without tools")
	assert.Contains(t, fmt.Sprint(a.Warnings), "OLLAMA_CONTEXT_LENGTH")

	for model, fix := range map[string]string{"toolless": "choose a model that calls tools", "gone": "ollama pull gone"} {
		a = p.investigated(t, model)
		assert.Equal(t, router.StatusError, a.Status, "%+v", a)
		assert.Contains(t, a.Summary, fix)
	}

	out, err := p.command(nil, "models", "list").Output()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "ollama/looks:latest")
	out, err = p.command(nil, "models", "test", "ollama/tries").Output()
	require.NoError(t, err, "%s", out)
	assert.Regexp(t, `ollama/tries +works +several at once`, string(out))
}

// investigated is what a model makes of a question about the demo estate that no intent covers.
func (p program) investigated(t *testing.T, model string) (a router.Answer) {
	t.Helper()
	out, err := p.command(nil, "ask", "--demo", "--output", "json", "--model", "ollama/"+model, "compare how checkout-api and metrics-relay are set up").Output()
	require.NoError(t, json.Unmarshal(out, &a), "%v: %s", err, out)
	return a
}

// chat is a template for models of Ollama, in which one of two texts follows a message: the second a tool's result.
func chat(asked, told string) string {
	return `{{ .Tools }}{{ range .Messages }}{{ .Content }}{{ if .ToolCalls }}<tool_call>{{ range .ToolCalls }}{{ .Function }}{{ end }}{{ end }}` +
		`{{ if eq .Role "tool" }}` + told + `{{ else }}` + asked + `{{ end }}{{ end }}{{ if not .Tools }}<|concluding|>{{ end }}`
}

// toolCall is how a model with that template calls a tool.
func toolCall(name, arguments string) string {
	return fmt.Sprintf("<tool_call>{\"name\": %q, \"arguments\": %s}</tool_call>\n", name, arguments)
}

// ollama is a running Ollama.
type ollama struct{ program, home, host, weights string }

var listensAt = regexp.MustCompile(`Listening on (127\.0\.0\.1:\d+)`)

// startOllama starts one whose models all have the same weights.
func startOllama(t *testing.T, home string, weights []byte) *ollama {
	t.Helper()
	program, err := filepath.Abs("../../.cache/bin/ollama")
	require.NoError(t, err)
	require.FileExists(t, program, "run make ollama")
	o := &ollama{program: program, home: home, host: "127.0.0.1:0", weights: filepath.Join(t.TempDir(), "weights.gguf")}
	require.NoError(t, os.WriteFile(o.weights, weights, 0o600))
	serve := o.command("serve")
	log, err := serve.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, serve.Start())
	t.Cleanup(func() {
		assert.NoError(t, serve.Process.Signal(syscall.SIGTERM)) // it ends its models, too
		_ = serve.Wait()
	})
	lines := bufio.NewReader(log)
	for o.host == "127.0.0.1:0" {
		line, err := lines.ReadString('\n')
		require.NoError(t, err, "ollama ended: %s", line)
		if found := listensAt.FindStringSubmatch(line); found != nil {
			o.host = found[1]
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return o
}

func (o *ollama) command(arguments ...string) *exec.Cmd {
	command := exec.Command(o.program, arguments...)
	command.Env = []string{"HOME=" + o.home, "PATH=" + os.Getenv("PATH"), "OLLAMA_HOST=" + o.host, "OLLAMA_NO_CLOUD=1"}
	return command
}

// create makes a model of the weights, with a template and so many tokens to remember.
func (o *ollama) create(t *testing.T, name, template string, context int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Modelfile")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "FROM %s\nTEMPLATE \"\"\"%s\"\"\"\nPARAMETER num_ctx %d\nPARAMETER num_thread 1\n", o.weights, template, context), 0o600))
	out, err := o.command("create", name, "-f", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
