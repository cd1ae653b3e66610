//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/policies/approval"
	"clanker/policies/approval/identity/identitytest"
	"clanker/server/web"
)

// TestGate tells what the gate is for: an agent proposes, people approve, it runs once, and the log proves it.
func TestGate(t *testing.T) {
	e := newEstate(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, estate)
	}{
		{"ssh key", bySSHKey}, {"passkey", byPasskey}, {"page", onThePage}, {"another machine", elsewhere}, {"two people", byTwo},
		{"reads", readsRunAtOnce}, {"rejected", rejected}, {"terraform", terraformed},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, e) })
	}
}

// bySSHKey is the story of the README, from the first operator on, at the command line.
func bySSHKey(t *testing.T, e estate) {
	g := e.gate(t)
	key, agent := newPerson(t, "alice").file(t)
	assert.Contains(t, g.ok(t, nil, "approvers", "list"), "nobody is enrolled")
	assert.Equal(t, "enrolled\n", g.ok(t, nil, "approvers", "add", "alice", "--key", key, "--code", g.code(t)))

	e.scale(t, 2)
	proposed := g.propose(t, "kubectl scale deployment/web --replicas=5 -n shop")
	assert.Equal(t, []string{"update deployment web in shop: replicas 2 -> 5"}, proposed.Changes)
	assert.Equal(t, g.base+"/proposals/"+proposed.ProposalID, proposed.ApproveURL)
	assert.Contains(t, g.ok(t, nil, "proposals", "list", "--state", "pending"), proposed.ProposalID)
	assert.Contains(t, g.ok(t, nil, "proposals", "show", proposed.ProposalID), proposed.Phrase)
	assert.Equal(t, int32(2), e.replicas(t))

	shown := g.cli(t, []string{agent}, "approve", proposed.ProposalID, "--key", key)
	require.Zero(t, shown.code, shown.stderr)
	assert.Contains(t, shown.stderr, proposed.Phrase)
	assert.Contains(t, shown.stderr, "+  replicas: 5")
	assert.Contains(t, g.ok(t, nil, "proposals", "wait", proposed.ProposalID), "SUCCEEDED")
	got := g.look(t, proposed.ProposalID)
	assert.Equal(t, approval.Succeeded, got.State)
	assert.Contains(t, got.Summary, "replicas 2 -> 5")
	assert.Equal(t, "deployment.apps/web scaled\n", got.Outcome.Stdout)
	assert.Equal(t, int32(5), e.replicas(t))
	assert.NotZero(t, g.cli(t, []string{agent}, "approve", proposed.ProposalID, "--key", key).code, "once is enough")
	g.verified(t)
}

// byPasskey does it as the page does, with an authenticator made of software.
func byPasskey(t *testing.T, e estate) {
	g := e.gate(t)
	e.scale(t, 2)
	alice := g.passkey(t, "alice", identitytest.NewAuthenticator(t, g.base, "localhost"))
	proposed := g.propose(t, "kubectl scale deployment/web --replicas=4 -n shop")
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	assert.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State)
	assert.Equal(t, int32(4), e.replicas(t))
	g.verified(t)
}

// onThePage does it as a person does: in Chromium, with the passkey of the browser.
func onThePage(t *testing.T, e estate) {
	g := e.gate(t)
	e.scale(t, 2)
	o := newBrowser(t).operate(t, g.workspace)
	o.open(t, "/enrol")
	o.run(t, o.fill("code", g.code(t)), o.fill("approver", "alice"), o.click("form .primary"), chromedp.WaitVisible(`a[href="/"].primary`, chromedp.ByQuery))
	proposed := g.propose(t, "kubectl scale deployment/web --replicas=5 -n shop")
	o.open(t, "/proposals/"+proposed.ProposalID)
	assert.Equal(t, proposed.Phrase, o.text(t, ".match .phrase"))
	assert.Equal(t, int32(2), e.replicas(t), "nothing has run")
	o.run(t, o.click(".decide .primary:enabled"))
	o.becomes(t, approval.Succeeded)
	assert.Equal(t, int32(5), e.replicas(t))
	got := g.look(t, proposed.ProposalID)
	assert.Equal(t, approval.Succeeded, got.State)
	assert.Contains(t, got.Outcome.Verified, "replicas")
	g.verified(t)
}

// passkey makes the holder of an authenticator the first operator.
func (g *gate) passkey(t testing.TB, name string, a *identitytest.Authenticator) person {
	t.Helper()
	var begun struct {
		Ticket  string
		Options json.RawMessage
	}
	require.NoError(t, g.call(http.MethodPost, "/api/passkeys/begin", map[string]any{"approver": name, "name": "passkey", "code": g.code(t)}, &begun))
	var done web.Enrolled
	made := a.Register(t, challenged(t, begun.Options))
	require.NoError(t, g.call(http.MethodPost, "/api/passkeys/finish", map[string]any{"ticket": begun.Ticket, "credential": made}, &done))
	require.True(t, done.Enrolled)
	p := person{name: name, credential: g.credential(t, name)}
	return p.with(t, a)
}

// challenged is what is inside the member publicKey of options, if they have one.
func challenged(t testing.TB, options json.RawMessage) []byte {
	t.Helper()
	var whole struct{ PublicKey json.RawMessage }
	require.NoError(t, json.Unmarshal(options, &whole))
	if whole.PublicKey != nil {
		return whole.PublicKey
	}
	return options
}

