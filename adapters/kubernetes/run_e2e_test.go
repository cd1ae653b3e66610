//go:build e2e

package kubernetes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
	"clanker/adapters/adaptertest"
	"clanker/adapters/kubernetes"
	"clanker/adapters/kubernetes/kubetest"
)

const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, env: staging}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "web:v1", env: [{name: DB_PASSWORD, value: canary-hunter2}]}]}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {url: canary-one, user: jane}
`

// applied changes the secret, adds an object, and leaves the deployment as it is.
const applied = `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {url: canary-two}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, type: NodePort, ports: [{port: 80}]}
`

// gated runs commands as the gate does: plan, plan again, run.
type gated struct {
	*kubernetes.Runner
	cluster *kubetest.Cluster
}

func newGated(t *testing.T, folder string) gated {
	c := kubetest.Start(t, kubetest.Options{Name: "prod", NoMetrics: true})
	require.NoError(t, c.Apply(t.Context(), shop))
	require.NoError(t, c.WaitFor(t.Context(), "web", c.Available("shop", "web")))
	path, err := c.Kubeconfig("admin", "system:masters")
	require.NoError(t, err)
	helm, err := filepath.Abs("../../.cache/bin")
	require.NoError(t, err)
	return gated{kubernetes.NewRunner(kubernetes.RunnerOptions{
		Options: kubernetes.Options{Kubeconfig: path}, Path: []string{c.Tools(), helm}, Folder: folder,
	}), c}
}

func (g gated) plan(t *testing.T, line string) adapters.Plan {
	t.Helper()
	c, err := adapters.ParseCommand(strings.Fields(line))
	require.NoError(t, err, line)
	begun := time.Now()
	p, err := g.Plan(t.Context(), c)
	require.NoError(t, err, line)
	t.Logf("planned in %s: %s", time.Since(begun).Round(time.Millisecond), line)
	frozen, err := p.Freeze()
	require.NoError(t, err)
	assert.NotContains(t, string(frozen.Bytes), "canary-", "no secret is in a plan")
	return p
}

func (g gated) run(t *testing.T, p adapters.Plan) adapters.Outcome {
	t.Helper()
	frozen, err := p.Freeze()
	require.NoError(t, err)
	again, err := g.plan(t, strings.Join(p.Command.Argv, " ")).Freeze()
	require.NoError(t, err)
	require.Equal(t, string(frozen.Bytes), string(again.Bytes), "the same command on the same state is the same plan")
	begun := time.Now()
	o, err := g.Run(t.Context(), p, nil)
	require.NoError(t, err)
	t.Logf("run in %s, of which the tool %s: %s", time.Since(begun).Round(time.Millisecond), o.Ended.Sub(o.Started).Round(time.Millisecond), o.Verified)
	require.True(t, o.OK(), o)
	return o
}

func only(t *testing.T, p adapters.Plan) adapters.Touched {
	t.Helper()
	require.Len(t, p.Resources, 1)
	return p.Resources[0]
}

func TestRunner(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "shop.yaml"), []byte(applied), 0o600))
	g := newGated(t, folder)

	t.Run("read", func(t *testing.T) {
		p := g.plan(t, "kubectl get pods -n shop")
		assert.Equal(t, adapters.Preview{Kind: adapters.PreviewNone, Reason: "it only reads"}, p.Preview)
		assert.Equal(t, adapters.Target{
			Provider: "kubernetes", Identity: "admin", Cluster: "prod", ClusterUID: p.Target.ClusterUID, Server: p.Target.Server,
			Namespace: "shop", Environment: "production",
		}, p.Target)
		assert.Len(t, p.Target.ClusterUID, 36)
		assert.Equal(t, 4, strings.Count(g.run(t, p).Stdout, "\n"))
	})

	t.Run("scale", func(t *testing.T) {
		p := g.plan(t, "kubectl scale deployment/web -n shop --replicas=5")
		assert.Equal(t, []adapters.Field{{Name: "replicas", Before: "3", After: "5"}}, only(t, p).Fields)
		assert.Equal(t, adapters.PreviewServerDryRun, p.Preview.Kind)
		assert.Contains(t, p.Preview.Text, "-  replicas: 3\n+  replicas: 5\n")
		assert.Equal(t, "kubectl scale deployment/web --namespace=shop --replicas=3 --context=prod", strings.Join(p.Undo, " "))
		o := g.run(t, p)
		assert.Equal(t, "deployment.apps/web scaled\n", o.Stdout)
		assert.Regexp(t, `^deployment web: replicas 3 -> 5 \(5 wanted, \d ready\)$`, o.Verified)
		require.Len(t, o.Observed, 1)
		assert.Equal(t, "kubernetes/prod/shop/deployment/web", o.Observed[0].Resource)

		_, err := g.Run(t.Context(), p, nil)
		require.ErrorContains(t, err, "is not as it was when the plan was made", "somebody has scaled since")
		status := g.plan(t, "kubectl scale deployment/web -n shop --replicas=2")
		require.NoError(t, g.cluster.WaitFor(t.Context(), "web", g.cluster.Available("shop", "web")))
		assert.Equal(t, status, g.plan(t, "kubectl scale deployment/web -n shop --replicas=2"), "its status has changed, and that alone")
	})

	t.Run("set image and undo", func(t *testing.T) {
		p := g.plan(t, "kubectl set image deployment/web -n shop app=web:v2")
		assert.Equal(t, []adapters.Field{{Name: "image.app", Before: "web:v1", After: "web:v2"}}, only(t, p).Fields)
		assert.Equal(t, "kubectl set image deployment/web --namespace=shop app=web:v1 --context=prod", strings.Join(p.Undo, " "))
		g.run(t, p)
		require.NoError(t, g.cluster.WaitFor(t.Context(), "revision 2", g.cluster.Created("shop", "web")))
		p = g.plan(t, "kubectl rollout undo deployment/web -n shop")
		assert.Equal(t, []adapters.Field{{Name: "image.app", Before: "web:v2", After: "web:v1"}}, only(t, p).Fields)
		assert.Contains(t, p.Undo, "--to-revision=2")
		assert.Contains(t, g.run(t, p).Verified, "image.app web:v2 -> web:v1")
	})

	t.Run("rollout restart", func(t *testing.T) {
		p := g.plan(t, "kubectl rollout restart deployment/web -n shop")
		assert.Equal(t, adapters.ActionRestart, only(t, p).Action)
		assert.Equal(t, adapters.PreviewDiff, p.Preview.Kind)
		assert.Contains(t, g.run(t, p).Verified, "restarted none -> 20")
	})

	t.Run("metadata", func(t *testing.T) {
		p := g.plan(t, "kubectl label deploy web -n shop env=live team=a --overwrite")
		assert.Equal(t, []adapters.Field{{Name: "label.env", Before: "staging", After: "live"}, {Name: "label.team", After: "a"}}, only(t, p).Fields)
		assert.Contains(t, strings.Join(p.Undo, " "), " env=staging team- --overwrite")
		g.run(t, p)
		p = g.plan(t, "kubectl label deploy web -n shop env=live --overwrite")
		assert.Equal(t, adapters.ActionRead, only(t, p).Action, "it changes nothing")
	})

	t.Run("patch", func(t *testing.T) {
		p := g.plan(t, `kubectl patch deploy web -n shop -p {"spec":{"minReadySeconds":3}}`)
		assert.Equal(t, []adapters.Field{{Name: "spec.minReadySeconds", After: "3"}}, only(t, p).Fields)
		g.run(t, p)
	})

	t.Run("nodes", func(t *testing.T) {
		p := g.plan(t, "kubectl cordon node-1")
		assert.Equal(t, []adapters.Field{{Name: "unschedulable", After: "true"}}, only(t, p).Fields)
		assert.Equal(t, "kubectl uncordon node-1 --context=prod", strings.Join(p.Undo, " "))
		assert.Contains(t, g.run(t, p).Verified, "node node-1: unschedulable none -> true")
		p = g.plan(t, "kubectl drain node-2 --ignore-daemonsets")
		for _, r := range p.Resources {
			assert.Equal(t, r.Kind == "pod", r.Action == adapters.ActionDelete, r.Name)
		}
		g.run(t, g.plan(t, "kubectl uncordon node-1"))
	})

	t.Run("apply", func(t *testing.T) {
		p := g.plan(t, "kubectl apply -f shop.yaml")
		require.Len(t, p.Files, 1)
		require.Len(t, p.Resources, 2)
		assert.Equal(t, "secret/db", p.Resources[0].Name)
		assert.Equal(t, []adapters.Field{{Name: "data.url", Before: "[redacted]", After: "[redacted] another value"}}, p.Resources[0].Fields)
		assert.Equal(t, adapters.ActionCreate, p.Resources[1].Action)
		assert.NotContains(t, p.Preview.Text, "nodePort", "it is drawn by lot")
		path := filepath.Join(folder, "shop.yaml")
		require.NoError(t, os.WriteFile(path, []byte(applied+"\n"), 0o600))
		_, err := g.Run(t.Context(), p, nil)
		require.ErrorContains(t, err, "the files that the command reads are not those of the plan")
		o := g.run(t, g.plan(t, "kubectl apply -f "+path))
		assert.Contains(t, o.Verified, "service web exists now")
		assert.NotContains(t, o.Verified, "canary")
	})

	t.Run("prune", func(t *testing.T) {
		const one = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: shop, labels: {set: one}}, data: {a: b}}\n"
		path := filepath.Join(folder, "set.yaml")
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, one+"---\n"+one, "stays", "goes"), 0o600))
		g.run(t, g.plan(t, "kubectl apply -n shop -f set.yaml"))
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, one, "stays"), 0o600))
		p := g.plan(t, "kubectl apply -n shop -f set.yaml --prune -l set=one")
		actions := map[string]adapters.Action{}
		for _, r := range p.Resources {
			actions[r.Name] = r.Action
		}
		assert.Equal(t, map[string]adapters.Action{"configmap/goes": adapters.ActionDelete, "configmap/stays": adapters.ActionRead}, actions)
		assert.Contains(t, g.run(t, p).Verified, "configmap/goes is gone")
	})

	t.Run("create", func(t *testing.T) {
		p := g.plan(t, "kubectl create deployment extra -n shop --image=web:v1 --replicas=2")
		assert.Equal(t, adapters.ActionCreate, only(t, p).Action)
		assert.Equal(t, []adapters.Field{{Name: "replicas", After: "2"}}, only(t, p).Fields)
		g.run(t, p)
		c, err := adapters.ParseCommand(strings.Fields("kubectl create deployment extra -n shop --image=web:v1"))
		require.NoError(t, err)
		_, err = g.Plan(t.Context(), c)
		require.ErrorContains(t, err, "already exists", "what would fail is no proposal")
		g.run(t, g.plan(t, "kubectl autoscale deployment extra -n shop --max=5"))
		g.run(t, g.plan(t, "kubectl expose deployment extra -n shop --port=80"))
	})

	t.Run("delete", func(t *testing.T) {
		p := g.plan(t, "kubectl delete deployments -n shop -l app=extra")
		assert.Equal(t, adapters.ActionDelete, only(t, p).Action)
		assert.Equal(t, "delete deployment extra in shop\n", p.Preview.Text)
		assert.Nil(t, p.Undo)
		assert.Contains(t, g.run(t, p).Verified, "deployment extra is")
		assert.Contains(t, g.plan(t, "kubectl delete namespace shop").Preview.Text, "with everything in it")
	})

	t.Run("planning changes nothing", func(t *testing.T) {
		before, err := g.cluster.Clientset.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		g.plan(t, "kubectl scale deployment/web -n shop --replicas=0")
		g.plan(t, "kubectl delete deployment web -n shop")
		after, err := g.cluster.Clientset.AppsV1().Deployments("shop").Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, before.Generation, after.Generation)
		assert.Nil(t, after.DeletionTimestamp)
	})
}

func TestHelm(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.2.3\n", "values.yaml": "replicas: 2\n",
		"templates/web.yaml": `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: app, image: "web:v1"}]}
