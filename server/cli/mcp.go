package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"clanker/policies/approval"
	"clanker/router"
	"clanker/server"
	"clanker/server/bridge"
	"clanker/server/config"
)

// serving is what the flags of "clanker mcp" say.
type serving struct {
	transport choice
	ask       string
	profile   bool
}

func (a *app) mcpCommand() *cobra.Command {
	var s serving
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Serve the workspace to AI agents over MCP",
		Long: "Serve the workspace to AI agents over MCP: over HTTP to any number of them, on loopback only and to this user only,\n" +
			"or over stdio to the one that started it. On stdio the agent is handed over to the workspace that this user already\n" +
			"serves over HTTP, if there is one. Logs go to stderr. Configuration and intents that are edited apply at once; SIGHUP\n" +
			"loads them again. SIGINT and SIGTERM finish what is running, then stop.",
		Example: `  clanker mcp --transport http --listen 127.0.0.1:39393
  clanker mcp --demo --ask "Are all services in production healthy?"
  claude mcp add clanker -- clanker mcp --transport stdio`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.mcp(cmd, s) },
	}
	s.transport = choiceFlag(cmd, cmd.Flags(), "transport", "", "how agents reach it", "http", "stdio")
	cmd.Flags().String("listen", a.config.Listen, "loopback `address` for http; port 0 takes a free one")
	cmd.Flags().StringVar(&s.ask, "ask", "", "once it listens, ask it this `question` over http and print the answer")
	cmd.Flags().BoolVar(&s.profile, "pprof", false, "serve profiles of the process on /debug/pprof/")
	return cmd
}

func (a *app) mcp(cmd *cobra.Command, s serving) error {
	collectLess()
	if s.transport.String() == "stdio" {
		if s.ask != "" {
			return usage("on stdio, stdout belongs to the protocol", "--ask works with --transport http only")
		}
		return a.serveStdio(cmd, s)
	}
	w, err := a.live(cmd, s.profile)
	if err != nil {
		return err
	}
	return a.serveHTTP(cmd.Context(), w, s)
}

// collectLess trades a few megabytes for a part of the time a call takes: what an answer leaves behind is much beside the
// little that the process holds. Whoever sets GOGC has the last word.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(110)
	}
}

// serveStdio serves one client: by handing it over to the workspace that is there, or alone.
func (a *app) serveStdio(cmd *cobra.Command, s serving) error {
	a.led = true
	alone := func(ctx context.Context, in io.Reader, out io.Writer) error {
		w, err := a.live(cmd, s.profile)
		if err != nil {
			return err
		}
		return w.while(ctx, func(ctx context.Context) error { return w.server.ServeStdio(ctx, in, out) })
	}
	place, err := a.place(a.config.Kubernetes.Kubeconfig, a.config.Intents)
	if err != nil {
		a.log.Warn("serving alone", "because", err)
		return alone(cmd.Context(), a.stdin, a.stdout)
	}
	if _, err := a.secret(cmd.Context(), a.config); err != nil {
		return err
	}
	token := func(ctx context.Context) string { return a.present(ctx, cmd) }
	return bridge.Serve(cmd.Context(), place, a.stdin, a.stdout, bridge.Options{Alone: alone, Token: token, Logger: a.log,
		Now: func() (bridge.Place, error) { return a.placeNow(cmd) }})
}

// placeNow is where a workspace of the intents that are configured now would be: it may have been told others while it ran.
func (a *app) placeNow(cmd *cobra.Command) (bridge.Place, error) {
	now, err := config.Load(a.options(cmd))
	if err != nil {
		return bridge.Place{}, err
	}
	return a.place(a.config.Kubernetes.Kubeconfig, now.Intents)
}

// present is the token that is configured now, empty when there is none or it cannot be found, which the log says.
func (a *app) present(ctx context.Context, cmd *cobra.Command) string {
	now, err := config.Load(a.options(cmd))
	var token string
	if err == nil {
		token, err = a.secret(ctx, now)
	}
	if err != nil {
		a.log.Warn("no token is shown to the workspace", "because", err)
	}
	return token
}

