package kubernetes

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"clanker/adapters"
	"clanker/adapters/internal/command"
)

// anObject reads an object as people write it.
func anObject(t *testing.T, text string) object {
	t.Helper()
	o := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &o))
	return object{&unstructured.Unstructured{Object: o}}
}

func TestRunnerRefuses(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for name, c := range map[string]struct {
		config, line, fault string
	}{
		"unknown context":    {twoContexts, "kubectl get pods --context=other", `there is no context "other": use one of one, two`},
		"no current context": {twoContexts, "kubectl get pods", "there is no current context: say --context, one of one, two"},
		"strange plugin":     {strangePlugin, "kubectl get pods", "signs in by evil-plugin, which is not among the programs that may"},
		"no such plugin":     {strings.ReplaceAll(strangePlugin, "/nowhere/evil-plugin", "/nowhere/kubelogin"), "kubectl get pods", "find the sign-in program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRunner(RunnerOptions{Options: Options{Kubeconfig: writeFile(t, c.config)}, Path: []string{empty}})
			parsed, err := adapters.ParseCommand(strings.Fields(c.line))
			require.NoError(t, err)
			_, err = r.Plan(t.Context(), parsed)
			require.ErrorContains(t, err, "find the tool kubectl")
			_, err = r.access(t.Context(), parsed)
			require.ErrorContains(t, err, c.fault)
		})
	}
}

const twoContexts = `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: one, context: {cluster: c, user: u}}, {name: two, context: {cluster: c, user: u}}]
`

const strangePlugin = `
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /nowhere/evil-plugin, interactiveMode: Never}}}]
contexts: [{name: one, context: {cluster: c, user: u}}]
current-context: one
`

// TestSignInProgram: only allowed programs sign in, and their digest is told.
func TestSignInProgram(t *testing.T) {
	t.Parallel()
	script := pluginScript(t, "corp-login", says("tok", ""))
	config := writeFile(t, strings.ReplaceAll(strangePlugin, "/nowhere/evil-plugin", script))
	for _, allowed := range []bool{false, true} {
		o := RunnerOptions{Options: Options{Kubeconfig: config}}
		if allowed {
			o.Plugins = []string{"corp-login"}
		}
		r := NewRunner(o)
		c, err := r.driver.kubeconfig().only("")
		require.NoError(t, err)
		files, err := r.signIn(c)
		if !allowed {
			require.Error(t, err)
			assert.NoFileExists(t, script+".runs", "it is not run")
			continue
		}
		require.NoError(t, err)
		require.Len(t, files, 1)
		assert.Equal(t, script, files[0].Path)
		require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700))
		changed, err := r.signIn(c)
		require.NoError(t, err)
		assert.NotEqual(t, files, changed)
	}
}

