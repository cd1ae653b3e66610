//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	cdp "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// attack is what a web page tries with the workspace of the person who looks at it.
type attack struct {
	name string
	page string // where the page is from; OWN and EVIL stand for the ports of the workspace and of the attacker
	// script returns what the page gets to see. URL is the endpoint, CALL a message that asks a question.
	script string
	writes bool // it sends the call; otherwise it only tries to read
}

// refusal is what becomes of each request of the attack: the guard answers it, or the browser blocks it for want of
// permission from us. What only reads may get as far as being told that there is nothing to GET.
func (a attack) refusal() string {
	if a.writes || strings.HasPrefix(a.page, "http://rebound") {
		return ` 403$| blocked: net::ERR_FAILED$`
	}
	return ` 403$| blocked: |websocket closed$`
}

// What a page from elsewhere can do, with JavaScript and without.
var attacks = [...]attack{ // never changed
	{"rebinding", "http://rebound.test:OWN/", post("/mcp", "application/json", ""), true},
	{"rebinding reads", "http://rebound.test:OWN/", `Promise.all(["/mcp","/healthz","/readyz","/metrics"].map(path => fetch(path).then(r => r.status))).then(all => all.filter(s => s < 400).join(" "))`, false},
	{"cross-site JSON", "http://evil.test:EVIL/", post("URL", "application/json", ""), true},
	{"cross-site text", "http://evil.test:EVIL/", post("URL", "text/plain", `mode: "no-cors",`), true},
	{"cross-site read", "http://evil.test:EVIL/", `fetch(URL.replace("/mcp", "/healthz")).then(r => r.text()).catch(() => "")`, false},
	{"beacon", "http://evil.test:EVIL/", `navigator.sendBeacon(URL, CALL) ? "" : "not sent"`, true},
	{"beacon of a JSON blob", "http://evil.test:EVIL/", `navigator.sendBeacon(URL, new Blob([CALL], {type: "application/json"})) ? "" : "not sent"`, true},
	{"other port, JSON", "http://localhost:EVIL/", post("URL", "application/json", ""), true},
	{"other port, text", "http://localhost:EVIL/", post("URL", "text/plain", `mode: "no-cors",`), true},
	{"other port, untyped", "http://127.0.0.1:EVIL/", `fetch(URL, {method: "POST", mode: "no-cors", body: new Blob([CALL])}).then(r => r.text())`, true},
	{"framing", "http://evil.test:EVIL/", frame(``), false},
	{"framing from another port", "http://localhost:EVIL/", frame(``), false},
	{"form in a frame", "http://evil.test:EVIL/", frame(submit(`target: "f",`)), true},
	{"navigation by a form", "http://evil.test:EVIL/", submit(``) + `""`, true},
	{"sandboxed frame", "http://evil.test:EVIL/", sandboxed(post("URL", "text/plain", `mode: "no-cors",`)), true},
	{"event source", "http://evil.test:EVIL/", `new Promise(done => { const e = new EventSource(URL); e.onmessage = m => done(m.data); e.onopen = () => done("open"); e.onerror = () => { e.close(); done("") } })`, false},
	{"web socket", "http://evil.test:EVIL/", `new Promise(done => { const w = new WebSocket(URL.replace("http", "ws")); w.onopen = () => done("open"); w.onerror = () => done("") })`, false},
	{"script", "http://evil.test:EVIL/", `new Promise(done => { const s = document.createElement("script"); s.src = URL; s.onload = () => done("loaded"); s.onerror = () => done(""); document.head.append(s) })`, false},
}

func post(url, media, more string) string {
	if strings.HasPrefix(url, "/") {
		url = `"` + url + `"`
	}
	return fmt.Sprintf(`fetch(%s, {method: "POST", %s headers: {"Content-Type": %q}, body: CALL}).then(r => r.text()).catch(() => "")`, url, more, media)
}

// frame shows the endpoint in a frame, does something with it, and looks into it once something has loaded.
func frame(then string) string {
	src := `f.src = URL;`
	if then != "" {
		src = ""
	}
	return `new Promise(done => {
		const f = document.createElement("iframe"); f.name = "f"; ` + src + `
		f.onload = () => { let seen = ""; try { seen = f.contentDocument.body.innerText } catch {} ; done(seen) };
		if (` + fmt.Sprint(then != "") + `) f.onload = () => { f.onload = () => { let seen = ""; try { seen = f.contentDocument.body.innerText } catch {}; done(seen) } };
		document.body.append(f); ` + then + `})`
}

