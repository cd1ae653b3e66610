//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters/kubernetes/kubetest"
	"clanker/policies/approval"
	"clanker/policies/approval/identity/identitytest"
	"clanker/server"
	"clanker/server/web"
)

// estate is a cluster in which things may be changed, and the program that does it for people.
type estate struct {
	program
	cluster    *kubetest.Cluster
	kubeconfig string
}

// newEstate starts a cluster with what testdata/gate.yaml says.
func newEstate(t testing.TB) estate {
	t.Helper()
	e := estate{program: build(t), cluster: kubetest.Start(t, kubetest.Options{Name: "prod-cluster", Nodes: 1, NoMetrics: true, Containers: []string{"web"}})}
	require.NoError(t, e.cluster.Apply(t.Context(), manifest(t, "gate")))
	require.NoError(t, e.cluster.WaitFor(t.Context(), "web", e.cluster.Available("shop", "web")))
	path, err := e.cluster.Kubeconfig("admin", "system:masters")
	require.NoError(t, err)
	e.kubeconfig = path
	return e
}

// replicas is how many of web are wanted in the cluster.
func (e estate) replicas(t testing.TB) int32 {
	t.Helper()
	found, err := e.cluster.Clientset.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	return *found.Spec.Replicas
}

// scale sets them, as somebody else would.
func (e estate) scale(t testing.TB, to int32) {
	t.Helper()
	scale, err := e.cluster.Clientset.AppsV1().Deployments("shop").GetScale(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	scale.Spec.Replicas = to
	_, err = e.cluster.Clientset.AppsV1().Deployments("shop").UpdateScale(t.Context(), "web", scale, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.NoError(t, e.cluster.WaitFor(t.Context(), "web", e.cluster.Available("shop", "web")))
}

// gate is a workspace of its own on the estate: its home, its state, its ports. It can be started again.
type gate struct {
	*workspace
	estate
	state  string
	flags  []string
	base   string // of the operator page
	leader int    // process that serves it
	http   *http.Client
}

// gate starts one that uses the cluster's own kubectl.
func (e estate) gate(t testing.TB) *gate {
	t.Helper()
	return e.gateWith(t, []string{e.cluster.Tools()})
}

// gateWith starts one with other folders in front of the PATH, and more flags.
func (e estate) gateWith(t testing.TB, tools []string, flags ...string) *gate {
	t.Helper()
	e.more = append(slices.Clip(e.more), "PATH="+strings.Join(append(tools, os.Getenv("PATH")), string(os.PathListSeparator)))
	g := &gate{estate: e, state: filepath.Join(t.TempDir(), "state"), flags: flags}
	g.home = t.TempDir()
	g.begin(t)
	return g
}

// whereabouts is where the workspace says that the operator page is. A new one may have the address of the one before.
type whereabouts struct {
	URL string
	PID int
}

// begin starts the workspace on the state that there is.
func (g *gate) begin(t testing.TB) {
	t.Helper()
	flags := append([]string{"--operators", "127.0.0.1:0", "--state", g.state}, g.flags...)
	g.workspace = g.program.start(t, []string{g.kubeconfig}, flags...)
	var at whereabouts
	eventually(t, patience, func() (bool, string) {
		text, err := os.ReadFile(filepath.Join(g.state, "operators.json"))
		return err == nil && json.Unmarshal(text, &at) == nil && at.PID != g.leader, "the operator page does not say where it is; the log says:\n" + g.log.String()
	})
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	g.base, g.leader, g.http = at.URL, at.PID, &http.Client{Jar: jar, Timeout: patience}
}

// call sends a request to the operator page; what it refuses is a [refused].
func (g *gate) call(method, path string, body, into any) error {
	var content io.Reader
	token := struct{ Token string }{}
	if method != http.MethodGet {
		if err := g.call(http.MethodGet, "/api/token", nil, &token); err != nil {
			return err
		}
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, g.base+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Clanker-Token", token.Token)
	response, err := g.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return &refused{response.StatusCode, response.Header, string(text)}
	}
	return json.Unmarshal(text, into)
}

// told is what an agent is told about a command.
type told struct {
	server.Command
	Text    string
	IsError bool
	raw     string
}

// tool calls clanker_run_command with the bare request.
func (g *gate) tool(t testing.TB, arguments map[string]any) told {
	t.Helper()
	raw := g.post(t, "tools/call", map[string]any{"name": "clanker_run_command", "arguments": arguments})
	var result struct {
		StructuredContent server.Command
		Content           []struct{ Text string }
		IsError           bool
	}
	require.NoError(t, json.Unmarshal(raw, &result), "%s", raw)
	require.Len(t, result.Content, 1, "%s", raw)
	return told{result.StructuredContent, result.Content[0].Text, result.IsError, string(raw)}
}

// propose proposes a command, which must wait for people.
func (g *gate) propose(t testing.TB, line string) told {
	t.Helper()
	got := g.tool(t, map[string]any{"argv": strings.Fields(line), "reason": "because of the test"})
	require.Equal(t, approval.Pending, got.State, "%s: %s", line, got.Text)
	return got
}

// look reads a proposal as the agent does.
func (g *gate) look(t testing.TB, id string) told {
	t.Helper()
	return g.tool(t, map[string]any{"proposalId": id})
}

// over waits until a proposal is over.
func (g *gate) over(t testing.TB, id string) told {
	t.Helper()
	var got told
	eventually(t, patience, func() (bool, string) {
		got = g.look(t, id)
		return got.State.Over(), got.Text
	})
	return got
}

// person is somebody who may approve, with a security key made of software.
type person struct {
	name, credential string
	key              *identitytest.SecurityKey
	sign             func(statement string) approval.Proof
	assert           func(options json.RawMessage) approval.Proof // instead, of who has a passkey
}

func newPerson(t testing.TB, name string) person {
	key := identitytest.NewSecurityKey(t)
	return person{name: name, key: key, sign: func(statement string) approval.Proof {
		return approval.Proof{SSH: identitytest.SignSSH(t, key, []byte(statement))}
	}}
}

// file writes the public half of the person's key for the command line, and returns where it is and how the key is reached.
func (p person) file(t testing.TB) (path, agent string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), p.name+".pub")
	require.NoError(t, os.WriteFile(path, []byte(identitytest.Line(p.key.PublicKey())), 0o600))
	return path, "SSH_AUTH_SOCK=" + identitytest.Agent(t, p.key)
}

