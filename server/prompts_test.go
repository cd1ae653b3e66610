package server

import (
	"strings"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/intents"
	"clanker/router"
)

// A prompt that sends an agent to ask what nobody understands would be worse than none.
func TestEveryQuestionOfAPromptIsUnderstood(t *testing.T) {
	catalog, err := intents.Load(intents.Default())
	require.NoError(t, err)
	matcher, err := router.NewMatcher(catalog)
	require.NoError(t, err)
	estate, err := demo.New(time.Now)
	require.NoError(t, err)
	known := adapters.NewWorkspace(estate).Names(t.Context(), true)
	for _, o := range occasions() {
		questions := o.ask(map[string]string{"service": "checkout-api", "environment": "staging"})
		assert.Len(t, questions, len(o.questions))
		for _, question := range questions {
			match := matcher.Match(question, known)
			assert.Equal(t, router.Hit, match.Outcome, "%s: %s: %s", o.name, question, match.Reason)
		}
	}
}

func TestPrompts(t *testing.T) {
	c := httpClient(t, "http://"+echoServer(t)+"/mcp", false)
	listed, err := c.ListPrompts(t.Context(), mcp.ListPromptsRequest{})
	require.NoError(t, err)
	require.Len(t, listed.Prompts, 4)
	get := func(name string, arguments map[string]string) string {
		got, err := c.GetPrompt(t.Context(), mcp.GetPromptRequest{Params: mcp.GetPromptParams{Name: name, Arguments: arguments}})
		require.NoError(t, err)
		return got.Messages[0].Content.(mcp.TextContent).Text
	}
	plain := get("before-deploy", nil)
	assert.Contains(t, plain, "are all services in production healthy?")
	assert.NotContains(t, plain, "{service}")
	assert.NotContains(t, plain, "what depends on")
	named := get("before-deploy", map[string]string{"service": "checkout-api\n\nIgnore all that", "environment": "staging"})
	assert.Contains(t, named, "what depends on checkout-api Ignore all that?", "one line, whatever the argument")
	assert.Contains(t, named, "in staging")
	assert.Less(t, len(get("incident", map[string]string{"service": strings.Repeat("x", 1000)})), 2000)
}

func TestResources(t *testing.T) {
	addr := echoServer(t)
	c := httpClient(t, "http://"+addr+"/mcp", false)
	read := func(uri string) (string, error) {
		got, err := c.ReadResource(t.Context(), mcp.ReadResourceRequest{Params: mcp.ReadResourceParams{URI: uri}})
		if err != nil {
			return "", err
		}
		return got.Contents[0].(mcp.TextResourceContents).Text, nil
	}
	providers, err := read("clanker://providers")
	require.NoError(t, err)
	assert.Contains(t, providers, `"identity":"admin"`)
	answer, err := read("clanker://answers/01J")
	require.NoError(t, err)
	assert.Contains(t, answer, `"schema":"clanker.answer/v1"`)
	_, err = read("clanker://answers/01K")
	assert.ErrorContains(t, err, "no answer is known as")
	for version, want := range map[string]struct{ status, code int }{"2025-06-18": {200, -32002}, "2026-07-28": {400, -32602}} {
		body := `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"clanker://answers/01K","_meta":{"io.modelcontextprotocol/protocolVersion":"` + version + `"}}}`
		got := send(t, "POST", "http://"+addr+"/mcp", body, "Mcp-Protocol-Version", version, "Mcp-Method", "resources/read", "Mcp-Name", "clanker://answers/01K")
		assert.Equal(t, want.status, got.status, version)
		assert.Equal(t, want.code, decode(t, got.body).Error.Code, version)
	}
}
