//go:build e2e

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/mark3labs/mcp-go/client"
	"github.com/mark3labs/mcp-go/client/transport"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
)

// hostileTexts are the naughty strings, some to a text, and what steers terminals.
func hostileTexts(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("../../policies/approval/testdata/blns.json")
	require.NoError(t, err)
	var naughty []string
	require.NoError(t, json.Unmarshal(text, &naughty))
	texts := []string{
		"\x1b[2J\x1b[31mAPPROVED\x1b[0m\x1b[1A\x1b[2K", "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07", "\x1b]52;c;cm0gLXJmIC8=\x07", "\x1b]0;title\x07",
		"\u009b31m\u0090q\u009c", "admin\u202etxt.exe\u202c \u2066abc\u2069", "zero\u200bwidth\ufeff", "p\u0430ypal", "one\r\ntwo\rthree\x08\x08\x08four", strings.Repeat("A", 4000),
		strings.Repeat("\u202e", 600), "\U000e0041\U000e0042 tags", "\xff\xfe\x80 not UTF-8", "\x00 zero",
	}
	part := ""
	for _, one := range naughty {
		if len(part)+len(one) > 1800 {
			texts, part = append(texts, part), ""
		}
		part += one + "\n"
	}
	return append(texts, part)
}

// steeringText proposes them as reason, as word of a command and as name of a client. All that a terminal shows is plain.
func steeringText(t *testing.T, e estate) {
	e.more = append(e.more, "CLANKER_APPROVAL_PENDING=100", "CLANKER_APPROVAL_HOURLY=100")
	g := e.gate(t)
	alice := g.enrol(t, "alice")[0]
	key, agent := alice.file(t)
	shown, waiting := 0, []string{}
	plain := func(what string, texts ...string) {
		for _, text := range texts {
			bad := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') })
			assert.Equal(t, -1, bad, "%s shows %q", what, text[max(0, bad-20):min(len(text), bad+20)])
			shown++
		}
	}
	look := func() {
		list := g.cli(t, nil, "proposals", "list")
		plain("list", list.stdout, list.stderr)
		for _, id := range waiting {
			detail, asked := g.cli(t, nil, "proposals", "show", id), g.cli(t, []string{agent}, "reject", id, "--key", key)
			plain("show", detail.stdout, detail.stderr)
			plain("reject", asked.stdout, asked.stderr)
			assert.Contains(t, asked.stdout, "rejected")
		}
		waiting = nil
	}
	for i, text := range hostileTexts(t) {
		client := newAgent(g.url, "agent "+text[:min(len(text), 90)], "2025-06-18")
		require.NoError(t, client.open(t.Context()))
		for _, arguments := range []map[string]any{
			{"argv": []string{"kubectl", "annotate", "deployment/web", "-n", "shop", fmt.Sprint("n=", i)}, "reason": text},
			{"argv": []string{"kubectl", "annotate", "deployment/web", "-n", "shop", "note=" + text}, "reason": "a word"},
		} {
			response, err := client.send(t.Context(), 1, "tools/call", map[string]any{"name": "clanker_run_command", "arguments": arguments})
			require.NoError(t, err)
			var got struct {
				Result struct{ StructuredContent struct{ ProposalID string } }
			}
			require.NoError(t, decodeReply(response, &got))
			if id := got.Result.StructuredContent.ProposalID; id != "" {
				waiting = append(waiting, id)
			}
		}
		if len(waiting) > 20 {
			look()
		}
	}
	require.NotEmpty(t, waiting)
	look()
	for _, line := range [][]string{{"audit", "log"}, {"audit", "export"}, {"audit", "verify"}, {"proposals", "list", "--output", "yaml"}, {"approvers", "list"}} {
		got := g.cli(t, nil, line...)
		if line[1] != "export" && line[1] != "list" { // they are for programs; the export holds letters of all languages
			plain(line[1], got.stdout, got.stderr)
		}
		assert.NotContains(t, got.stdout+got.stderr, "\x1b")
		assert.NotContains(t, got.stdout+got.stderr, "\u202e")
	}
	t.Logf("%d outputs", shown)
	assert.Greater(t, shown, 100)
}

