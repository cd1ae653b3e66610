package router

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// estate is made up: web uses a cache and a config and runs on a node, api uses the same cache, and proxy leads to web.
func estate() []adapters.Resource {
	cache := resource(adapters.KindCache, "cache", adapters.HealthHealthy, "")
	config := resource(adapters.KindConfig, "settings", "", "")
	node := resource(adapters.KindNode, "node-1", adapters.HealthHealthy, "")
	web := resource(adapters.KindDeployment, "web", adapters.HealthDegraded, "slow", to(adapters.RelationUses, cache.ID), to(adapters.RelationUses, config.ID))
	return []adapters.Resource{cache, config, node, web,
		resource(adapters.KindPod, "web-1", adapters.HealthHealthy, "", to(adapters.RelationOwnedBy, web.ID), to(adapters.RelationRunsOn, node.ID)),
		resource(adapters.KindDeployment, "api", adapters.HealthHealthy, "", to(adapters.RelationUses, cache.ID)),
		resource(adapters.KindIngress, "proxy", adapters.HealthHealthy, "", to(adapters.RelationRoutesTo, web.ID)),
		resource(adapters.KindDeployment, "batch", adapters.HealthHealthy, ""),
	}
}

// of is a change of a thing of another kind.
func of(kind adapters.Kind, c adapters.Change) adapters.Change {
	c.Kind, c.Resource = kind, id(kind, c.Name)
	return c
}

// slow is what web's trouble is: it began ten minutes before noon.
func slow() ranking {
	named := []string{id(adapters.KindDeployment, "web"), id(adapters.KindPod, "web-1")}
	s := &scene{named: named, graph: adapters.NewGraph(estate())}
	s.steps = s.graph.Search(named, adapters.Around, mostFar)
	return s.ranking(Symptom{At: ago(10 * time.Minute), Ref: named[0], What: "web degraded", From: fromProvider})
}

func TestRanking(t *testing.T) {
	const minute = time.Minute
	for name, c := range map[string]struct {
		changes []adapters.Change // in another order than they rank
		want    []string          // what, and why there
	}{
		"the nearest before is first, what came after is last": {
			[]adapters.Change{altered("web", "image", "3", "4", 3*minute), altered("web", "image", "1", "2", 60*minute), altered("web", "image", "4", "5", minute), altered("web", "image", "2", "3", 14*minute)},
			[]string{"web image 3: 4m before, itself, image", "web image 2: 50m before, itself, image", "web image 4: 7m after, no cause", "web image 5: 9m after, no cause"},
		},
		"the thing itself before what it stands on, that before what leads to it, strangers last": {
			[]adapters.Change{altered("batch", "image", "1", "2", 14*minute), of(adapters.KindIngress, altered("proxy", "host", "a", "b", 14*minute)), altered("api", "image", "1", "2", 14*minute),
				of(adapters.KindCache, altered("cache", "memory", "1", "2", 14*minute)), altered("web", "image", "1", "2", 14*minute)},
			[]string{"web image 2: 4m before, itself, image", "cache memory 2: 4m before, it uses this, resources", "proxy host b: 4m before, leads to it, ingress",
				"api image 2: 4m before, 2 steps away, image", "batch image 2: 4m before, no known relation, image"},
		},
		"what is near is worth the time": {
			[]adapters.Change{altered("batch", "image", "1", "2", 11*minute), of(adapters.KindConfig, altered("settings", "data", adapters.SomeValue, adapters.AnotherValue, 40*minute)), of(adapters.KindNode, altered("node-1", "version", "1", "2", 40*minute))},
			[]string{"settings data (another value): 30m before, its config, config", "batch image 2: 60s before, no known relation, image", "node-1 version 2: 30m before, it runs on this, setting"},
		},
		"code and settings before copies and labels": {
			[]adapters.Change{altered("web", "label.team", "a", "b", 14*minute), altered("web", "replicas", 2.0, 3.0, 14*minute+time.Second), altered("web", "env.A", nil, adapters.SomeValue, 14*minute+2*time.Second), altered("web", "annotation.x", "a", "b", 14*minute+3*time.Second)},
			[]string{"web env.A (value): 4m before, itself, environment", "web replicas 3: 4m before, itself, replicas", "web label.team b: 4m before, itself, label", "web annotation.x b: 4m before, itself, annotation"},
		},
		"what was made together stays together": {
			[]adapters.Change{madeBy(altered("web", "replicas", 2.0, 3.0, 13*minute), "ada", "web revision 3"), altered("web", "env.A", nil, adapters.SomeValue, 12*minute), madeBy(altered("web", "image", "1", "2", 11*minute), "ada", "web revision 3")},
			[]string{"web image 2: 60s before, itself, image", "web replicas 3: 3m before, itself, replicas", "web env.A (value): 2m before, itself, environment"},
		},
		"the symptom is not its own cause, that of another may be": {
			[]adapters.Change{altered("web", "health", "healthy", "degraded", 10*minute), of(adapters.KindCache, altered("cache", "health", "healthy", "degraded", 11*minute)), altered("web", "event.Unhealthy", nil, "probe failed", 570*time.Second),
				altered("web", "health", "degraded", "unhealthy", 2*minute)},
			[]string{"cache health degraded: 60s before, it uses this, health", "web event.Unhealthy probe failed: the symptom", "web health degraded: the symptom", "web health unhealthy: 8m after, no cause"},
		},
		"a rollout is noted a moment after it began to fail": {
			[]adapters.Change{altered("web", "image", "1", "2", 570*time.Second)}, []string{"web image 2: about then, itself, image"},
		},
		"what was seen may have been before": {
			[]adapters.Change{spotted(altered("web", "image", "1", "2", 5*minute)), spotted(altered("web", "env.A", "1", "2", -2*minute))},
			[]string{"web image 2: about then, itself, image", "web env.A 2: 12m after, no cause"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 5 { // whatever the order they come in
				assert.Equal(t, c.want, told(slow().rank(c.changes)))
				rand.Shuffle(len(c.changes), func(i, j int) { c.changes[i], c.changes[j] = c.changes[j], c.changes[i] })
			}
		})
	}
}

func told(groups [][]lead) (lines []string) {
	for _, group := range groups {
		for _, l := range group {
			lines = append(lines, l.Name+" "+l.Field+" "+value(l.After)+": "+l.why)
		}
	}
	return lines
}

// TestRankingWithoutAName: where nothing is named, all is equally near.
func TestRankingWithoutAName(t *testing.T) {
	k := ranking{symptom: Symptom{At: ago(10 * time.Minute), From: fromQuestion}}
	assert.Equal(t, []string{"batch image 2: 60s before, image", "web replicas 3: 60s before, replicas", "web image 2: 20m before, image"}, told(k.rank([]adapters.Change{
		altered("web", "image", "1", "2", 30*time.Minute), altered("web", "replicas", 2.0, 3.0, 11*time.Minute), altered("batch", "image", "1", "2", 11*time.Minute),
	})))
}
