//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	cdp "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/identity/identitytest"
	"clanker/server"
	"clanker/server/web"
)

// TestPage is the operator page of the real program, in a real browser whose passkeys are made of software.
func TestPage(t *testing.T) {
	p := build(t)
	b := newBrowser(t)
	t.Run("first operator", func(t *testing.T) { firstOperator(t, p, b) })
	t.Run("approve", func(t *testing.T) { approveOnPage(t, p, b) })
	t.Run("small and by keyboard", func(t *testing.T) { smallAndByKeyboard(t, p, b) })
	t.Run("attacks", func(t *testing.T) { attackPage(t, p, b) })
}

// operatorPage is a tab of the browser with a passkey authenticator, at the page of a workspace.
type operatorPage struct {
	ctx    context.Context
	url    string // http://localhost:39394
	device webauthn.AuthenticatorID
}

var operatorsAt = regexp.MustCompile(`"operators":"(http://localhost:\d+)"`) // never changed

func (s *workspace) operators(t *testing.T) string {
	t.Helper()
	found := operatorsAt.FindStringSubmatch(s.log.String())
	require.NotNil(t, found, "%s", s.log)
	return found[1]
}

func (b chrome) operate(t *testing.T, s *workspace) operatorPage {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(stop)
	o := operatorPage{ctx: ctx, url: s.operators(t)}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *cdp.EventExceptionThrown:
			assert.Fail(t, "the page's script failed", "%s", e.ExceptionDetails.Error())
		case *cdplog.EventEntryAdded:
			assert.NotEqual(t, cdplog.SourceSecurity, e.Entry.Source, "%s", e.Entry.Text) // the content security policy stopped something
		}
	})
	o.run(t, cdplog.Enable(), webauthn.Enable(), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		o.device, err = webauthn.AddVirtualAuthenticator(&webauthn.VirtualAuthenticatorOptions{Protocol: webauthn.AuthenticatorProtocolCtap2,
			Transport: webauthn.AuthenticatorTransportInternal, HasUserVerification: true, IsUserVerified: true, HasResidentKey: true,
			AutomaticPresenceSimulation: true}).Do(ctx)
		return err
	}))
	return o
}

func (o operatorPage) run(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(o.ctx, actions...); err != nil {
		o.shoot(t, "failed")
		require.NoError(t, err)
	}
}

// open shows one of the pages and waits until it is complete.
func (o operatorPage) open(t *testing.T, path string) {
	t.Helper()
	o.run(t, chromedp.Navigate(o.url+path), chromedp.WaitVisible(`main:not([aria-busy])`))
}

// shoot keeps a picture where go test -artifacts keeps such things.
func (o operatorPage) shoot(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(o.ctx), 10*time.Second)
	defer cancel()
	var picture []byte
	if err := chromedp.Run(ctx, chromedp.FullScreenshot(&picture, 100)); assert.NoError(t, err) {
		assert.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), picture, 0o600))
	}
}

// text returns what stands in an element.
func (o operatorPage) text(t *testing.T, selector string) (text string) {
	t.Helper()
	o.run(t, chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// enabled reports whether the button that approves can be pressed.
func (o operatorPage) enabled(t *testing.T) (can bool) {
	t.Helper()
	o.run(t, chromedp.Evaluate(`!document.querySelector(".decide .primary").disabled`, &can))
	return can
}

func (o operatorPage) fill(field, value string) chromedp.Action {
	return chromedp.SendKeys("#"+field, value, chromedp.ByQuery)
}

func (o operatorPage) click(selector string) chromedp.Action {
	return chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible)
}

// becomes waits until the page says by itself that the proposal is in a state.
func (o operatorPage) becomes(t *testing.T, state approval.State) {
	t.Helper()
	o.run(t, chromedp.WaitVisible(`.status .badge[data-state="`+string(state)+`"]`, chromedp.ByQuery))
}

// get reads from the interface of the page, as a program.
func (o operatorPage) get(t *testing.T, path string, to any) {
	t.Helper()
	response, err := http.Get(o.url + path)
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, json.NewDecoder(response.Body).Decode(to))
}

