package kubernetes

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// pluginScript writes a stand-in for aws, gke-gcloud-auth-plugin and the like, and returns its path. It counts its runs in
// a file beside it, and has TOKEN.
func pluginScript(t *testing.T, name, body string) string {
	file := filepath.Join(t.TempDir(), name)
	script := "#!/bin/sh\necho run >> \"$0.runs\"\n" + body + "\n"
	require.NoError(t, os.WriteFile(file, []byte(script), 0o700)) //nolint:gosec // it has to be executable
	return file
}

func runs(t *testing.T, script string) int {
	content, err := os.ReadFile(script + ".runs")
	require.NoError(t, err)
	return strings.Count(string(content), "run")
}

// says is what a plugin prints: a token, with an expiry or without.
func says(token, expires string) string {
	status := fmt.Sprintf(`{"token":"%s"}`, token)
	if expires != "" {
		status = fmt.Sprintf(`{"token":"%s","expirationTimestamp":"%s"}`, token, expires)
	}
	return `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":` + status + `}'`
}

// pluginConfig writes a kubeconfig whose user has a plugin.
func pluginConfig(t *testing.T, server, command, more string) string {
	return writeFile(t, fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: prod
clusters:
- {name: prod, cluster: %s}
contexts:
- {name: prod, context: {cluster: prod, user: plugged}}
users:
- name: plugged
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: %q
      interactiveMode: IfAvailable
%s`, server, command, more))
}

var namespacesOnly = adapters.Query{Kinds: []adapters.Kind{adapters.KindNamespace}}

func TestPlugin(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.token = "good"
	// It fails if it finds a standard input, or not what the protocol promises.
	script := pluginScript(t, "aws", `read -r line && exit 9
case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*) ;; *) exit 8;; esac
case "$KUBERNETES_EXEC_INFO" in *'"server":"http'*) ;; *) exit 7;; esac
[ "$AWS_PROFILE" = shop ] || exit 6
[ "$1 $2" = "eks get-token" ] || exit 5
`+says("good", ""))
	d := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, `      provideClusterInfo: true
      args: [eks, get-token]
      env: [{name: AWS_PROFILE, value: shop}]`)})
	for range 2 {
		found, sources, err := d.List(t.Context(), namespacesOnly)
		require.NoError(t, err)
		require.Nil(t, sources[0].Error)
		assert.Len(t, found, 2)
		assert.Equal(t, "jane", sources[0].Identity)
	}
	assert.Equal(t, 1, runs(t, script), "a credential is used until it expires")
}

func TestPluginExpiry(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	now := start
	script := pluginScript(t, "tool", says("good", start.Add(time.Hour).Format(time.RFC3339)))
	d := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, ""), Now: func() time.Time { return now }})
	for i, want := range []int{1, 1, 2} {
		now = start.Add(time.Duration(i) * 40 * time.Minute)
		_, _, err := d.List(t.Context(), namespacesOnly)
		require.NoError(t, err)
		assert.Equal(t, want, runs(t, script), "after %s", now.Sub(start))
	}
}

// TestPluginRefused: a token that the API server no longer takes is renewed, once and not by every list.
func TestPluginRefused(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.token = "first"
	script := pluginScript(t, "tool", `if [ -e "$0.used" ]; then token=second; else token=first; touch "$0.used"; fi
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$token'"}}'`)
	d := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, "")})
	_, _, err := d.List(t.Context(), adapters.Query{})
	require.NoError(t, err)
	api.token = "second"
	found, sources, err := d.List(t.Context(), adapters.Query{})
	require.NoError(t, err)
	assert.NotEmpty(t, found)
	for _, s := range sources {
		assert.Nil(t, s.Error, s.Call)
	}
	assert.Equal(t, 2, runs(t, script))
	api.token = "third"
	_, sources, err = d.List(t.Context(), adapters.Query{})
	require.NoError(t, err)
	require.Len(t, sources, 1, "one reason, said once")
	assert.Equal(t, adapters.ExpiredCredentials, sources[0].Error.Reason)
	assert.Equal(t, 3, runs(t, script), "it is not asked again and again")
}

func TestPluginFailures(t *testing.T) {
	const missing = "/nowhere/"
	for _, c := range []struct {
		name, command, body, more string
		reason                    adapters.Reason
		detail, fix               string
	}{
		{"signed out of AWS", "aws", `echo "Token has expired and refresh failed, run aws sso login" >&2; exit 255`, "      args: [--profile, shop, eks, get-token]",
			adapters.ExpiredCredentials, "Token has expired and refresh failed, run aws sso login", "aws sso login"},
		{"signed out of Google", "gke-gcloud-auth-plugin", `echo "Reauthentication failed." >&2; exit 1`, "",
			adapters.ExpiredCredentials, "Reauthentication failed.", "gcloud auth login"},
		{"signed out of Azure", "kubelogin", `echo "AADSTS700082: The refresh token has expired" >&2; exit 1`, "",
			adapters.ExpiredCredentials, "AADSTS700082: The refresh token has expired", "az login"},
		{"silent", "tool", "exit 3", "", adapters.ExpiredCredentials, "exit status 3", "sign in again with the tool behind the plugin"},
		{"not installed", missing + "kubelogin", "", "", adapters.NoCredentials, "the credential plugin /nowhere/kubelogin is not installed", "az aks install-cli"},
		{"not installed, with a hint", missing + "tool", "", "      installHint: get it from the intranet",
			adapters.NoCredentials, "the credential plugin /nowhere/tool is not installed", "get it from the intranet"},
		{"not an ExecCredential", "tool", "echo hello", "", adapters.NoCredentials, "the plugin did not answer with an ExecCredential", ""},
		{"another version", "tool", `echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"x"}}'`, "",
			adapters.NoCredentials, `the kubeconfig asks for client.authentication.k8s.io/v1, the plugin answers "client.authentication.k8s.io/v1beta1"`, ""},
		{"no token", "tool", `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{}}'`, "",
			adapters.NoCredentials, "the plugin answered without a token or a certificate with its key", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			command := c.command
			if !strings.HasPrefix(command, missing) {
				command = pluginScript(t, c.command, c.body)
			}
			api := newFakeAPI(t)
			d := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), command, c.more)})
			found, sources, err := d.List(t.Context(), adapters.Query{})
			require.NoError(t, err)
			assert.Empty(t, found)
			require.Len(t, sources, 1, "said once")
			assert.Equal(t, c.reason, sources[0].Error.Reason)
			assert.Equal(t, c.detail, sources[0].Error.Detail)
			assert.Contains(t, sources[0].Error.Fix, c.fix)
			assert.Zero(t, api.calls.Load(), "nothing is sent without credentials")
			problem := d.Connections(t.Context())[0].Problem
			require.NotNil(t, problem)
			assert.Equal(t, c.reason, problem.Reason)
		})
	}
}