---
apiVersion: v1
kind: Secret
metadata: {name: front}
stringData: {url: canary-one}
`,
		"templates/hook.yaml": `
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {"helm.sh/hook": pre-upgrade}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: "web:v1"}]}}}
`,
	} {
		path := filepath.Join(folder, "chart", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	g := newGated(t, folder)
	require.FileExists(t, "../../.cache/bin/helm", "run make helm")

	p := g.plan(t, "helm install front ./chart -n shop")
	assert.Len(t, p.Files, 4)
	assert.Len(t, p.Resources, 3)
	assert.Equal(t, "helm uninstall front --namespace=shop --kube-context=prod", strings.Join(p.Undo, " "))
	assert.Contains(t, g.run(t, p).Verified, "release front exists now")

	p = g.plan(t, "helm upgrade front ./chart -n shop --set replicas=4")
	require.Len(t, p.Resources, 4)
	assert.Equal(t, []adapters.Field{{Name: "replicas", Before: "2", After: "4"}}, p.Resources[1].Fields)
	assert.Equal(t, "revision 1 deployed", p.Resources[1].Version)
	assert.Equal(t, adapters.ActionRun, p.Resources[2].Action, "the hook")
	assert.Equal(t, "helm rollback front 1 --namespace=shop --kube-context=prod", strings.Join(p.Undo, " "))
	assert.Contains(t, g.run(t, p).Verified, "revision 1 -> 2")
	_, err := g.Run(t.Context(), p, nil)
	require.ErrorContains(t, err, "is not as it was when the plan was made")

	p = g.plan(t, "helm rollback front 1 -n shop")
	assert.Contains(t, p.Preview.Text, "-  replicas: 4\n+  replicas: 2\n")
	g.run(t, p)
	p = g.plan(t, "helm uninstall front -n shop")
	assert.Contains(t, p.Preview.Text, "delete deployment front in shop\n")
	assert.Contains(t, g.run(t, p).Verified, "release front is gone")
}

// TestRunnerKeepsItsPromises runs the suite of all runners, each check on the deployment as it was in the beginning.
func TestRunnerKeepsItsPromises(t *testing.T) {
	g := newGated(t, "")
	parse := func(line string) adapters.Command {
		c, err := adapters.ParseCommand(strings.Fields(line))
		require.NoError(t, err)
		return c
	}
	var variables []string
	for _, s := range adaptertest.Secrets() {
		if !strings.Contains(s.Value, "\n") {
			variables = append(variables, fmt.Sprintf("{name: %s, value: %q}", s.Key, s.Value))
		}
	}
	planted := strings.ReplaceAll(shop, "{name: DB_PASSWORD, value: canary-hunter2}", strings.Join(variables, ", "))
	adaptertest.Runner(t, adaptertest.RunnerHarness{
		Open: func(t *testing.T) adaptertest.World {
			require.NoError(t, g.cluster.Apply(t.Context(), planted))
			return adaptertest.World{Runner: g.Runner, Look: func() string {
				d, err := g.cluster.Clientset.AppsV1().Deployments("shop").Get(context.WithoutCancel(t.Context()), "web", metav1.GetOptions{})
				require.NoError(t, err)
				text, err := json.Marshal(d.Spec)
				require.NoError(t, err)
				return string(text)
			}}
		},
		Read:    parse("kubectl get deployments -n shop"),
		Write:   parse("kubectl scale deployment/web -n shop --replicas=5"),
		Unknown: parse("kubectl kustomize folder"),
		Others:  []adapters.Command{parse("kubectl get deploy web -n shop -o yaml"), parse("kubectl set image deploy/web app=web:v9 -n shop"), parse("kubectl delete deploy/web -n shop")},
		Reveal:  parse("kubectl get deploy web -n shop -o yaml"),
	})
}
