package kubernetes

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	kruntime "k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// BenchmarkHealth reads the health of services and workloads over many pods, of which every hundredth crashes. It reports
// what the driver holds on to at the end of a read.
func BenchmarkHealth(b *testing.B) {
	for _, count := range []int{1000, 10000} {
		b.Run(fmt.Sprint(count), func(b *testing.B) {
			api := newFakeAPI(b, manyPods(count)...)
			d := driverFor(b, api)
			q := adapters.Query{Kinds: []adapters.Kind{adapters.KindService, adapters.KindDeployment, adapters.KindPod}}
			var found []adapters.Resource
			b.ReportAllocs()
			for b.Loop() {
				var err error
				found, _, err = d.List(b.Context(), q)
				require.NoError(b, err)
			}
			b.ReportMetric(held(func() { found = nil })/float64(count), "held-B/pod")
			_ = found
		})
	}
}

// held is how much memory dropping something frees, in bytes.
func held(drop func()) float64 {
	var with, without runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&with)
	drop()
	runtime.GC()
	runtime.ReadMemStats(&without)
	return float64(with.HeapAlloc) - float64(without.HeapAlloc)
}

// manyPods are pods as they are in real clusters, with managed fields and annotations of 4 kB, a hundred to a deployment.
func manyPods(count int) []kruntime.Object {
	var objects []kruntime.Object
	for n := range count {
		name := fmt.Sprintf("app-%d", n/100)
		p := running("production", fmt.Sprintf("%s-7c9f8d5b6-%05d", name, n), map[string]string{"app": name, "pod-template-hash": "7c9f8d5b6"}, "shop/app:v1")
		if n%100 == 0 {
			p = crashing("production", p.Name, p.Labels)
			objects = append(objects, deployment("production", name, "shop/app:v1", 100, 99), service("production", name), slice("production", name, true, false))
		}
		p.ObjectMeta = annotated(ownedBy(p.ObjectMeta, "ReplicaSet", name+"-7c9f8d5b6"), "big", fmt.Sprintf("%04000d", n))
		p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "JAVA_OPTS", Value: fmt.Sprintf("%0500d", n)}}
		objects = append(objects, p)
	}
	return objects
}