// sandboxed runs the script in a frame whose origin is none, which servers have been seen to take for no page at all.
func sandboxed(script string) string {
	return `new Promise(done => {
		const f = document.createElement("iframe"); f.sandbox = "allow-scripts"; onmessage = m => done(m.data);
		f.srcdoc = "<script>const URL = " + JSON.stringify(URL) + ", CALL = " + JSON.stringify(CALL) + ";" + ` + "`" + script + "`" + ` + ".then(seen => parent.postMessage(seen, '*'))</" + "script>";
		document.body.append(f) })`
}

// submit posts the call as the only field of a form of plain text, which makes it a message with one key too many.
func submit(more string) string {
	return `(() => { const form = Object.assign(document.createElement("form"), {` + more + ` method: "POST", action: URL, enctype: "text/plain"});
		form.append(Object.assign(document.createElement("input"), {name: CALL.slice(0, -1) + ',"more":"', value: '"}'}));
		document.body.append(form); form.submit() })();`
}

// victim is a server that is attacked; ran counts the tool calls it has run.
type victim struct {
	url string
	ran func() int64
}

// browser opens the attacker's pages in a real browser. The workspace runs no call and shows nothing; what gets through to
// mcp-go alone is logged, and all that writes gets through to a server which lets everybody in.
func browser(t *testing.T, p program) {
	counted := newProvider(t)
	s := p.serve(t, counted.kubeconfig)
	s.ask(t, everything)
	require.Positive(t, counted.asked.Load(), "the provider must notice a call, or this test proves nothing")
	bare := newUnguarded(t, nil)
	open := newUnguarded(t, everybody, mcpserver.WithDisableLocalhostProtection(true))
	b := newBrowser(t)

	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			ours := b.try(t, a, victim{s.url, counted.asked.Load})
			t.Logf("clanker: %s", ours)
			assert.Zero(t, ours.ran, "the call ran")
			assert.NotEmpty(t, ours.statuses)
			for _, came := range ours.statuses {
				assert.Regexp(t, a.refusal(), came, "%s", ours)
			}
			for _, sign := range []string{"answerId", "clanker_route_question", "instance", "open", "loaded"} {
				assert.NotContains(t, ours.seen, sign, "the page sees what it must not")
			}
			t.Logf("mcp-go:  %s", b.try(t, a, victim{bare.url, bare.ran.Load}))
			if a.writes {
				assert.Positive(t, b.try(t, a, victim{open.url, open.ran.Load}).ran, "the attack does not even work where everything is allowed")
			}
		})
	}
}

// everybody lets every page call the endpoint, as servers do whose authors were tired of CORS.
func everybody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, what := range []string{"Origin", "Headers", "Methods"} {
			w.Header().Set("Access-Control-Allow-"+what, "*")
		}
		if origin := r.Header.Get("Origin"); origin != "" { // a beacon has credentials, which * does not cover
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Headers", "content-type")
			w.Header().Set("Access-Control-Allow-Credentials", "true")
		}
		if r.Method == http.MethodOptions {
			return
		}
		r.Header.Set("Content-Type", "application/json")
		next.ServeHTTP(w, r)
	})
}

// chrome is a running browser and the attacker's web server.
type chrome struct {
	ctx  context.Context
	evil string // port of the attacker
}

// newBrowser starts both. The names rebound.test and evil.test are this machine: so a page reaches the workspace by a name
// that is the attacker's own, which is what rebinding a name achieves.
func newBrowser(t *testing.T) chrome {
	t.Helper()
	binary, err := exec.LookPath("chromium")
	require.NoError(t, err, "these tests need Chromium: apt-get install -y --no-install-recommends chromium")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>kittens</title><body>kittens")
	}))
	t.Cleanup(evil.Close)
	profile, err := os.MkdirTemp("", "clanker-browser-")
	require.NoError(t, err)
	t.Cleanup(func() { // what the browser started may write for a moment after its end
		eventually(t, patience, func() (bool, string) {
			err := os.RemoveAll(profile)
			return err == nil, fmt.Sprint(err)
		})
	})
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-features", "site-per-process,IsolateSandboxedIframes"), // else frames are targets of their own, whose requests are not seen
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"), chromedp.Flag("no-proxy-server", true),
		chromedp.WSURLReadTimeout(time.Minute))...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(ctx)
	t.Cleanup(quit)
	require.NoError(t, chromedp.Run(ctx), "start Chromium")
	return chrome{ctx: ctx, evil: port(t, evil.URL)}
}

