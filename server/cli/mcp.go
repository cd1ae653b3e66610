package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"clanker/router"
	"clanker/server"
)

// serving is what the flags of "clanker mcp" say.
type serving struct {
	transport choice
	ask       string
}

func (a *app) mcpCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Serve the workspace to AI agents over MCP",
		Long: "Serve the workspace to AI agents over MCP: over HTTP to any number of them, on loopback only, or over stdio to\n" +
			"the one that started it. Logs go to stderr. SIGINT and SIGTERM finish what is running, then stop.",
		Example: `  clanker mcp --transport http --listen 127.0.0.1:39393
  clanker mcp --demo --ask "Are all services in production healthy?"
  claude mcp add clanker -- clanker mcp --transport stdio`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.mcp(cmd.Context(), s) },
	}
	s.transport = choiceFlag(cmd, cmd.Flags(), "transport", "", "how agents reach it", "http", "stdio")
	cmd.Flags().String("listen", a.config.Listen, "loopback `address` for http; port 0 takes a free one")
	cmd.Flags().StringVar(&s.ask, "ask", "", "once it listens, ask it this `question` over http and print the answer")
	return cmd
}

func (a *app) mcp(ctx context.Context, s serving) error {
	collectLess()
	if s.ask != "" && s.transport.String() != "http" {
		return usage("on stdio, stdout belongs to the protocol", "--ask works with --transport http only")
	}
	parts, err := a.wire()
	if err != nil {
		return err
	}
	workspace := server.New(parts.router, parts.workspace, server.Options{
		Build: server.Build{Version: a.build.Version, Commit: a.build.Commit}, Now: a.now, Logger: a.log, Demo: a.demo,
	})
	if s.transport.String() == "stdio" {
		return workspace.ServeStdio(ctx, a.stdin, a.stdout)
	}
	return a.serveHTTP(ctx, workspace, s)
}

// collectLess trades ten megabytes for a seventh of the time a call takes: what an answer leaves behind is much beside the
// little that the process holds. Whoever sets GOGC has the last word.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

func (a *app) serveHTTP(ctx context.Context, workspace *server.Server, s serving) error {
	listener, err := server.Listen(a.config.Listen)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://%s/mcp", listener.Addr())
	a.greet(url)
	if s.ask == "" {
		return workspace.ServeHTTP(ctx, listener)
	}
	serving, ctx := errgroup.WithContext(ctx)
	serving.Go(func() error { return workspace.ServeHTTP(ctx, listener) })
	serving.Go(func() error { return a.askOver(ctx, url, s.ask) })
	return serving.Wait()
}

// greet says where the server listens and how an agent registers: as a log record when logs are for machines.
func (a *app) greet(url string) {
	if a.config.Log.Format == "json" {
		a.log.Info("listening", "url", url, "demo", a.demo)
		return
	}
	estate := ""
	if a.demo {
		estate = " with the demo estate: its answers are invented"
	}
	a.say("clanker: mcp: listening on %s%s\n", url, estate)
	a.say("register: claude mcp add --transport http clanker %s\n", url)
}

// askOver asks as any client may: one bare POST.
func (a *app) askOver(ctx context.Context, url, question string) error {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": map[string]any{
		"name": "clanker_route_question", "arguments": map[string]string{"question": question}}})
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	var reply struct {
		Result struct {
			Answer router.Answer `json:"structuredContent"`
		}
	}
	err = json.NewDecoder(response.Body).Decode(&reply)
	if err = cmp.Or(err, response.Body.Close()); err != nil {
		return fmt.Errorf("ask %s: read the answer: %w", url, err)
	}
	if _, err := fmt.Fprintf(a.stdout, "> %s\n", printable(question)); err != nil {
		return err
	}
	return a.printAnswer(reply.Result.Answer)
}