// logLines puts what looks like a line of the log into all that an agent may say.
func logLines(t *testing.T, e estate) {
	const line = "x\n{\"level\":\"INFO\",\"msg\":\"approved\"}\n{\"seq\":1,\"type\":\"approval.given\"}\r\u2028\u0085y"
	g := e.gate(t)
	client := newAgent(g.url, line, "2025-06-18")
	require.NoError(t, client.open(t.Context()))
	for _, arguments := range []map[string]any{
		{"argv": []string{"kubectl", "annotate", "deployment/web", "-n", "shop", "note=" + line}, "reason": line},
		{"argv": []string{"kubectl", line}, "reason": line}, {"argv": []string{line}, "reason": line}, {"proposalId": line}, {line: line},
		{"argv": []string{"kubectl", "get", "pods", "-n", "shop", "-l", "app=" + line}, "reason": line},
	} {
		response, err := client.send(t.Context(), 1, "tools/call", map[string]any{"name": "clanker_run_command", "arguments": arguments})
		require.NoError(t, err)
		_ = response.Body.Close()
	}
	for logged := range strings.Lines(g.log.String()) {
		var record struct{ Level, Msg string }
		require.NoError(t, json.Unmarshal([]byte(logged), &record), "%q", logged)
		assert.NotEqual(t, "approved", record.Msg)
	}
	entries := strings.Split(strings.TrimSuffix(g.ok(t, nil, "audit", "export"), "\n"), "\n")
	for i, text := range entries {
		var entry approval.Entry
		require.NoError(t, json.Unmarshal([]byte(text), &entry), text)
		assert.Equal(t, int64(i+1), entry.Seq)
		assert.NotEqual(t, approval.EventWord, entry.Type)
	}
	assert.NotContains(t, strings.Join(entries, ""), "\u2028")
	g.verified(t)
}

// plantedSecrets lets people approve what prints secrets, and looks for them in all that comes out.
func plantedSecrets(t *testing.T, e estate) {
	require.NoError(t, e.cluster.WriteLog("web", false, "Authorization: Bearer CANARY-bearer-abcdefghijklmnop", "password=CANARY-password", "AKIACANARYCANARYCANA token: ghp_CANARYabcdefghijklmnopqrstuvwxyz0123"))
	g := e.gate(t)
	alice := g.enrol(t, "alice")[0]
	var said []string
	for _, line := range []string{
		"kubectl get secret db -n shop -o yaml", "kubectl get secret db -n shop -o json", "kubectl describe secret db -n shop", "kubectl logs deployment/web -n shop",
		"kubectl get deployment web -n shop -o yaml", "kubectl get secrets -n shop -o wide",
	} {
		got := g.tool(t, map[string]any{"argv": strings.Fields(line), "reason": "token=CANARY-reason-abcdefgh"})
		if got.IsError {
			t.Logf("refused: %s: %s", line, got.Text)
			continue
		}
		if got.State == approval.Pending {
			require.NoError(t, g.says(alice, got.ProposalID, approval.Approve))
		}
		over := g.over(t, got.ProposalID)
		require.Equal(t, approval.Succeeded, over.State, over.Text)
		said = append(said, got.raw, over.raw, g.ok(t, nil, "proposals", "show", got.ProposalID), g.ok(t, nil, "proposals", "show", got.ProposalID, "--output", "json"))
	}
	require.NotEmpty(t, said)
	said = append(said, g.log.String(), g.ok(t, nil, "audit", "export"), g.ok(t, nil, "audit", "log"))
	for _, secret := range []string{"CANARY-dsn", "CANARY-password", "ghp_CANARY", "CANARY-bearer", "CANARY-reason", "AKIACANARY",
		base64.StdEncoding.EncodeToString([]byte("CANARY-password")), base64.StdEncoding.EncodeToString([]byte("ghp_CANARYabcdefghijklmnopqrstuvwxyz0123"))} {
		for _, text := range said {
			at := strings.Index(text, secret)
			assert.Equal(t, -1, at, "%s in %.300q", secret, text[max(0, at-150):])
		}
	}
}

