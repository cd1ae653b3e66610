package demo

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/adapters/adaptertest"
)

func kubectl(t *testing.T, line string) adapters.Command {
	t.Helper()
	c, err := adapters.ParseCommand(strings.Fields("kubectl " + line))
	require.NoError(t, err, line)
	return c
}

func TestRunnerConformance(t *testing.T) {
	adaptertest.Runner(t, adaptertest.RunnerHarness{
		Open: func(t *testing.T) adaptertest.World {
			d := after(t, time.Minute)
			return adaptertest.World{Runner: d, Look: func() string {
				text, err := adapters.Canonical(read(t, d, adapters.Query{}).Resources)
				require.NoError(t, err)
				return string(text)
			}}
		},
		Read:    kubectl(t, "get pods --namespace=production"),
		Write:   kubectl(t, "scale deployment checkout-api --replicas=5"),
		Unknown: kubectl(t, "drain ip-10-0-1-23.ec2.internal"),
		Others: []adapters.Command{
			kubectl(t, "rollout restart deployment/search"),
			kubectl(t, "set image statefulset/rabbitmq rabbitmq=registry.acme-shop.example/rabbitmq:4.1.5"),
			kubectl(t, "delete pod rabbitmq-1"),
		},
	})
}

// do plans a command and runs it.
func do(t *testing.T, d *Demo, line string) (adapters.Plan, adapters.Outcome) {
	t.Helper()
	p, err := d.Plan(t.Context(), kubectl(t, line))
	require.NoError(t, err)
	o, err := d.Run(t.Context(), p, nil)
	require.NoError(t, err)
	return p, o
}

func TestScalingIsSeenByQuestions(t *testing.T) {
	const checkout = "kubernetes/prod-cluster/production/deployment/checkout-api"
	d := after(t, time.Minute)
	p, o := do(t, d, "scale deployment/checkout-api --replicas=5")
	assert.Equal(t, "deployment/checkout-api in production, prod-cluster (demo)\n- replicas: 3\n+ replicas: 5\n", p.Preview.Text)
	assert.Equal(t, []string{"kubectl", "scale", "deployment/checkout-api", "--replicas=3", "--namespace=production", "--context=prod-cluster"}, p.Undo)
	assert.Equal(t, []adapters.Field{{Name: "replicas", Before: "3", After: "5"}}, p.Resources[0].Fields)
	assert.Equal(t, "demo", p.Target.Identity)
	assert.Equal(t, "deployment.apps/checkout-api scaled (demo)\n", o.Stdout)
	assert.Equal(t, "3 -> 5 replicas, 5 ready (demo)", o.Verified)
	assert.Equal(t, 5.0, field(t, d, checkout, adapters.MetricReplicasReady))
	assert.Equal(t, 0.564, field(t, d, checkout, adapters.MetricCPUOfLimit), "the same work for more pods")
	pods := read(t, d, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Name: "checkout-api"}).Resources
	assert.Len(t, pods, 5)
	changes, _, err := d.Changes(t.Context(), adapters.Query{Name: "checkout-api", Since: start})
	require.NoError(t, err)
	require.Len(t, changes, 1)
	assert.Equal(t, []any{"replicas", 3.0, 5.0}, []any{changes[0].Field, changes[0].Before, changes[0].After})

	_, o = do(t, d, strings.Join(p.Undo[1:], " "))
	assert.Equal(t, "5 -> 3 replicas, 3 ready (demo)", o.Verified)
	_, _ = do(t, d, "scale deployment/checkout-api --replicas=0")
	assert.Equal(t, "scaled to 0", field(t, d, checkout, "reason"))
}

// TestCommandsAreChanges: what people had run is on the timeline, with the command and who ran it.
func TestCommandsAreChanges(t *testing.T) {
	d := after(t, time.Minute)
	for _, c := range []struct{ line, name, field string }{
		{"scale deployment/checkout-api --replicas=5", "checkout-api", "replicas"},
		{"set image deployment/checkout-api app=checkout-api:v1.4.3", "checkout-api", "image"},
		{"rollout restart deployment/search", "search", "restarted_at"},
		{"delete pod rabbitmq-1", "rabbitmq", "event.Killing"},
	} {
		do(t, d, c.line)
		changes, _, err := d.Changes(t.Context(), adapters.Query{Name: c.name, Since: start})
		require.NoError(t, err)
		require.NotEmpty(t, changes, c.line)
		assert.Equal(t, []string{c.field, Name, "kubectl " + c.line}, []string{changes[0].Field, changes[0].Actor, changes[0].Event})
		assert.Equal(t, start.Add(time.Minute), changes[0].At)
	}
}