func (o operatorPage) detail(t *testing.T, id string) (d web.Detail) {
	t.Helper()
	o.get(t, "/api/proposals/"+id, &d)
	return d
}

// propose proposes as an agent does.
func (s *workspace) propose(t *testing.T, reason string, argv ...string) (c server.Command) {
	t.Helper()
	raw := s.post(t, "tools/call", map[string]any{"name": "clanker_run_command", "arguments": map[string]any{"argv": argv, "reason": reason}})
	var result struct{ StructuredContent server.Command }
	require.NoError(t, json.Unmarshal(raw, &result), "%s", raw)
	require.Equal(t, approval.Pending, result.StructuredContent.State, "%s", raw)
	return result.StructuredContent
}

// outcome reads a proposal as an agent does.
func (s *workspace) outcome(t *testing.T, id string) (c server.Command) {
	t.Helper()
	raw := s.post(t, "tools/call", map[string]any{"name": "clanker_run_command", "arguments": map[string]any{"proposalId": id}})
	var result struct{ StructuredContent server.Command }
	require.NoError(t, json.Unmarshal(raw, &result), "%s", raw)
	return result.StructuredContent
}

var firstCode = regexp.MustCompile(`enter this code: ([a-z2-7-]+)`) // never changed

// firstOperator is enrolled by the code of the terminal, with a passkey; who comes later is approved with it.
func firstOperator(t *testing.T, p program, b chrome) {
	p.home = t.TempDir()
	s := p.start(t, nil)
	o := b.operate(t, s)
	o.open(t, "/enrol")
	var code []string
	eventually(t, patience, func() (bool, string) {
		code = firstCode.FindStringSubmatch(s.log.String())
		return code != nil, s.log.String()
	})
	o.run(t, o.fill("code", "aaaa-bbbb-cccc"), o.fill("approver", "alice"), o.click("form .primary"), chromedp.WaitVisible(".error", chromedp.ByQuery))
	assert.Contains(t, o.text(t, ".error"), "the code is wrong")
	var people struct{ Approvers []web.Person }
	o.get(t, "/api/approvers", &people)
	require.Empty(t, people.Approvers)

	o.run(t, chromedp.SetValue("#code", code[1], chromedp.ByQuery), o.click("form .primary"), chromedp.WaitVisible(`a[href="/"].primary`, chromedp.ByQuery))
	assert.Equal(t, "Welcome, alice", o.text(t, "h1"))
	o.get(t, "/api/approvers", &people)
	require.Len(t, people.Approvers, 1)
	assert.Equal(t, approval.Passkey, people.Approvers[0].Credentials[0].Kind)

	o.open(t, "/enrol")
	key := strings.TrimSpace(identitytest.Line(identitytest.NewSSHKey(t).PublicKey()))
	o.run(t, o.fill("approver", "bob"), o.click(`[value=ssh]`), o.fill("key", key), o.click("form .primary"),
		chromedp.WaitVisible(`a[href^="/proposals/"].primary`, chromedp.ByQuery))
	o.get(t, "/api/approvers", &people)
	require.Len(t, people.Approvers, 1, "nobody is enrolled by asking")
	o.run(t, o.click(`a[href^="/proposals/"].primary`), chromedp.WaitVisible(".decide", chromedp.ByQuery))
	require.False(t, o.enabled(t), "the key is long and must be opened first")
	o.run(t, o.click(".argv summary"))
	o.shoot(t, "enrolment")
	o.run(t, o.click(".decide .primary:enabled"))
	o.becomes(t, approval.Succeeded)
	o.get(t, "/api/approvers", &people)
	require.Len(t, people.Approvers, 2)
	assert.Equal(t, "bob", people.Approvers[1].ID)
}