// TestGeneratedKubeconfig: nothing of a kubeconfig that runs or reads something gets into the one for the tool.
func TestGeneratedKubeconfig(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ca, token := filepath.Join(folder, "ca"), filepath.Join(folder, "token")
	require.NoError(t, os.WriteFile(ca, []byte("authority"), 0o600))
	require.NoError(t, os.WriteFile(token, []byte("renewed\n"), 0o600))
	a := &access{}
	require.NoError(t, a.generate(&cluster{name: "prod", namespace: "shop"}, &rest.Config{
		Host: "https://api:6443", BearerToken: "old", BearerTokenFile: token, Username: "jane", Password: "hunter22",
		TLSClientConfig: rest.TLSClientConfig{CAFile: ca, CertData: []byte("cert"), KeyData: []byte("key-data"), ServerName: "api"},
		ExecProvider:    &clientcmdapi.ExecConfig{Command: "evil"}, Impersonate: rest.ImpersonationConfig{UserName: "bob"},
	}))
	got, err := clientcmd.Load(a.kubeconfig)
	require.NoError(t, err)
	require.Len(t, got.AuthInfos, 1)
	assert.Equal(t, "prod", got.CurrentContext)
	assert.Equal(t, "shop", got.Contexts["prod"].Namespace)
	user, entry := got.AuthInfos["clanker"], got.Clusters["prod"]
	assert.Equal(t, []string{"renewed", "hunter22", "bob", "cert", "key-data", ""}, []string{
		user.Token, user.Password, user.Impersonate, string(user.ClientCertificateData), string(user.ClientKeyData), user.TokenFile,
	})
	assert.Nil(t, user.Exec)
	assert.Equal(t, "authority", string(entry.CertificateAuthorityData))
	assert.Equal(t, "api", entry.TLSServerName)
	assert.Empty(t, entry.CertificateAuthority)
	assert.NotContains(t, string(a.kubeconfig), folder, "it refers to no file")
	assert.Equal(t, []string{"renewed", "hunter22", "key-data"}, a.secrets)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	folder, outside := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{"a.yaml": "a", "sub/b.yaml": "b", "large.yaml": strings.Repeat("x", mostFile+1)} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	absolute := filepath.Join(outside, "c.yaml")
	require.NoError(t, os.WriteFile(absolute, []byte("c"), 0o600))
	require.NoError(t, os.Symlink(absolute, filepath.Join(folder, "out.yaml")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "pipe.yaml"), 0o600))
	for name, c := range map[string]struct {
		argv  []string
		files []string
		fault string
	}{
		"relative":      {[]string{"-f", "a.yaml"}, []string{"a.yaml"}, ""},
		"two":           {[]string{"-f", "a.yaml", "--filename=sub/b.yaml"}, []string{"a.yaml", "sub/b.yaml"}, ""},
		"absolute":      {[]string{"-f", absolute}, []string{absolute}, ""},
		"absolute, own": {[]string{"--filename=" + absolute}, []string{absolute}, ""},
		"glued":         {[]string{"-f" + absolute}, []string{absolute}, ""},
		"link outwards": {[]string{"-f", "out.yaml"}, nil, "escapes"},
		"pipe":          {[]string{"-f", "pipe.yaml"}, nil, "is not a file"},
		"folder":        {[]string{"-f", "sub"}, nil, "is not a file"},
		"large":         {[]string{"-f", "large.yaml"}, nil, "larger than 1024 KiB"},
		"missing":       {[]string{"-f", "none.yaml"}, nil, "no such file"},
		"kustomization": {[]string{"-k", "sub"}, nil, "a kustomization may read anything"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parsed, err := adapters.ParseCommand(append([]string{"kubectl", "apply"}, c.argv...))
			require.NoError(t, err)
			private, err := command.NewFolder()
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, private.Remove()) })
			w := &work{runner: NewRunner(RunnerOptions{Folder: folder}), command: parsed, argv: parsed.Argv[1:], folder: private, access: &access{}}
			err = w.copyFiles()
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				return
			}
			require.NoError(t, err)
			var found []string
			for _, file := range w.inputs() {
				found = append(found, file.Path)
				content, err := os.ReadFile(w.private(file.Path))
				require.NoError(t, err)
				assert.Len(t, content, int(file.Size))
			}
			assert.Equal(t, c.files, found)
			assert.NotContains(t, strings.ReplaceAll(strings.Join(w.argv, " "), private.Path(""), ""), " "+outside, "the tool reads the copy")
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"kubectl set image deployment/web app=web:v2":                 "deployment/web",
		"kubectl label pods web db env=prod tier-":                    "pods web db",
		"kubectl taint nodes n1 dedicated=gpu:NoSchedule":             "nodes n1",
		"kubectl taint nodes n1 dedicated:NoSchedule-":                "nodes n1",
		"kubectl set serviceaccount deployment web robot":             "deployment web",
		"kubectl cordon n1":                                           "nodes n1",
		"kubectl cordon -l pool=blue":                                 "nodes",
		"kubectl scale deployment/a deployment/b --replicas=1":        "deployment/a deployment/b",
		"kubectl certificate approve csr-1":                           "certificatesigningrequests csr-1",
		"kubectl rollout restart deployment/web":                      "deployment/web",
		"kubectl annotate deployment web owner=ana note- --overwrite": "deployment web",
	} {
		parsed, err := adapters.ParseCommand(strings.Fields(line))
		require.NoError(t, err, line)
		v, ok := verbOf(parsed)
		require.True(t, ok, line)
		assert.Equal(t, want, strings.Join(v.names(parsed.Args), " "), line)
	}
}

