package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	clientauthenticationv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"clanker/adapters"
)

// plugin runs a context's credential plugin: a program that speaks the ExecCredential protocol. See the package comment
// for why client-go does not run it.
type plugin struct {
	spec *clientcmdapi.ExecConfig
	base *rest.Config

	turn chan struct{} // holds one token: whoever has it may run the program; waiting for it can be given up
	mu   sync.Mutex
	last *credential
}

// credential is what a plugin returned.
type credential struct {
	token            string
	certificate, key []byte
	expires          time.Time // zero: until the API server refuses it
}

// shortestSecret is the length, in bytes, from which on a value may be a secret.
const shortestSecret = 4

func newPlugin(c *cluster) *plugin {
	if c.base.ExecProvider == nil {
		return nil
	}
	return &plugin{spec: c.base.ExecProvider, base: c.base, turn: make(chan struct{}, 1)}
}

// credential returns the last credential, or runs the plugin when there is none or it has expired.
func (p *plugin) credential(ctx context.Context, now time.Time) (*credential, error) {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, p.tooSlow(ctx)
	}
	if last := p.known(); last != nil && (last.expires.IsZero() || now.Before(last.expires)) {
		return last, nil
	}
	fresh, err := p.run(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = fresh
	return fresh, nil
}

func (p *plugin) known() *credential {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// refused forgets the credential, since the API server did not take it; the next read runs the plugin again.
func (p *plugin) refused(c *credential) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == c {
		p.last = nil
	}
}

// run starts the program with the context's arguments and environment, without a standard input, and reads what it says.
func (p *plugin) run(ctx context.Context) (*credential, error) {
	info, err := p.execInfo()
	if err != nil {
		return nil, p.failed(adapters.NotConfigured, err.Error(), err)
	}
	if p.spec.InteractiveMode == clientcmdapi.AlwaysExecInteractiveMode {
		return nil, p.failed(adapters.NoCredentials, "the plugin insists on a terminal, and there is none here", nil)
	}
	command := exec.CommandContext(ctx, p.spec.Command, p.spec.Args...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	command.WaitDelay = 100 * time.Millisecond // for what a plugin leaves behind, such as a cache of credentials, and keeps the pipes open
	killWhole(command)
	command.Env = append(os.Environ(), "KUBERNETES_EXEC_INFO="+string(info))
	for _, variable := range p.spec.Env {
		command.Env = append(command.Env, variable.Name+"="+variable.Value)
	}
	if err := command.Run(); err != nil && !errors.Is(err, exec.ErrWaitDelay) { // that comes after a success only
		return nil, p.explain(ctx, err, stderr.Bytes())
	}
	return p.decode(stdout.Bytes())
}

// execInfo is what the program finds in KUBERNETES_EXEC_INFO.
func (p *plugin) execInfo() ([]byte, error) {
	var request clientauthenticationv1.ExecCredential
	request.APIVersion, request.Kind = p.spec.APIVersion, "ExecCredential"
	if p.spec.ProvideClusterInfo {
		known, err := rest.ConfigToExecCluster(p.base)
		if err != nil {
			return nil, fmt.Errorf("describe the cluster to the plugin: %w", err)
		}
		request.Spec.Cluster = &clientauthenticationv1.Cluster{
			Server: known.Server, TLSServerName: known.TLSServerName, InsecureSkipTLSVerify: known.InsecureSkipTLSVerify,
			CertificateAuthorityData: known.CertificateAuthorityData, ProxyURL: known.ProxyURL, DisableCompression: known.DisableCompression,
		}
		if known.Config != nil {
			if request.Spec.Cluster.Config.Raw, err = json.Marshal(known.Config); err != nil {
				return nil, fmt.Errorf("describe the cluster to the plugin: %w", err)
			}
		}
	}
	return json.Marshal(request)
}

func (p *plugin) decode(said []byte) (*credential, error) {
	var answer clientauthenticationv1.ExecCredential
	if err := json.Unmarshal(said, &answer); err != nil {
		return nil, p.failed(adapters.NoCredentials, "the plugin did not answer with an ExecCredential", err)
	}
	if answer.APIVersion != p.spec.APIVersion {
		return nil, p.failed(adapters.NoCredentials, fmt.Sprintf("the kubeconfig asks for %s, the plugin answers %q", p.spec.APIVersion, answer.APIVersion), nil)
	}
	status := answer.Status
	if status == nil || status.Token == "" && (status.ClientCertificateData == "" || status.ClientKeyData == "") {
		return nil, p.failed(adapters.NoCredentials, "the plugin answered without a token or a certificate with its key", nil)
	}
	c := &credential{token: status.Token, certificate: []byte(status.ClientCertificateData), key: []byte(status.ClientKeyData)}
	if status.ExpirationTimestamp != nil {
		c.expires = status.ExpirationTimestamp.Time
	}
	return c, nil
}

// harmless returns the lines of what the program said that repeat none of the values it was started with: there may be
// secrets among them.
func (p *plugin) harmless(said string) string {
	values := p.values()
	lines := strings.FieldsFunc(said, func(r rune) bool { return r == '\n' || r == '\r' })
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		return slices.ContainsFunc(values, func(value string) bool { return strings.Contains(line, value) })
	}), "\n")
}