// approveOnPage approves what an agent proposes: with a phrase where that is enough, with a passkey what destroys.
func approveOnPage(t *testing.T, p program, b chrome) {
	p.home = t.TempDir()
	s := p.start(t, nil, "--demo")
	o := b.operate(t, s)
	o.open(t, "/")
	scale := s.propose(t, "\u202etraffic <img src=x onerror=alert(1)>", "kubectl", "scale", "deployment/checkout-api", "--replicas=5", "--namespace=production")
	o.run(t, chromedp.WaitVisible(`li.card a[href="/proposals/`+scale.ProposalID+`"]`, chromedp.ByQuery)) // by itself
	o.shoot(t, "list")
	require.True(t, strings.HasPrefix(scale.ApproveURL, o.url), scale.ApproveURL)
	o.open(t, strings.TrimPrefix(scale.ApproveURL, o.url))
	assert.Equal(t, scale.Phrase, o.text(t, ".match .phrase"))
	assert.Contains(t, o.text(t, ".claim"), "claimed by the agent, not checked")
	assert.Contains(t, o.text(t, ".claim"), `"\u202etraffic <img src=x onerror=alert(1)>"`)
	assert.Contains(t, o.text(t, "#banner"), "a typed phrase counts")
	o.shoot(t, "pending")
	require.False(t, o.enabled(t))
	o.run(t, o.fill("phrase", scale.Phrase), o.click(".decide .primary:enabled"))
	o.becomes(t, approval.Succeeded)
	o.shoot(t, "succeeded")
	assert.Equal(t, approval.Succeeded, s.outcome(t, scale.ProposalID).State)

	enrolByProposal(t, o)
	destroy(t, s, o)
}

// enrolByProposal enrols a passkey in the demo estate, where the terminal approves it.
func enrolByProposal(t *testing.T, o operatorPage) {
	t.Helper()
	o.open(t, "/enrol")
	o.run(t, o.fill("approver", "alice"), o.click("form .primary"), o.click(`a[href^="/proposals/"].primary`), chromedp.WaitVisible(".decide", chromedp.ByQuery))
	phrase := o.text(t, ".match .phrase")
	o.run(t, chromedp.Evaluate(`document.querySelectorAll(".argv summary").forEach(s => s.click())`, nil), o.fill("phrase", phrase), o.click(".decide .primary:enabled"))
	o.becomes(t, approval.Succeeded)
}

// destroy asks for the name of what goes, and for a passkey whose user was verified.
func destroy(t *testing.T, s *workspace, o operatorPage) {
	t.Helper()
	gone := s.propose(t, "it hangs", "kubectl", "delete", "pod", "rabbitmq-1")
	o.open(t, "/proposals/"+gone.ProposalID)
	o.run(t, chromedp.WaitVisible("#type", chromedp.ByQuery), chromedp.Evaluate(`const s = document.getElementById("credential");
		s.value = [...s.options].find(o => o.text.startsWith("alice")).value; s.dispatchEvent(new Event("change"))`, nil))
	require.False(t, o.enabled(t))
	o.run(t, o.fill("type", "rabbitmq"))
	require.False(t, o.enabled(t), "half a name is no name")
	o.run(t, o.fill("type", "-1"))
	require.True(t, o.enabled(t))

	for _, field := range []string{"proposalDigest", "displayDigest", "workspace", "nonce"} { // a workspace that is not what it seems
		o.run(t, chromedp.Evaluate(forge(field), nil), o.click(".decide .primary:enabled"), chromedp.WaitVisible(".decide .error", chromedp.ByQuery))
		assert.Contains(t, o.text(t, ".decide .error"), "so nothing was signed", field)
	}
	o.run(t, chromedp.Evaluate(`window.fetch = window.honest; 1`, nil), webauthn.SetResponseOverrideBits(o.device).WithIsBadUV(true), o.click(".decide .primary:enabled"), chromedp.WaitVisible(".decide .error", chromedp.ByQuery))
	assert.Contains(t, o.text(t, ".decide .error"), "verif", "the workspace refuses a passkey that verified nobody")
	o.run(t, webauthn.SetResponseOverrideBits(o.device), webauthn.SetUserVerified(o.device, false), o.click(".decide .primary:enabled"), chromedp.WaitVisible(".decide .error", chromedp.ByQuery))
	assert.Contains(t, o.text(t, ".decide .error"), "The passkey was not used", "the browser refuses it, too")
	assert.Equal(t, approval.Pending, o.detail(t, gone.ProposalID).State)
	assert.Empty(t, o.detail(t, gone.ProposalID).Words)
	o.shoot(t, "refused")
	o.run(t, webauthn.SetUserVerified(o.device, true), o.click(".decide .primary:enabled"))
	o.becomes(t, approval.Succeeded)
	assert.Equal(t, approval.Succeeded, s.outcome(t, gone.ProposalID).State)
	assert.EqualValues(t, 3, o.detail(t, gone.ProposalID).Words[0].Assurance)
}