// TestWithFlags: flags of ours come before what is behind a double dash, which is somebody else's.
func TestWithFlags(t *testing.T) {
	t.Parallel()
	w := &work{argv: []string{"run", "x", "--image=i", "--", "sh", "--dry-run=none"}}
	assert.Equal(t, []string{"run", "x", "--image=i", "--dry-run=server", "--", "sh", "--dry-run=none"}, w.with("--dry-run=server"))
	assert.Equal(t, []string{"run", "x", "--image=i", "--", "sh", "--dry-run=none"}, w.argv)
}

// TestWanted: what moves by itself and what is drawn by lot is not part of a comparison or of a version.
func TestWanted(t *testing.T) {
	t.Parallel()
	const text = `
apiVersion: v1
kind: Service
metadata: {name: web, uid: UID, resourceVersion: RV, creationTimestamp: RV, managedFields: [{time: RV}], labels: {a: b}}
spec: {type: NodePort, clusterIP: RV, clusterIPs: [RV], ports: [{port: 80, nodePort: NP}]}
status: {loadBalancer: RV}
`
	fill := func(uid, other, port string) object {
		return anObject(t, strings.NewReplacer("UID", uid, "RV", other, "NP", port).Replace(text))
	}
	one, two := fill("u1", "1", "30001"), fill("u2", "2", "30002")
	assert.Equal(t, wanted(one, object{}).Object, wanted(two, object{}).Object, "created: it is drawn by lot")
	assert.NotEqual(t, wanted(one, one).Object, wanted(two, two).Object, "there already: it is what it is")
	moved := fill("u1", "1", "30001")
	unstructured.RemoveNestedField(moved.Object, "status")
	moved.SetResourceVersion("77")
	assert.Equal(t, one.version(), moved.version())
	moved.SetLabels(map[string]string{"a": "c"})
	assert.NotEqual(t, one.version(), moved.version())
	assert.Empty(t, object{}.version())
	moved.SetGeneration(3)
	assert.Equal(t, "u1 generation 3", moved.version())
}

// TestMasked: no secret is in a difference, and that it changes is.
func TestMasked(t *testing.T) {
	t.Parallel()
	secret := func(value string) object {
		return anObject(t, "{apiVersion: v1, kind: Secret, metadata: {name: db}, data: {url: "+base64.StdEncoding.EncodeToString([]byte(value))+", same: eA==}}")
	}
	s := touch{before: secret("canary-one"), after: secret("canary-two"), action: adapters.ActionUpdate}
	assert.Equal(t, []adapters.Field{{Name: "data.url", Before: "[redacted]", After: "[redacted] another value"}}, s.fields())
	assert.NotContains(t, s.diff(), base64.StdEncoding.EncodeToString([]byte("canary-one")))
	assert.Equal(t, "unchanged config secret/db\n", touch{before: secret("x"), after: secret("x"), action: adapters.ActionUpdate}.diff())

	pod := func(value string) object {
		return anObject(t, strings.ReplaceAll(`
kind: Pod
metadata: {name: web, annotations: {api-token: VALUE, kubectl.kubernetes.io/last-applied-configuration: VALUE}}
spec:
  containers:
  - {name: app, image: web, args: [run, --db-password, VALUE, --password=VALUE], env: [{name: DB_PASSWORD, value: VALUE}, {name: URL, value: "postgres://u:VALUE@db"}]}
data: {password: VALUE, config.ini: "x=1\npassword=VALUE\n"}
`, "VALUE", value))
	}
	p := touch{before: pod("canary-one"), after: pod("canary-two"), action: adapters.ActionUpdate}
	assert.NotContains(t, p.diff(), "canary")
	for _, f := range p.fields() {
		assert.NotContains(t, f.Before+f.After, "canary", f.Name)
	}
	assert.Contains(t, p.fields(), adapters.Field{Name: "spec.containers.app.env.DB_PASSWORD.value", Before: "[redacted]", After: "[redacted] another value"})
}

