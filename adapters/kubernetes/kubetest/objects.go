package kubetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
)

// Apply creates or updates the objects of a YAML stream, as "kubetest" and by server-side apply under that name.
func (c *Cluster) Apply(ctx context.Context, manifests string) error {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifests), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the manifests: %w", err)
		}
		if len(object.Object) == 0 {
			continue
		}
		if err := c.apply(ctx, object); err != nil {
			return fmt.Errorf("apply %s %s/%s: %w", object.GetKind(), object.GetNamespace(), object.GetName(), err)
		}
	}
}

func (c *Cluster) apply(ctx context.Context, object *unstructured.Unstructured) error {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return err
	}
	var client dynamic.ResourceInterface = c.dynamic.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		client = c.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	_, err = client.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "kubetest", Force: true})
	return err
}

func newMapper(client discovery.DiscoveryInterface) *restmapper.DeferredDiscoveryRESTMapper {
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))
}

// Condition says whether something has come about. An error stands in the way for now, and is no reason to give up.
type Condition func(context.Context) (bool, error)

// WaitFor asks again and again until done says yes, ctx ends, or a component of the cluster dies. The error says what was
// waited for and what stood in the way last. Without a deadline in ctx it gives up after three minutes.
func (c *Cluster) WaitFor(ctx context.Context, what string, done Condition) error {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
		defer cancel()
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		ok, err := done(ctx)
		if ok && err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, errors.Join(ctx.Err(), err))
		}
		if err := c.failure(); err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
	}
}

func (c *Cluster) failure() error {
	for _, p := range c.processes {
		if err := p.failure(); err != nil {
			return err
		}
	}
	return nil
}

// Available is a condition for [Cluster.WaitFor]: the deployment's present version is rolled out and every replica is
// available.
func (c *Cluster) Available(namespace, name string) Condition {
	return c.deployment(namespace, name, func(d *appsv1.Deployment) bool {
		return d.Status.AvailableReplicas == *d.Spec.Replicas && d.Status.Replicas == *d.Spec.Replicas
	})
}

// Created is a condition for [Cluster.WaitFor]: the deployment's present version has all its pods, ready or not.
func (c *Cluster) Created(namespace, name string) Condition {
	return c.deployment(namespace, name, func(*appsv1.Deployment) bool { return true })
}

func (c *Cluster) deployment(namespace, name string, is func(*appsv1.Deployment) bool) Condition {
	return func(ctx context.Context) (bool, error) {
		d, err := c.Clientset.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		observed := d.Status.ObservedGeneration >= d.Generation && d.Status.UpdatedReplicas == *d.Spec.Replicas
		return observed && is(d), nil
	}
}

// Waiting is a condition for [Cluster.WaitFor]: some container of a pod with the label app=name waits for the reason, for
// instance CrashLoopBackOff.
func (c *Cluster) Waiting(namespace, app, reason string) Condition {
	return c.anyPod(namespace, app, func(pod corev1.Pod) bool {
		for _, status := range pod.Status.ContainerStatuses {
			if status.State.Waiting != nil && status.State.Waiting.Reason == reason {
				return true
			}
		}
		return false
	})
}

// Unschedulable is a condition for [Cluster.WaitFor]: the scheduler has said that it finds no node for some pod with the
// label app=name.
func (c *Cluster) Unschedulable(namespace, app string) Condition {
	return c.anyPod(namespace, app, func(pod corev1.Pod) bool {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodScheduled && condition.Reason == corev1.PodReasonUnschedulable {
				return true
			}
		}
		return false
	})
}

func (c *Cluster) anyPod(namespace, app string, is func(corev1.Pod) bool) Condition {
	return func(ctx context.Context) (bool, error) {
		pods, err := c.Clientset.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(pods.Items, is), nil
	}
}

// MetricsReady is a condition for [Cluster.WaitFor]: every running pod of the namespace has metrics. That takes 20 to 40
// seconds from the creation of a pod, which is two scrapes.
func (c *Cluster) MetricsReady(namespace string) Condition {
	return func(ctx context.Context) (bool, error) {
		pods, err := c.Clientset.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Running"})
		if err != nil {
			return false, err
		}
		path := "/apis/metrics.k8s.io/v1beta1/namespaces/" + namespace + "/pods"
		content, err := c.Clientset.Discovery().RESTClient().Get().AbsPath(path).DoRaw(ctx)
		if err != nil {
			return false, err
		}
		measured := &unstructured.UnstructuredList{}
		if err := measured.UnmarshalJSON(content); err != nil {
			return false, err
		}
		return len(measured.Items) > 0 && len(measured.Items) >= len(pods.Items), nil
	}
}

// newNode is the i-th node: an r6g.2xlarge of its own availability zone.
func newNode(i int) *corev1.Node {
	name := fmt.Sprintf("node-%d", i+1)
	room := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("64Gi"),
		corev1.ResourcePods: resource.MustParse("110"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelInstanceTypeStable: "r6g.2xlarge", corev1.LabelArchStable: "arm64",
				corev1.LabelTopologyRegion: "us-east-1", corev1.LabelTopologyZone: "us-east-1" + string(rune('a'+i%3)),
			},
			Annotations: map[string]string{"metrics.k8s.io/resource-metrics-path": "/metrics/nodes/" + name + "/metrics/resource"},
		},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
}