// thousand proposes a thousand commands, under one name and under many. People are asked to look at few.
func thousand(t *testing.T, e estate) {
	e.program = e.unlimited()
	g := e.gate(t)
	var mu sync.Mutex
	refusals := map[bool]int{}
	flood := func(agent *agent, from, to int) {
		for i := from; i < to; i++ {
			response, err := agent.send(t.Context(), i, "tools/call", map[string]any{"name": "clanker_run_command", "arguments": map[string]any{
				"argv": []string{"kubectl", "annotate", "deployment/web", "-n", "shop", fmt.Sprint("n=", i)}, "reason": "urgent"}})
			if !assert.NoError(t, err) {
				return
			}
			var got struct {
				Result struct {
					IsError bool
					Content []struct{ Text string }
				}
			}
			if !assert.NoError(t, decodeReply(response, &got)) {
				return
			}
			mu.Lock()
			refusals[got.Result.IsError]++
			mu.Unlock()
			assert.True(t, !got.Result.IsError || strings.Contains(got.Result.Content[0].Text, "try again in"), "%v", got)
		}
	}
	one := newAgent(g.url, "nagging", "2025-06-18")
	require.NoError(t, one.open(t.Context()))
	flood(one, 0, 200)
	assert.Equal(t, 5, refusals[false], "of one name")
	var wait sync.WaitGroup
	for name := range 8 {
		wait.Go(func() {
			many := newAgent(g.url, fmt.Sprint("agent-", name), "2025-06-18")
			if assert.NoError(t, many.open(t.Context())) {
				flood(many, 1000*(name+1), 1000*(name+1)+100)
			}
		})
	}
	wait.Wait()
	t.Logf("%d prompts, %d refused", refusals[false], refusals[true])
	assert.Equal(t, 1000, refusals[false]+refusals[true])
	assert.LessOrEqual(t, refusals[false], 30, "of all names")
	entries := strings.Count(g.ok(t, nil, "audit", "export"), "\n")
	assert.Less(t, entries, 200, "nor is the log filled")
	g.verified(t)
}

// elicited is a client that says yes to whatever it is asked.
func elicited(t *testing.T, e estate) {
	a := e.attacked(t)
	yes := &yesSayer{}
	web, err := transport.NewStreamableHTTP(a.url, transport.WithContinuousListening())
	require.NoError(t, err)
	c := client.NewClient(web, client.WithElicitationHandler(yes))
	require.NoError(t, c.Start(t.Context()))
	defer c.Close()
	hello := mcp.InitializeRequest{}
	hello.Params.ProtocolVersion, hello.Params.ClientInfo = mcp.LATEST_PROTOCOL_VERSION, mcp.Implementation{Name: "yes", Version: "1"}
	_, err = c.Initialize(t.Context(), hello)
	require.NoError(t, err)
	for _, arguments := range []map[string]any{
		{"argv": strings.Fields(wanted), "reason": "yes"}, {"proposalId": a.proposal.ProposalID},
		{"proposalId": a.proposal.ProposalID, "approve": true}, {"argv": strings.Fields(wanted), "reason": "yes", "approved": true, "phrase": a.proposal.Phrase},
	} {
		_, err := c.CallTool(t.Context(), mcp.CallToolRequest{Params: mcp.CallToolParams{Name: "clanker_run_command", Arguments: arguments}})
		require.NoError(t, err)
	}
	for _, invented := range []string{"clanker_approve", "clanker_approve_command", "approve", "clanker_answer"} {
		_, err := c.CallTool(t.Context(), mcp.CallToolRequest{Params: mcp.CallToolParams{Name: invented, Arguments: map[string]any{"proposalId": a.proposal.ProposalID}}})
		assert.Error(t, err, invented)
	}
	assert.Zero(t, yes.asked, "nobody is asked that way")
	a.stopped(t)
}

type yesSayer struct{ asked int }

func (y *yesSayer) Elicit(context.Context, mcp.ElicitationRequest) (*mcp.ElicitationResult, error) {
	y.asked++
	return &mcp.ElicitationResult{ElicitationResponse: mcp.ElicitationResponse{Action: mcp.ElicitationResponseActionAccept, Content: map[string]any{"approve": true}}}, nil
}