func TestTheStoryGoesOn(t *testing.T) {
	const staging = "kubernetes/staging-cluster/staging/deployment/orders-api"
	c := &clock{start}
	d, err := New(c.now)
	require.NoError(t, err)
	c.at = start.Add(6 * time.Minute)
	do(t, d, "scale deployment orders-api --replicas=4 --context=staging-cluster")
	assert.Equal(t, "3/4 replicas ready: CrashLoopBackOff", field(t, d, staging, "reason"))
	c.at = start.Add(12 * time.Minute)
	assert.Equal(t, 4.0, field(t, d, staging, adapters.MetricReplicasReady))
	assert.Equal(t, adapters.HealthHealthy, field(t, d, staging, "health"))
}

func TestPodsAreReplaced(t *testing.T) {
	names := func(d *Demo, workload string) []string {
		var found []string
		for _, r := range read(t, d, adapters.Query{Kinds: []adapters.Kind{adapters.KindPod}, Name: workload, Scope: adapters.Scope{Namespace: "production"}}).Resources {
			found = append(found, r.Name)
		}
		return found
	}
	d := after(t, time.Minute)
	was := names(d, "search")
	p, o := do(t, d, "delete pod "+was[0])
	assert.Equal(t, adapters.ActionDelete, p.Resources[0].Action)
	assert.Equal(t, was[0], p.Resources[0].Name)
	assert.Len(t, o.Observed, 2, "one goes, another comes: %v", o.Observed)
	is := names(d, "search")
	assert.NotContains(t, is, was[0])
	assert.Contains(t, is, was[1])
	do(t, d, "rollout restart deployment search")
	assert.NotContains(t, names(d, "search"), was[1])
	_, o = do(t, d, "set image deployment/search app=registry.acme-shop.example/search:v2")
	assert.Equal(t, "image", o.Observed[0].Field)
	_, o = do(t, d, "get deployment search")
	assert.Contains(t, o.Stdout, "production   search   2/2")
}

func TestWhatTheEstateDoesNotDo(t *testing.T) {
	d := after(t, 0)
	for line, want := range map[string]string{
		"apply -f web.yaml":                                         "does not do this: it knows kubectl get",
		"get secrets":                                               "does not list this",
		"get pods --selector=app=x":                                 "does not know --selector here",
		"get pods --namespace=elsewhere":                            "has no pod in elsewhere",
		"get pods --context=else":                                   `no context "else": it has prod-cluster, staging-cluster`,
		"scale deployment":                                          "name one thing",
		"scale deployment nothing --replicas=2":                     "has 0 of deployment/nothing in prod-cluster",
		"scale deployment search --replicas=-1":                     "from 0 to 1000",
		"scale deployment search --replicas=1001":                   "from 0 to 1000",
		"scale deployment search --replicas=3 --current-replicas=7": "there are 2 replicas now, not 7",
		"scale pod rabbitmq-1 --replicas=3":                         "not to pods",
		"set image deployment/search":                               "set one image",
		"rollout restart deployment search payments":                "one thing at a time",
		"delete deployment search":                                  "deletes one pod at a time",
		"delete pod rabbitmq-9":                                     "has 0 of pod/rabbitmq-9",
	} {
		_, err := d.Plan(t.Context(), kubectl(t, line))
		assert.ErrorContains(t, err, want, line)
	}
}

func TestCommandsAndReadsAtOnce(t *testing.T) {
	d := after(t, time.Minute)
	p, err := d.Plan(t.Context(), kubectl(t, "scale deployment search --replicas=4"))
	require.NoError(t, err)
	var wait sync.WaitGroup
	ran := make(chan error, 8)
	for range cap(ran) {
		wait.Go(func() {
			_, err := d.Run(t.Context(), p, nil)
			ran <- err
		})
		wait.Go(func() { _, _, _ = d.List(t.Context(), adapters.Query{}) })
	}
	wait.Wait()
	close(ran)
	succeeded := 0
	for err := range ran {
		if err == nil {
			succeeded++
		}
	}
	assert.Equal(t, 1, succeeded, "the plan fits the estate once")
}