// outcome is what came of an attack.
type outcome struct {
	ran      int64    // calls of the tool
	seen     string   // by the page
	statuses []string // "POST 403", of the requests that reached the victim
}

func (o outcome) String() string {
	return fmt.Sprintf("%d calls ran; %s; the page sees %.120q", o.ran, strings.Join(o.statuses, ", "), o.seen)
}

// try opens the page in a new tab, runs its script and waits until no request to the victim is under way.
func (b chrome) try(t *testing.T, a attack, on victim) outcome {
	t.Helper()
	ctx, close := chromedp.NewContext(b.ctx)
	defer close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	page := strings.NewReplacer("OWN", port(t, on.url), "EVIL", b.evil).Replace(a.page)
	url := "http://localhost:" + port(t, on.url) + "/mcp"
	seen := &traffic{port: ":" + port(t, on.url), methods: map[network.RequestID]string{}, done: map[network.RequestID]string{}}
	require.NoError(t, chromedp.Run(ctx, network.Enable(), chromedp.Navigate(page)))
	var origin string
	require.NoError(t, chromedp.Run(ctx, chromedp.Evaluate(`location.origin + "/"`, &origin)))
	require.Equal(t, page, origin, "the page must be where it claims to be")

	before := on.ran()
	chromedp.ListenTarget(ctx, seen.note)
	body, err := json.Marshal(healthCall)
	require.NoError(t, err)
	var result outcome
	script := fmt.Sprintf("(() => { const URL = %q, CALL = %s; return (async () => %s)() })()", url, body, expression(a.script))
	require.NoError(t, chromedp.Run(ctx, chromedp.Evaluate(script, &result.seen, awaited)), "%s", a.name)
	eventually(t, patience, func() (bool, string) {
		result.statuses, err = seen.settled()
		return err == nil, fmt.Sprint(err)
	})
	result.ran = on.ran() - before
	return result
}

// awaited has the browser wait for what a script promises.
func awaited(p *cdp.EvaluateParams) *cdp.EvaluateParams { return p.WithAwaitPromise(true) }

// expression makes the script the body of a function, which does not wait for ever for an endless stream.
func expression(script string) string {
	if at := strings.LastIndex(script, ";"+`""`); at >= 0 {
		return "{ " + script[:at+1] + ` return "" }`
	}
	return `await Promise.race([` + script + `, new Promise(done => setTimeout(done, 3000, "nothing came"))])`
}

// traffic is what the browser sends to one port, as its debugger reports.
type traffic struct {
	port    string
	mu      sync.Mutex
	methods map[network.RequestID]string
	done    map[network.RequestID]string
}

func (n *traffic) note(event any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if strings.Contains(e.Request.URL, n.port) {
			n.methods[e.RequestID] = e.Request.Method
		}
	case *network.EventWebSocketCreated:
		n.methods[e.RequestID] = "websocket"
	case *network.EventWebSocketHandshakeResponseReceived:
		n.done[e.RequestID] = fmt.Sprint(e.Response.Status)
	case *network.EventWebSocketClosed:
		n.finish(e.RequestID, "closed")
	case *network.EventResponseReceived:
		n.done[e.RequestID] = fmt.Sprint(e.Response.Status)
	case *network.EventLoadingFailed:
		n.finish(e.RequestID, "blocked: "+e.ErrorText)
	}
}

func (n *traffic) finish(id network.RequestID, how string) {
	if n.done[id] == "" {
		n.done[id] = how
	}
}

// settled lists the requests and what became of them; an error when one is under way or none has been sent yet.
func (n *traffic) settled() ([]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.methods) == 0 {
		return nil, fmt.Errorf("no request was sent")
	}
	var all []string
	for _, id := range slices.Sorted(maps.Keys(n.methods)) {
		if n.done[id] == "" {
			return nil, fmt.Errorf("%s is under way", n.methods[id])
		}
		all = append(all, n.methods[id]+" "+n.done[id])
	}
	return all, nil
}