// place is where workspaces find each other that answer alike: those of the same estate, read with the same credentials, with
// the same intents.
func (a *app) place(kubeconfig string, asked config.Intents) (bridge.Place, error) {
	home, _ := os.UserHomeDir() // none is one too
	serves := []string{strconv.FormatBool(a.demo), home}
	files := filepath.SplitList(cmp.Or(kubeconfig, a.getenv("KUBECONFIG")))
	for _, path := range slices.Concat(files, []string{""}, asked.Dirs) {
		if path != "" { // what is relative is another thing in another folder
			var err error
			if path, err = filepath.Abs(path); err != nil {
				return bridge.Place{}, fmt.Errorf("find other workspaces: %w", err)
			}
		}
		serves = append(serves, path)
	}
	return bridge.Locate(append(serves, strconv.FormatBool(asked.Builtin))...)
}

func (a *app) serveHTTP(ctx context.Context, w *live, s serving) error {
	listener, err := server.Listen(a.config.Listen)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://%s/mcp", listener.Addr())
	p := &published{app: a, kubeconfig: a.config.Kubernetes.Kubeconfig, record: bridge.Record{Health: w.server.Health(), URL: url}}
	p.move()
	w.moved = p.move
	defer p.withdraw()
	a.greet(url, w.gate.Load())
	go debug.FreeOSMemory() // reading the intents takes three times what they need
	token := w.token        // as long as nobody else uses it
	return w.while(ctx, func(ctx context.Context) error {
		if s.ask == "" {
			return w.server.ServeHTTP(ctx, listener)
		}
		serving, ctx := errgroup.WithContext(ctx)
		serving.Go(func() error { return w.server.ServeHTTP(ctx, listener) })
		serving.Go(func() error { return a.askOver(ctx, url, token, s.ask) })
		return serving.Wait()
	})
}

// published is what lets the processes that clients start on stdio find this workspace.
type published struct {
	app        *app
	kubeconfig string // that is in use, whatever is configured by now
	record     bridge.Record
	place      bridge.Place
	remove     func() error // nil when there is no record
}

// move leaves the record where those look who want the intents that are configured, and nowhere else.
func (p *published) move() {
	place, err := p.app.place(p.kubeconfig, p.app.config.Intents)
	if err == nil && place == p.place {
		return
	}
	p.withdraw()
	p.place = place
	if err == nil {
		p.remove, err = place.Publish(p.record)
	}
	if err != nil {
		p.app.log.Warn("clients on stdio will not find this workspace, and each be served alone", "because", err)
	}
}

func (p *published) withdraw() {
	if p.remove == nil {
		return
	}
	if err := p.remove(); err != nil {
		p.app.log.Warn("the record of this workspace could not be removed", "because", err)
	}
	p.remove = nil
}

// greet says where the server listens and how an agent registers: as a log record when logs are for machines.
func (a *app) greet(url string, gate *gatehouse) {
	if a.config.Log.Format == "json" {
		a.log.Info("listening", "url", url, "demo", a.demo, "operators", gate.url())
		return
	}
	estate := ""
	if a.demo {
		estate = " with the demo estate: its answers are invented"
	}
	a.say("clanker: mcp: listening on %s%s\n", url, estate)
	a.say("register: claude mcp add --transport http clanker %s\n", url)
	if gate != nil {
		a.say("approve:  %s (workspace %s)\n", gate.url(), approval.Fingerprint(gate.store.Key()))
	}
	if a.typed() {
		a.say("clanker: development: a phrase typed into clanker approve counts as an approval, and whatever has a shell can type it\n")
	}
}

// askOver asks as any client may: one bare POST.
func (a *app) askOver(ctx context.Context, url, token, question string) error {
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
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
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