// TestPluginSecretsStay: what a plugin is started with may be secret, and is not repeated, whoever says it.
func TestPluginSecretsStay(t *testing.T) {
	const args = `      args: [login, --password=hunter22, -ptiger77X, --token, "tok en-99"]
      env: [{name: SECRET, value: "first-1\nsecond-2"}]`
	const harmful = `echo "bad flag --password=hunter22" >&2; echo "for tiger77X" >&2; echo "tok en-99 expired" >&2; echo "$SECRET" >&2; `
	for name, c := range map[string]struct {
		body, detail string
		timeout      time.Duration
	}{
		"in part":   {harmful + `echo "try later" >&2; exit 1`, "try later", time.Minute},
		"all of it": {harmful + "exit 1", "exit status 1; what the plugin said repeats its arguments, and is left out", time.Minute},
		"hanging":   {"sleep 60", "did not answer in time", 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			d := Open(Options{Kubeconfig: pluginConfig(t, newFakeAPI(t).clusterEntry(), pluginScript(t, "tool", c.body), args), Timeout: c.timeout})
			_, sources, err := d.List(t.Context(), namespacesOnly)
			require.NoError(t, err)
			said, err := json.Marshal(sources)
			require.NoError(t, err)
			assert.Contains(t, sources[0].Error.Detail, c.detail)
			for _, secret := range []string{"hunter22", "tiger77X", "en-99", "first-1", "second-2"} {
				assert.NotContains(t, string(said), secret)
			}
		})
	}
}

func TestPluginHangs(t *testing.T) {
	script := pluginScript(t, "tool", "sleep 60")
	d := Open(Options{Kubeconfig: pluginConfig(t, newFakeAPI(t).clusterEntry(), script, "")})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	begun := time.Now()
	_, sources, err := d.List(ctx, namespacesOnly)
	require.NoError(t, err)
	assert.Less(t, time.Since(begun), 30*time.Second, "the plugin sleeps for a minute")
	require.Len(t, sources, 1)
	assert.Equal(t, adapters.TimedOut, sources[0].Error.Reason)
	assert.Contains(t, sources[0].Error.Detail, "credential plugin")
}

// TestPluginCertificate: some plugins return a client certificate instead of a token; it has to reach the TLS layer.
func TestPluginCertificate(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.subject = "jane"
	certificate, key := clientCertificate(t, "jane")
	answer, err := json.Marshal(map[string]any{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
		"status": map[string]string{"clientCertificateData": certificate, "clientKeyData": key}})
	require.NoError(t, err)
	script := pluginScript(t, "tsh", "cat <<'END'\n"+string(answer)+"\nEND")
	found, _, err := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, "")}).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Len(t, found, 2)

	script = pluginScript(t, "tsh", `echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"no","clientKeyData":"pem"}}'`)
	_, sources, err := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, "")}).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	require.Len(t, sources, 1)
	assert.Equal(t, adapters.NotConfigured, sources[0].Error.Reason)
	assert.Contains(t, sources[0].Error.Detail, "tls")
}

// clientCertificate returns a self-signed certificate and its key, in PEM.
func clientCertificate(t *testing.T, name string) (certificate, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	pkcs, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs}))
}

func TestThrottledIsNotSatOut(t *testing.T) {
	api := newFakeAPI(t)
	api.fault = throttle
	_, sources, err := driverFor(t, api).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Equal(t, adapters.RateLimited, sources[0].Error.Reason)
	assert.Equal(t, 7*time.Second, sources[0].Error.RetryAfter)
	assert.Equal(t, "too many requests, please try again later", sources[0].Error.Detail)
	api.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Retry-After", "3600")
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "apiserver is shutting down")
		return true
	}
	begun := time.Now()
	_, sources, err = driverFor(t, api).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Equal(t, adapters.Unreachable, sources[0].Error.Reason)
	assert.Less(t, time.Since(begun), time.Minute, "an hour was asked for")
}