// TestNothingHidesAChange: whoever writes a manifest cannot make a change of it look smaller than it is.
func TestNothingHidesAChange(t *testing.T) {
	t.Parallel()
	object := func(spec string) object {
		return anObject(t, "{apiVersion: v1, kind: Deployment, metadata: {name: web}, "+spec+"}")
	}
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("a%d: x", i))
	}
	for name, test := range map[string]struct{ before, after, field string }{
		"behind many others":     {"spec: {replicas: 3}", "spec: {replicas: 0}, data: {" + strings.Join(many, ", ") + "}", "replicas"},
		"allow all":              {"spec: {ingress: []}", "spec: {ingress: [{}]}", "spec.ingress.0"},
		"select all":             {"spec: {}", "spec: {podSelector: {}}", "spec.podSelector"},
		"two of the same name":   {"subjects: [{kind: User, name: x}]", "subjects: [{kind: Group, name: x}, {kind: User, name: x}]", "subjects.x'.kind"},
		"named as if by a place": {"l: [{name: '1', a: b}]", "l: [{a: c}, {name: '0', a: b}]", "l.0.a"},
	} {
		tt := touch{before: object(test.before), after: object(test.after), action: adapters.ActionUpdate}
		assert.True(t, tt.changed(), name)
		assert.True(t, slices.ContainsFunc(tt.fields(), func(f adapters.Field) bool { return f.Name == test.field }), "%s: %v", name, tt.fields())
	}
	filled := touch{before: object("spec: {}"), after: object("spec: {unschedulable: true}")}
	assert.Equal(t, []adapters.Field{{Name: "unschedulable", After: "true"}}, filled.fields())
	reordered := touch{before: object("init: [{name: a}, {name: b}]"), after: object("init: [{name: b}, {name: a}]")}
	assert.True(t, reordered.changed(), "the order counts")
}

func TestKubectlVersion(t *testing.T) {
	t.Parallel()
	version, err := kubectlVersion([]byte(`{"clientVersion":{"gitVersion":"v1.36.3"}}`))
	require.NoError(t, err)
	assert.Equal(t, "v1.36.3", version)
	_, err = kubectlVersion([]byte(`{"clientVersion":{"gitVersion":"v1.32.4-dispatcher"}}`))
	require.ErrorContains(t, err, "it starts another kubectl")
	_, err = kubectlVersion([]byte(`no`))
	require.Error(t, err)
}

func TestLimited(t *testing.T) {
	t.Parallel()
	_, err := io.Copy(&limited{left: 10}, strings.NewReader("0123456789"))
	require.NoError(t, err)
	_, err = io.Copy(&limited{left: 9}, strings.NewReader("0123456789"))
	require.ErrorIs(t, err, io.ErrShortWrite)
}

func TestParseObjects(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, `{"kind":"Pod","apiVersion":"v1"}`: 1, `{"kind":"Pod"}{"kind":"Pod"}`: 2,
		`{"kind":"List","apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1"},{"kind":"Pod","apiVersion":"v1"}]}`: 2,
		`{"kind":"List","apiVersion":"v1","items":[]}`:                                                                  0,
	} {
		found, err := parseObjects([]byte(text))
		require.NoError(t, err, text)
		assert.Len(t, found, want, text)
	}
	for _, text := range []string{"no", `{"kind":"Pod"`, `[]`, `{"a":1}`, `{"kind":"List","items":[1]}`} {
		_, err := parseObjects([]byte(text))
		require.Error(t, err, text)
	}
}

func FuzzParseObjects(f *testing.F) {
	f.Add([]byte(`{"kind":"List","apiVersion":"v1","items":[{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}]}`))
	f.Add([]byte(`{"kind":"Pod","spec":{"ports":[1],"containers":[{"volumeMounts":[1]}],"volumes":[{}]}}`))
	f.Add([]byte(`{"kind":"Node","metadata":{"labels":[],"annotations":3},"spec":{"taints":[1,{}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := parseObjects(text)
		if err != nil {
			return
		}
		for _, o := range found {
			tt := touch{before: o, after: o, action: adapters.ActionUpdate}
			assert.Empty(t, tt.fields())
			assert.Contains(t, tt.diff(), "unchanged")
			_ = touch{after: o, action: adapters.ActionCreate}.diff()
			_ = o.version()
		}
	})
}
