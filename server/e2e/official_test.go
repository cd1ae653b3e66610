//go:build e2e

package e2e

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const production = "Are all services in production healthy?"

// TestOfficialClients speaks to the program with clients that others wrote: the official Go SDK, in every revision of the
// protocol that it knows, and the official inspector, over both transports.
func TestOfficialClients(t *testing.T) {
	p := build(t)
	s := p.start(t, nil, "--demo")
	stdio := []string{"mcp", "--demo", "--transport", "stdio"}
	for _, revision := range sdk.SupportedProtocolVersions() {
		t.Run("sdk/http/"+revision, func(t *testing.T) {
			speak(t, revision, &sdk.StreamableClientTransport{Endpoint: s.url})
		})
		t.Run("sdk/stdio/"+revision, func(t *testing.T) {
			speak(t, revision, &sdk.CommandTransport{Command: p.command(nil, stdio...)})
		})
	}
	t.Run("inspector/http", func(t *testing.T) { inspect(t, p, "--transport", "http", "--server-url", s.url) })
	t.Run("inspector/stdio", func(t *testing.T) { inspect(t, p, append([]string{"--", p.clanker}, stdio...)...) })
}

// speak uses all there is, as a client does that has just been registered.
func speak(t *testing.T, revision string, transport sdk.Transport) {
	client := sdk.NewClient(&sdk.Implementation{Name: "official", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), transport, &sdk.ClientSessionOptions{ProtocolVersion: revision})
	require.NoError(t, err)
	assert.Equal(t, revision, session.InitializeResult().ProtocolVersion)
	assert.Contains(t, session.InitializeResult().Instructions, "clanker_route_question")

	tools, err := session.ListTools(t.Context(), nil)
	require.NoError(t, err)
	assert.Len(t, tools.Tools, 3)
	version, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "clanker_version"})
	require.NoError(t, err)
	assert.False(t, version.IsError)
	answer, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "clanker_route_question", Arguments: map[string]any{"question": production}})
	require.NoError(t, err)
	assert.False(t, answer.IsError)
	_, err = session.CallTool(t.Context(), &sdk.CallToolParams{Name: "kubectl"})
	assert.ErrorContains(t, err, "unknown tool")

	readAll(t, session, answer)
	promptAll(t, session)
	assert.NoError(t, session.Close())
}

// readAll reads every resource, and the answer that was just given.
func readAll(t *testing.T, session *sdk.ClientSession, answer *sdk.CallToolResult) {
	t.Helper()
	listed, err := session.ListResources(t.Context(), nil)
	require.NoError(t, err)
	require.NotEmpty(t, listed.Resources)
	given, _ := answer.StructuredContent.(map[string]any)
	uris := []string{"clanker://answers/" + given["answerId"].(string)}
	for _, resource := range listed.Resources {
		uris = append(uris, resource.URI)
	}
	for _, uri := range uris {
		read, err := session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: uri})
		require.NoError(t, err, uri)
		assert.True(t, json.Valid([]byte(read.Contents[0].Text)), uri)
	}
	_, err = session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: "clanker://nothing"})
	assert.ErrorContains(t, err, "unknown resource")
	templates, err := session.ListResourceTemplates(t.Context(), nil)
	require.NoError(t, err)
	assert.NotEmpty(t, templates.ResourceTemplates)
}

func promptAll(t *testing.T, session *sdk.ClientSession) {
	t.Helper()
	prompts, err := session.ListPrompts(t.Context(), nil)
	require.NoError(t, err)
	assert.NotEmpty(t, prompts.Prompts)
	for _, prompt := range prompts.Prompts {
		got, err := session.GetPrompt(t.Context(), &sdk.GetPromptParams{Name: prompt.Name})
		require.NoError(t, err, prompt.Name)
		assert.NotEmpty(t, got.Messages, prompt.Name)
	}
}

// inspect lists the tools with the official inspector, which also judges whether other clients can use their schemas, and
// asks a question.
func inspect(t *testing.T, p program, target ...string) {
	modules, err := filepath.Abs("../../.cache/conformance/node_modules")
	require.NoError(t, err)
	run := func(arguments ...string) string {
		arguments = append([]string{filepath.Join(modules, "@modelcontextprotocol/inspector/clients/launcher/build/index.js"), "--cli"}, append(arguments, target...)...)
		command := exec.CommandContext(t.Context(), filepath.Join(modules, ".bin/node"), arguments...)
		command.Env = p.environment(nil)
		out, err := command.Output()
		require.NoError(t, err, "make conformance installs the inspector: %s", out)
		return string(out)
	}
	assert.Contains(t, run("--method", "tools/list", "--strict"), "clanker_route_question")
	assert.Contains(t, run("--tool-arg", "question="+production, "--tool-name", "clanker_route_question", "--method", "tools/call"), "session-cache")
}