// values are the values of the program's arguments and environment, line by line as they would be printed. The names of
// flags are not, nor is what is too short for a secret.
func (p *plugin) values() []string {
	var values []string
	add := func(text string) {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); len(line) >= shortestSecret {
				values = append(values, line)
			}
		}
	}
	for _, arg := range p.spec.Args {
		add(flagValue(arg))
	}
	for _, variable := range p.spec.Env {
		add(variable.Value)
	}
	return values
}

// flagValue is what an argument holds besides the name of a flag: all of it, what follows the equals sign, or what is
// glued to the letter, as in -pSECRET.
func flagValue(arg string) string {
	name, value, ok := strings.Cut(arg, "=")
	switch {
	case !strings.HasPrefix(arg, "-"):
		return arg
	case ok || strings.HasPrefix(name, "--") || len(name) < 2 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz-") == "":
		return value
	}
	return name[2:]
}

// explain says why the program failed, in its own words.
func (p *plugin) explain(ctx context.Context, err error, stderr []byte) error {
	said := oneLine(p.harmless(string(stderr)))
	switch {
	case ctx.Err() != nil:
		return p.tooSlow(ctx)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		missing := p.failed(adapters.NoCredentials, fmt.Sprintf("the credential plugin %s is not installed", p.spec.Command), err)
		missing.Fix = p.installFix()
		return missing
	case said == "" && len(stderr) > 0:
		said = err.Error() + "; what the plugin said repeats its arguments, and is left out"
	case said == "":
		said = err.Error()
	}
	return p.failed(adapters.ExpiredCredentials, said, err)
}

func (p *plugin) tooSlow(ctx context.Context) error {
	slow := p.failed(adapters.TimedOut, fmt.Sprintf("the credential plugin %s did not answer in time", p.spec.Command), ctx.Err())
	slow.Fix = "run " + p.spec.Command + " as the kubeconfig does, to see what keeps it"
	return slow
}

func (p *plugin) failed(reason adapters.Reason, detail string, err error) *adapters.SourceError {
	return &adapters.SourceError{Reason: reason, What: "credentials", Detail: detail, Fix: p.signInFix(), Err: err}
}

// vendor is what is known about one maker's plugins: how to sign in again, and how to install them.
type vendor struct {
	commands        []string
	signIn, install string
}

var vendors = []vendor{
	{[]string{"aws", "aws-iam-authenticator"}, "aws sso login", "install the AWS CLI: https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"},
	{[]string{"gke-gcloud-auth-plugin", "gcloud"}, "gcloud auth login", "gcloud components install gke-gcloud-auth-plugin"},
	{[]string{"kubelogin", "az"}, "az login", "az aks install-cli"},
	{[]string{"doctl"}, "doctl auth init", "install doctl: https://docs.digitalocean.com/reference/doctl/how-to/install/"},
	{[]string{"tsh"}, "tsh login", "install tsh: https://goteleport.com/docs/installation/"},
	{[]string{"kubectl-oidc_login"}, "kubectl oidc-login get-token", "kubectl krew install oidc-login"},
}

// signInFix is the command that renews what the plugin works with.
func (p *plugin) signInFix() string {
	base := commandName(p.spec.Command)
	for _, v := range vendors {
		if slices.Contains(v.commands, base) {
			return v.signIn
		}
	}
	return "sign in again with the tool behind the plugin " + p.spec.Command
}

// installFix is how to get the plugin: the maker's way, or what the kubeconfig itself advises.
func (p *plugin) installFix() string {
	base := commandName(p.spec.Command)
	for _, v := range vendors {
		if slices.Contains(v.commands, base) {
			return v.install
		}
	}
	if p.spec.InstallHint != "" {
		return oneLine(p.harmless(p.spec.InstallHint))
	}
	return "install " + p.spec.Command + " and put it on the PATH"
}
