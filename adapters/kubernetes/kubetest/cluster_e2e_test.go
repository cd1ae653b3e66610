//go:build e2e

package kubetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const manifests = `
apiVersion: v1
kind: Pod
metadata: {name: fine, namespace: default, labels: {app: fine}}
spec: {containers: [{name: web, image: "web:v1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: crash, namespace: default, labels: {app: crash}}
spec: {containers: [{name: web, image: "web:v1-crash"}, {name: side, image: "web:v1"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: oom, namespace: default, labels: {app: oom}}
spec: {containers: [{name: web, image: "web:v1-oom"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: missing, namespace: default, labels: {app: missing}}
spec: {containers: [{name: web, image: "web:v1-missing"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: giant, namespace: default, labels: {app: giant}}
spec: {containers: [{name: web, image: "web:v1", resources: {requests: {cpu: "64"}}}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: nobody, namespace: default}
`

// TestCluster is one start with everything that other tests build on.
func TestCluster(t *testing.T) {
	began := time.Now()
	c := Start(t, Options{Containers: []string{"web"}})
	t.Logf("started in %s", time.Since(began).Round(time.Millisecond))
	require.NoError(t, c.Apply(t.Context(), manifests))

	t.Run("containers do as their images say", func(t *testing.T) { containers(t, c) })
	t.Run("logs", func(t *testing.T) { logs(t, c) })
	t.Run("users", func(t *testing.T) { users(t, c) })
	t.Run("metrics", func(t *testing.T) {
		require.NoError(t, c.WaitFor(t.Context(), "metrics", c.MetricsReady("default")))
	})
	t.Run("a paused API server answers nobody, a killed one refuses", func(t *testing.T) { outage(t, c) })
}

func containers(t *testing.T, c *Cluster) {
	require.NoError(t, c.WaitFor(t.Context(), "crash", c.Waiting("default", "crash", "CrashLoopBackOff")))
	require.NoError(t, c.WaitFor(t.Context(), "oom", c.Waiting("default", "oom", "CrashLoopBackOff")))
	require.NoError(t, c.WaitFor(t.Context(), "missing", c.Waiting("default", "missing", "ImagePullBackOff")))
	require.NoError(t, c.WaitFor(t.Context(), "giant", c.Unschedulable("default", "giant")))

	crash, oom, missing := pod(t, c, "crash"), pod(t, c, "oom"), pod(t, c, "missing")
	assert.Equal(t, int32(1), crash.Status.ContainerStatuses[0].LastTerminationState.Terminated.ExitCode)
	assert.True(t, crash.Status.ContainerStatuses[1].Ready)
	assert.Equal(t, "OOMKilled", oom.Status.ContainerStatuses[0].LastTerminationState.Terminated.Reason)
	assert.Equal(t, corev1.PodPending, missing.Status.Phase)
}

func pod(t *testing.T, c *Cluster, name string) *corev1.Pod {
	found, err := c.Clientset.CoreV1().Pods("default").Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	return found
}

func logs(t *testing.T, c *Cluster) {
	require.NoError(t, c.WriteLog("web", false, "hello", "world"))
	require.NoError(t, c.WriteLog("web", true, "goodbye"))
	require.ErrorContains(t, c.WriteLog("stranger", false, "hello"), "Options.Containers")
	read := func(options corev1.PodLogOptions) string {
		text, err := c.Clientset.CoreV1().Pods("default").GetLogs("crash", &options).DoRaw(t.Context())
		require.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, "hello\nworld\n", read(corev1.PodLogOptions{Container: "web"}))
	assert.Equal(t, "world\n", read(corev1.PodLogOptions{Container: "web", TailLines: new(int64(1))}))
	assert.Equal(t, "goodbye\n", read(corev1.PodLogOptions{Container: "web", Previous: true}))
	assert.Empty(t, read(corev1.PodLogOptions{Container: "side"}))
}

func users(t *testing.T, c *Cluster) {
	admin, viewer := as(t, c, "admin"), as(t, c, "viewer")
	path, err := c.ServiceAccountKubeconfig(t.Context(), "default", "nobody")
	require.NoError(t, err)
	nobody := client(t, path)

	_, err = viewer.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	_, err = nobody.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	require.True(t, apierrors.IsForbidden(err), "%v", err)
	_, err = viewer.CoreV1().ConfigMaps("default").Create(t.Context(), config(), metav1.CreateOptions{})
	require.True(t, apierrors.IsForbidden(err), "%v", err)
	_, err = admin.CoreV1().ConfigMaps("default").Create(t.Context(), config(), metav1.CreateOptions{})
	require.NoError(t, err)

	for user, want := range map[string]int{"admin": 1, "viewer": 1, "system:serviceaccount:default:nobody": 0, "kubetest": 0} {
		writes, err := c.Writes(user)
		require.NoError(t, err)
		assert.Len(t, writes, want, user)
	}
}

func config() *corev1.ConfigMap { return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "new"}} }

func as(t *testing.T, c *Cluster, user string) kubernetes.Interface {
	path, err := c.Kubeconfig(user)
	require.NoError(t, err)
	return client(t, path)
}

func client(t *testing.T, path string) kubernetes.Interface {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	require.NoError(t, err)
	return kubernetes.NewForConfigOrDie(config)
}

func outage(t *testing.T, c *Cluster) {
	ask := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := c.Clientset.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		return err
	}
	require.NoError(t, ask())
	require.NoError(t, c.Pause())
	require.ErrorIs(t, ask(), context.DeadlineExceeded)
	require.NoError(t, c.Resume())
	require.NoError(t, c.WaitFor(t.Context(), "the API server", c.Serving))
	c.Kill()
	require.EventuallyWithT(t, func(t *assert.CollectT) { // the first may still try the connection that there was
		assert.ErrorContains(t, ask(), "connection refused")
	}, time.Minute, 100*time.Millisecond)
}
