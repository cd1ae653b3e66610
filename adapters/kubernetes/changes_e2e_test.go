//go:build e2e

package kubernetes_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"clanker/adapters"
	"clanker/adapters/kubernetes"
	"clanker/adapters/kubernetes/kubetest"
)

// delivery is a deployment behind a service, with settings; version, replicas and the value of a variable are still to be filled
// in.
const delivery = `
apiVersion: v1
kind: Namespace
metadata: {name: delivery}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: delivery}
data: {mode: %[3]s}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: delivery, labels: {app: web}}
spec:
  replicas: %[2]d
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "registry.local/web:%[1]s", env: [{name: DB_PASSWORD, value: %[3]s}], envFrom: [{configMapRef: {name: settings}}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: delivery}
spec: {selector: {app: web}, ports: [{port: 80}]}
`

// looker reads a cluster as the workspace does.
type looker struct {
	*adapters.Workspace
	cluster *kubetest.Cluster
}

func newLooker(t *testing.T) looker {
	c := kubetest.Start(t, kubetest.Options{Name: "prod", NoMetrics: true})
	path, err := c.Kubeconfig("admin", "system:masters")
	require.NoError(t, err)
	return looker{adapters.NewWorkspace(kubernetes.Open(kubernetes.Options{Kubeconfig: path})), c}
}

func (l looker) roll(t *testing.T, version string, replicas int, value string) {
	require.NoError(t, l.cluster.Apply(t.Context(), fmt.Sprintf(delivery, version, replicas, value)))
	require.NoError(t, l.cluster.WaitFor(t.Context(), "the rollout of "+version, l.cluster.Available("delivery", "web")))
}

func (l looker) look(t *testing.T) adapters.Snapshot {
	snapshot, err := l.Query(t.Context(), adapters.Query{})
	require.NoError(t, err)
	return snapshot
}

// changed asks for the changes since a time, and returns those of a resource by field.
func (l looker) changed(t *testing.T, since time.Time, resource string) map[string]adapters.Change {
	snapshot, err := l.Changes(t.Context(), adapters.Query{Since: since})
	require.NoError(t, err)
	for _, s := range snapshot.Sources {
		require.Nil(t, s.Error, s.Call)
	}
	t.Logf("%d calls, %d changes", len(snapshot.Sources), len(snapshot.Changes))
	return byField(t, snapshot.Changes, resource)
}

func byField(t *testing.T, changes []adapters.Change, resource string) map[string]adapters.Change {
	found := map[string]adapters.Change{}
	for _, c := range changes {
		assert.NotContains(t, fmt.Sprint(c.Before, c.After), "canary")
		if c.Resource == resource {
			found[c.Field] = c
		}
	}
	return found
}

const webID = "kubernetes/prod/delivery/deployment/web"

// settled waits until the controllers have written down what is over: pods that went are gone, and the service is well. How many
// endpoints it has depends on the addresses that the pods were given: two may share one.
func (l looker) settled(t *testing.T, pods int) {
	require.NoError(t, l.cluster.WaitFor(t.Context(), "pods that went", func(ctx context.Context) (bool, error) {
		list, err := l.cluster.Clientset.CoreV1().Pods("delivery").List(ctx, metav1.ListOptions{})
		return err == nil && len(list.Items) == pods, err
	}))
	require.NoError(t, l.cluster.WaitFor(t.Context(), "a service whose endpoints are all ready", func(context.Context) (bool, error) {
		return l.service(t).Health == adapters.HealthHealthy, nil
	}))
}

// TestRollout: nothing is told of a cluster to which nothing happens, and a rollout by both ways: by what the cluster remembers
// of it, and by looking twice.
func TestRollout(t *testing.T) {
	l := newLooker(t)
	l.roll(t, "v1", 2, "canary-one")
	l.settled(t, 2)
	before := l.look(t)
	require.NotEmpty(t, before.Resources)
	for range 3 {
		assert.Empty(t, adapters.Diff(before, l.look(t)), "nobody changed anything")
	}

	made := time.Now()
	require.NoError(t, l.cluster.WaitFor(t.Context(), "another second, as what is written in the one in which it was made is told as making it",
		func(context.Context) (bool, error) { return time.Since(made) > 2*time.Second, nil }))

	begun := time.Now().Truncate(time.Second)
	l.roll(t, "v2", 3, "canary-two")
	l.settled(t, 3)
	after := l.look(t)

	told := l.changed(t, begun, webID)
	for field, want := range map[string][2]any{
		"image":           {"registry.local/web:v1", "registry.local/web:v2"},
		"replicas":        {2.0, 3.0},
		"env.DB_PASSWORD": {adapters.SomeValue, adapters.AnotherValue},
	} {
		c := told[field]
		assert.Equal(t, want, [2]any{c.Before, c.After}, field)
		assert.False(t, c.At.Before(begun) || c.At.After(after.At), "%s at %s", field, c.At)
	}
	assert.Equal(t, "kubetest", told["image"].Actor)
	assert.Equal(t, "web revision 2", told["image"].Event)
	assert.Equal(t, "kubetest", l.changed(t, begun, "kubernetes/prod/delivery/config/configmap%2Fsettings")["data"].Actor)

	seen := byField(t, adapters.Diff(before, after), webID)
	assert.Equal(t, "registry.local/web:v2", seen["image"].After)
	assert.Equal(t, 3.0, seen["replicas"].After)
	assert.Empty(t, adapters.Diff(after, l.look(t)), "it is over")
}

// TestServiceLosesItsEndpoints: since when a service is ill is when its endpoints were lost, not when somebody looks.
func TestServiceLosesItsEndpoints(t *testing.T) {
	l := newLooker(t)
	for _, c := range []struct {
		name   string
		lose   func(t *testing.T)
		health adapters.Health
	}{
		{"one of them", func(t *testing.T) {
			require.NoError(t, l.cluster.Apply(t.Context(), fmt.Sprintf(delivery, "v2-unready", 2, "canary-one")))
		}, adapters.HealthDegraded},
		{"all of them", func(t *testing.T) {
			other := []byte(`{"spec":{"selector":{"app":"nothing"}}}`)
			_, err := l.cluster.Clientset.CoreV1().Services("delivery").Patch(t.Context(), "web", types.MergePatchType, other, metav1.PatchOptions{})
			require.NoError(t, err)
		}, adapters.HealthUnhealthy},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.roll(t, "v1", 2, "canary-one")
			l.settled(t, 2)
			before, began := l.look(t), time.Now().Truncate(time.Second)
			c.lose(t)
			var change adapters.Change
			require.NoError(t, l.cluster.WaitFor(t.Context(), "the endpoints", func(context.Context) (bool, error) {
				change = byField(t, adapters.Diff(before, l.look(t)), "kubernetes/prod/delivery/service/web")["health"]
				return change.After != nil, nil
			}))
			assert.Equal(t, string(c.health), change.After)
			service := l.service(t)
			assert.False(t, service.Since.Before(began) || service.Since.After(change.At), "since %s, not between %s and %s", service.Since, began, change.At)
			assert.Equal(t, service.Since, l.service(t).Since, "it stays what it is")
		})
	}
}

func (l looker) service(t *testing.T) adapters.Resource {
	snapshot, err := l.Query(t.Context(), adapters.Query{Kinds: []adapters.Kind{adapters.KindService}, Name: "web"})
	require.NoError(t, err)
	require.Len(t, snapshot.Resources, 1)
	return snapshot.Resources[0]
}