// elsewhere signs on a machine that has no workspace and no network: only what was exported.
func elsewhere(t *testing.T, e estate) {
	g := e.gate(t)
	e.scale(t, 2)
	alice := g.enrol(t, "alice")[0]
	key, agent := alice.file(t)
	proposed := g.propose(t, "kubectl scale deployment/web --replicas=3 -n shop")
	folder := t.TempDir()
	save := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	exported := save("exported.json", g.ok(t, nil, "proposals", "export", proposed.ProposalID, "--key", key))
	assert.NotZero(t, g.cli(t, nil, "approve", "--signed", exported).code, "it is not signed")

	other := exec.Command(g.clanker, "sign", exported, "--key", key)
	other.Env = []string{"HOME=" + t.TempDir(), "PATH=/usr/bin:/bin", agent}
	signed := finish(t, other)
	require.Zero(t, signed.code, signed.stderr)
	assert.Contains(t, signed.stderr, proposed.Phrase)
	tampered := strings.Replace(signed.stdout, "replicas=3", "replicas=9", 1)
	assert.NotZero(t, g.cli(t, nil, "approve", "--signed", save("tampered.json", tampered)).code)

	g.ok(t, nil, "approve", "--signed", save("signed.json", signed.stdout))
	assert.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State)
	assert.Equal(t, int32(3), e.replicas(t))
	g.verified(t)
}

// byTwo needs two different people, since it touches data in production.
func byTwo(t *testing.T, e estate) {
	g := e.gate(t)
	people := g.enrol(t, "alice", "bob")
	proposed := g.propose(t, "kubectl annotate pvc/orders -n shop owner=billing")
	require.NoError(t, g.says(people[0], proposed.ProposalID, approval.Approve))
	require.NoError(t, g.says(people[0], proposed.ProposalID, approval.Approve), "twice the same person")
	half := g.look(t, proposed.ProposalID)
	require.Equal(t, approval.Pending, half.State)
	require.NotEmpty(t, half.Needs)
	assert.Equal(t, "database", half.Needs[0].Group)
	require.NoError(t, g.says(people[1], proposed.ProposalID, approval.Approve))
	require.Equal(t, approval.Succeeded, g.over(t, proposed.ProposalID).State)
	claim, err := e.cluster.Clientset.CoreV1().PersistentVolumeClaims("shop").Get(t.Context(), "orders", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "billing", claim.Annotations["owner"])
	g.verified(t)
}

func readsRunAtOnce(t *testing.T, e estate) {
	g := e.gate(t)
	got := g.tool(t, map[string]any{"argv": []string{"kubectl", "get", "deployments", "-n", "shop"}, "reason": "to look"})
	assert.Equal(t, approval.Succeeded, got.State, got.Text)
	assert.Contains(t, got.Outcome.Stdout, "web")
	g.verified(t)
}

func rejected(t *testing.T, e estate) {
	g := e.gate(t)
	e.scale(t, 2)
	alice := g.enrol(t, "alice")[0]
	const line = "kubectl scale deployment/web --replicas=0 -n shop"
	proposed := g.propose(t, line)
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Reject))
	got := g.over(t, proposed.ProposalID)
	assert.Equal(t, approval.Rejected, got.State)
	assert.Contains(t, got.Summary, "alice")
	again := g.tool(t, map[string]any{"argv": strings.Fields(line), "reason": "please"})
	assert.True(t, again.IsError)
	assert.Contains(t, again.Text, "ask them what to do instead")
	assert.Equal(t, int32(2), e.replicas(t))
	g.verified(t)
}

// terraformed applies exactly the plan that was approved, and not one that took its place.
func terraformed(t *testing.T, e estate) {
	program, err := exec.LookPath("terraform")
	if err != nil {
		program, err = filepath.Abs("../../.cache/bin/terraform")
	}
	require.NoError(t, err)
	require.FileExists(t, program, "run make terraform")
	folder := filepath.Join(t.TempDir(), "staging")
	terraform := func(arguments ...string) {
		command := exec.CommandContext(t.Context(), program, arguments...)
		command.Dir, command.Env = folder, []string{"HOME=" + t.TempDir(), "CHECKPOINT_DISABLE=1"}
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	write := func(size string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "main.tf"), []byte(`resource "terraform_data" "pool" { input = `+size+" }\n"), 0o600))
	}
	require.NoError(t, os.MkdirAll(folder, 0o700))
	write("3")
	terraform("init", "-input=false")
	terraform("plan", "-out=release.tfplan")

	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("terraform: {folders: ["+folder+"]}\n"), 0o600))
	g := e.gateWith(t, []string{filepath.Dir(program)}, "--config", config)
	alice := g.enrol(t, "alice")[0]
	proposed := g.propose(t, "terraform apply release.tfplan")
	assert.Equal(t, []string{"create terraform_data terraform_data.pool"}, first(proposed.Changes, ":"))
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	got := g.over(t, proposed.ProposalID)
	require.Equal(t, approval.Succeeded, got.State, got.Text)
	assert.FileExists(t, filepath.Join(folder, "terraform.tfstate"))

	write("4")
	terraform("plan", "-out=next.tfplan")
	proposed = g.propose(t, "terraform apply next.tfplan")
	terraform("plan", "-destroy", "-out=next.tfplan")
	require.NoError(t, g.says(alice, proposed.ProposalID, approval.Approve))
	got = g.over(t, proposed.ProposalID)
	assert.Equal(t, approval.Stale, got.State, got.Text)
	state, err := os.ReadFile(filepath.Join(folder, "terraform.tfstate"))
	require.NoError(t, err)
	assert.Contains(t, string(state), "terraform_data")
	g.verified(t)
}

// first is what comes before the separator, of each text.
func first(texts []string, separator string) []string {
	var all []string
	for _, text := range texts {
		before, _, _ := strings.Cut(text, separator)
		all = append(all, before)
	}
	return all
}