// code is what the workspace shows on its terminal to whoever is to be the first operator.
func (g *gate) code(t testing.TB) string {
	t.Helper()
	var people any
	require.NoError(t, g.call(http.MethodGet, "/api/approvers", nil, &people))
	shown := regexp.MustCompile(`enter this code: (\S+)`)
	var found []string
	eventually(t, patience, func() (bool, string) {
		found = shown.FindStringSubmatch(g.log.String())
		return found != nil, "no code in the log:\n" + g.log.String()
	})
	return found[1]
}

// enrol makes people approvers: the first by the code, each other one by an approval of the first.
func (g *gate) enrol(t testing.TB, names ...string) []person {
	t.Helper()
	var people []person
	for i, name := range names {
		p, code := newPerson(t, name), ""
		if i == 0 {
			code = g.code(t)
		}
		var done web.Enrolled
		require.NoError(t, g.call(http.MethodPost, "/api/keys", map[string]any{"approver": name, "name": "key", "code": code,
			"key": strings.TrimSpace(identitytest.Line(p.key.PublicKey()))}, &done))
		if !done.Enrolled {
			require.NoError(t, g.says(people[0], done.Proposal, approval.Approve))
			require.Equal(t, approval.Succeeded, g.over(t, done.Proposal).State)
		}
		p.credential = g.credential(t, name)
		people = append(people, p)
	}
	return people
}

func (g *gate) credential(t testing.TB, name string) string {
	t.Helper()
	var listed struct{ Approvers []web.Person }
	require.NoError(t, g.call(http.MethodGet, "/api/approvers", nil, &listed))
	for _, known := range listed.Approvers {
		if known.ID == name {
			return known.Credentials[0].ID
		}
	}
	require.Fail(t, "nobody of that name is enrolled", name)
	return ""
}

// asks is what the person is given to sign.
func (g *gate) asks(p person, id string, verdict approval.Verdict) (web.Asked, error) {
	var asked web.Asked
	err := g.call(http.MethodPost, "/api/proposals/"+id+"/statement", map[string]any{"verdict": verdict, "approver": p.name, "credential": p.credential}, &asked)
	return asked, err
}

// answer brings what was signed.
func (g *gate) answer(statement string, proof approval.Proof) error {
	var detail web.Detail
	return g.call(http.MethodPost, "/api/answers", map[string]any{"statement": statement, "proof": proof}, &detail)
}

// with lets the person sign by passkey.
func (p person) with(t testing.TB, a *identitytest.Authenticator) person {
	p.assert = func(options json.RawMessage) approval.Proof {
		return approval.Proof{Passkey: a.Assert(t, challenged(t, options))}
	}
	return p
}

// proof is the person's under what they were asked.
func (p person) proof(asked web.Asked) approval.Proof {
	if asked.Options != nil {
		return p.assert(asked.Options)
	}
	return p.sign(asked.Statement)
}

// says lets the person sign what the workspace asks them to.
func (g *gate) says(p person, id string, verdict approval.Verdict) error {
	asked, err := g.asks(p, id, verdict)
	if err != nil {
		return err
	}
	return g.answer(asked.Statement, p.proof(asked))
}

// ran is a command of clanker that has ended.
type ran struct {
	stdout, stderr string
	code           int
}

// cli runs a command of clanker as a person or a program of this user does, on the state of the workspace.
func (g *gate) cli(t testing.TB, environment []string, arguments ...string) ran {
	t.Helper()
	command := g.command([]string{g.kubeconfig}, append(arguments, "--state", g.state)...)
	command.Env = append(command.Env, environment...)
	return finish(t, command)
}

func finish(t testing.TB, command *exec.Cmd) ran {
	t.Helper()
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, failed := errors.AsType[*exec.ExitError](err); !failed {
		require.NoError(t, err)
	}
	return ran{stdout.String(), stderr.String(), command.ProcessState.ExitCode()}
}

// ok runs a command that must succeed.
func (g *gate) ok(t testing.TB, environment []string, arguments ...string) string {
	t.Helper()
	got := g.cli(t, environment, arguments...)
	require.Zero(t, got.code, "%v: %s", arguments, got.stderr)
	return got.stdout
}

// verified proves the audit log, and the ledger beside it.
func (g *gate) verified(t testing.TB) {
	t.Helper()
	got := g.cli(t, nil, "audit", "verify")
	assert.Zero(t, got.code, "%s%s", got.stdout, got.stderr)
	assert.Contains(t, got.stdout, "The log holds")
}