// forge has the workspace send statements in which one field is something else.
func forge(field string) string {
	return `window.honest ??= window.fetch; window.fetch = async (path, options) => {
		const response = await window.honest(path, options);
		if (!String(path).endsWith("/statement")) return response;
		const asked = await response.json(), statement = JSON.parse(asked.statement);
		statement["` + field + `"] += "0";
		return new Response(JSON.stringify({...asked, statement: JSON.stringify(statement)}), {headers: {Date: new Date().toUTCString()}});
	}; 1`
}

// smallAndByKeyboard goes through the page on a phone's width without a mouse, and sees nothing that sticks out.
func smallAndByKeyboard(t *testing.T, p program, b chrome) {
	p.home = t.TempDir()
	s := p.start(t, nil, "--demo")
	first := s.propose(t, strings.Repeat("\u202e", 600), "kubectl", "scale", "deployment/checkout-api", "--replicas=5", "--namespace=production")
	second := s.propose(t, strings.Repeat("A", 2000), "kubectl", "rollout", "restart", "deployment/search", "--namespace=production")
	o := b.operate(t, s)
	o.run(t, chromedp.EmulateViewport(360, 740), chromedp.ActionFunc(func(ctx context.Context) error { // a slow workspace
		_, err := page.AddScriptToEvaluateOnNewDocument(`const quick = fetch;
			window.fetch = async (...all) => { await new Promise(done => setTimeout(done, 300)); return quick(...all) }`).Do(ctx)
		return err
	}))
	var sticksOut bool
	for _, path := range []string{"/", "/proposals/" + first.ProposalID, "/proposals/" + second.ProposalID, "/enrol", "/approvers"} {
		o.open(t, path)
		o.run(t, chromedp.Evaluate(`document.querySelectorAll("summary").forEach(s => s.click()); document.documentElement.scrollWidth > 360`, &sticksOut))
		assert.False(t, sticksOut, path)
		o.shoot(t, "phone"+strings.ReplaceAll(path, "/", "-"))
	}
	o.open(t, "/")
	var ordered string
	o.run(t, chromedp.Evaluate(`import("/static/words.js").then(m => ["6.5", "5.519", "5.52", "5.51", "5"].map(s => "2026-01-01T00:00:0" + s + "Z").sort(m.earlier).join())`, &ordered, awaited))
	assert.Equal(t, "5 5.51 5.519 5.52 6.5", strings.NewReplacer("2026-01-01T00:00:0", "", "Z", "", ",", " ").Replace(ordered))
	var focused string
	focus := func(keys string) string {
		o.run(t, chromedp.KeyEvent(keys), chromedp.Evaluate(`document.activeElement.getAttribute("href") ?? document.activeElement.id`, &focused))
		return focused
	}
	assert.Equal(t, "#main", focus(kb.Tab), "the first is to skip what stands above")
	for focused != "/proposals/"+first.ProposalID {
		require.NotEmpty(t, focus(kb.Tab), "the list cannot be reached")
	}
	assert.Equal(t, "/proposals/"+second.ProposalID, focus("j"))
	assert.Equal(t, "/proposals/"+first.ProposalID, focus("k"))
	o.run(t, chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#phrase", chromedp.ByQuery), chromedp.Focus("#phrase", chromedp.ByQuery),
		chromedp.KeyEvent(first.Phrase), chromedp.KeyEvent(kb.Enter))
	o.becomes(t, approval.Succeeded)
	o.run(t, chromedp.WaitVisible(".outcome:focus", chromedp.ByQuery)) // who cannot see hears what came of it
}

// pageAttacks are what a page from elsewhere tries with the operator page. URL is replaced by where that is.
var pageAttacks = [...]attack{ // never changed
	{"rebinding", "http://rebound.test:OWN/", `fetch("/api/token").then(r => r.text()).then(token => fetch("/api/approvers/remove", {method: "POST", headers: {"Content-Type": "application/json", "X-Clanker-Token": token}, body: REMOVE}).then(r => r.text()))`, true},
	{"cross-site JSON", "http://evil.test:EVIL/", `fetch(URL + "/api/approvers/remove", {method: "POST", credentials: "include", headers: {"Content-Type": "application/json", "X-Clanker-Token": "x"}, body: REMOVE}).then(r => r.text()).catch(() => "")`, true},
	{"plain text", "http://evil.test:EVIL/", `fetch(URL + "/api/approvers/remove", {method: "POST", mode: "no-cors", credentials: "include", headers: {"Content-Type": "text/plain"}, body: REMOVE}).then(r => r.text()).catch(() => "")`, true},
	{"beacon", "http://evil.test:EVIL/", `navigator.sendBeacon(URL + "/api/approvers/remove", REMOVE) ? "" : "not sent"`, true},
	{"other port", "http://localhost:EVIL/", `fetch(URL + "/api/token", {credentials: "include"}).then(r => r.json()).then(t => fetch(URL + "/api/approvers/remove", {method: "POST", credentials: "include", headers: {"Content-Type": "application/json", "X-Clanker-Token": t.token}, body: REMOVE})).then(r => r.text()).catch(() => "")`, true},
	{"other port, plain text", "http://localhost:EVIL/", `fetch(URL + "/api/approvers/remove", {method: "POST", mode: "no-cors", credentials: "include", body: REMOVE}).then(r => r.text()).catch(() => "")`, true},
	{"framing", "http://evil.test:EVIL/", frame(``), false},
	{"framing from another port", "http://localhost:EVIL/", frame(``), false},
}

// attackPage opens the attacker's pages while a proposal waits, and somebody has the page open in the same browser.
func attackPage(t *testing.T, p program, b chrome) {
	p.home = t.TempDir()
	s := p.start(t, nil, "--demo")
	o := b.operate(t, s)
	waits := s.propose(t, "why", "kubectl", "scale", "deployment/checkout-api", "--replicas=5", "--namespace=production")
	o.open(t, "/proposals/"+waits.ProposalID)
	o.run(t, chromedp.Evaluate(`fetch("/api/token").then(r => r.status)`, nil)) // the browser has the cookie
	changes := func() (sum int64) {
		var listed struct{ Proposals []web.Item }
		o.get(t, "/api/proposals", &listed)
		for _, item := range listed.Proposals {
			sum += int64(item.Version)
		}
		return sum
	}
	require.Positive(t, changes())
	for _, a := range pageAttacks {
		t.Run(a.name, func(t *testing.T) {
			remove, err := json.Marshal(`{"approver":"terminal","credential":""}`)
			require.NoError(t, err)
			a.script = strings.NewReplacer("URL", `"`+o.url+`"`, "REMOVE", string(remove)).Replace(a.script)
			got := b.try(t, a, victim{o.url, changes})
			t.Log(got)
			assert.Zero(t, got.ran, "something changed")
			require.NotEmpty(t, got.statuses)
			for _, came := range got.statuses {
				assert.Regexp(t, ` 403$| blocked: `, came)
			}
			for _, sign := range []string{"token", waits.ProposalID, "clanker</title>", "Skip to the content"} {
				assert.NotContains(t, got.seen, sign)
			}
		})
	}
	assert.Equal(t, approval.Pending, o.detail(t, waits.ProposalID).State)
}
