package kubernetes

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

// routine are the reasons of the events that are the most by far and tell of nothing but work done: the API server leaves them
// out.
var routine = []string{
	"Scheduled", "Pulling", "Pulled", "Created", "Started", "SuccessfulCreate", "SuccessfulDelete", "SuccessfulAttachVolume",
	"Completed", "SawCompletedJob", "LeaderElection",
}

// notable are the reasons of the events that are changes: of things that went wrong, and of what the cluster did by itself.
// The rest says nothing that revisions and health do not.
var notable = []string{
	// of pods
	"BackOff", "Evicted", "ExceededGracePeriod", "Failed", "FailedAttachVolume", "FailedCreatePodSandBox", "FailedMount",
	"FailedPostStartHook", "FailedPreStopHook", "FailedScheduling", "Killing", "NetworkNotReady", "NodeNotReady", "OOMKilling",
	"Preempted", "TaintManagerEviction", "Unhealthy",
	// of controllers and claims
	"BackoffLimitExceeded", "DeadlineExceeded", "FailedCreate", "FailedDelete", "FailedComputeMetricsReplicas",
	"FailedGetResourceMetric", "FailedRescale", "ProvisioningFailed", "SuccessfulRescale", "VolumeResizeFailed",
	// of nodes
	"EvictionThresholdMet", "NodeHasDiskPressure", "NodeHasInsufficientMemory", "NodeHasInsufficientPID", "NodeNotSchedulable",
	"NodeReady", "NodeSchedulable", "Rebooted", "RegisteredNode", "RemovingNode", "SystemOOM",
}

// happenings are the events that changes are made from.
var happenings = kept(target{path: core, resource: "events", namespaced: true, fields: "reason!=" + strings.Join(routine, ",reason!=")},
	func(l *corev1.EventList) []corev1.Event { return l.Items },
	func(e *estate) *[]corev1.Event { return &e.events })

// tells reports whether an event is a change. A container is also killed whenever its pod goes, which is none: only one that
// its probe has killed says so.
func tells(e *corev1.Event) bool {
	return slices.Contains(notable, e.Reason) && (e.Reason != "Killing" || strings.Contains(e.Message, "probe"))
}

// happening is what the events of one reason tell about one thing: a thousand of them are one change.
type happening struct {
	of          adapters.Resource
	reason      string
	first, last time.Time
	count       int
	kind        string          // of the objects that the events are about: the pods of a workload
	objects     map[string]bool // their names
	message     string          // of the last event
}

// eventChanges are what happened to workloads, their pods taken together, and to nodes and other things, at the time at which it
// began.
func (s *session) eventChanges() []adapters.Change {
	known, found := s.workloads(), map[string]*happening{}
	for i := range s.estate.events {
		e := &s.estate.events[i]
		if !tells(e) {
			continue
		}
		if of, ok := s.about(e, known); ok {
			key := of.ID + " " + e.Reason
			if found[key] == nil {
				found[key] = &happening{of: of, reason: e.Reason, first: eventTime(e), kind: strings.ToLower(e.InvolvedObject.Kind), objects: map[string]bool{}}
			}
			found[key].add(e)
		}
	}
	var changes []adapters.Change
	for _, key := range slices.Sorted(maps.Keys(found)) {
		h := found[key]
		changes = append(changes, changeOf(h.of, adapters.EventField+h.reason, nil, h.text(), h.first, "", ""))
	}
	return changes
}

func (h *happening) add(e *corev1.Event) {
	if first := firstTime(e); first.Before(h.first) {
		h.first = first
	}
	if at, message := eventTime(e), oneLine(e.Message); cmp.Or(at.Compare(h.last), cmp.Compare(message, h.message)) > 0 {
		h.last, h.message = at, message
	}
	h.count += int(eventCount(e))
	h.objects[e.InvolvedObject.Name] = true
}

// text is the message of the last event, with how many there were before it.
func (h *happening) text() string {
	if h.count == 1 {
		return cmp.Or(h.message, h.reason)
	}
	times := adapters.Count(h.count, "time")
	if len(h.objects) > 1 {
		times += " in " + adapters.Count(len(h.objects), h.kind)
	}
	return join(times+" until "+h.last.UTC().Format(time.RFC3339), h.message)
}

// firstTime is when what an event tells was seen first.
func firstTime(e *corev1.Event) time.Time {
	switch {
	case !e.FirstTimestamp.IsZero():
		return e.FirstTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return eventTime(e)
}

// about returns what an event is about, as far as the query asks for it: the workload at the top, or else the thing itself.
func (s *session) about(e *corev1.Event, known map[string]metav1.Object) (adapters.Resource, bool) {
	kind, ok := ownerKinds[e.InvolvedObject.Kind]
	if !ok {
		return adapters.Resource{}, false
	}
	namespace, name := e.InvolvedObject.Namespace, e.InvolvedObject.Name
	object := known[s.id(kind, namespace, name)]
	if object == nil {
		object = &metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	itself := s.resource(kind, object, state{})
	if owner, ok := s.ownerOf(kind, namespace, name, known); ok {
		if object, read := known[s.id(owner.kind, namespace, owner.name)]; read {
			if top := s.resource(owner.kind, object, state{}); s.query.Matches(top) {
				return top, true
			}
		}
		itself.Relations = []adapters.Relation{s.relation(adapters.RelationOwnedBy, owner.kind, namespace, owner.name)}
	}
	return itself, s.query.Matches(itself)
}

// ownerOf is the workload that a pod or replica set belongs to: its replica set says so, or else its own name.
func (s *session) ownerOf(kind adapters.Kind, namespace, name string, known map[string]metav1.Object) (ref, bool) {
	var set string
	switch kind {
	case adapters.KindReplicaSet:
		set = name
	case adapters.KindPod:
		set, _, _ = cutLast(name)
	default: // its own top
		return ref{}, false
	}
	if object, ok := known[s.id(adapters.KindReplicaSet, namespace, set)]; ok {
		if owner := topOwner(object.GetOwnerReferences(), nil); owner.name != "" {
			return owner, true
		}
	}
	return controllerByName(kind, name)
}

// workloads are the controllers that were read, by ID.
func (s *session) workloads() map[string]metav1.Object {
	known := map[string]metav1.Object{}
	for i := range s.estate.deployments {
		d := &s.estate.deployments[i]
		known[s.id(adapters.KindDeployment, d.Namespace, d.Name)] = d
	}
	for i := range s.estate.replicaSets {
		set := &s.estate.replicaSets[i]
		known[s.id(adapters.KindReplicaSet, set.Namespace, set.Name)] = set
	}
	for i := range s.estate.statefulSets {
		set := &s.estate.statefulSets[i]
		known[s.id(adapters.KindStatefulSet, set.Namespace, set.Name)] = set
	}
	for i := range s.estate.daemonSets {
		set := &s.estate.daemonSets[i]
		known[s.id(adapters.KindDaemonSet, set.Namespace, set.Name)] = set
	}
	return known
}

// rescaler names the autoscaler that set a deployment to a size at about that time, with why; nobody if several of the namespace
// may have.
func (s *session) rescaler(namespace string, size int, at time.Time) string {
	var by []string
	for i := range s.estate.events {
		e := &s.estate.events[i]
		rescaled := e.Reason == "SuccessfulRescale" && e.InvolvedObject.Namespace == namespace && eventTime(e).Sub(at).Abs() <= authorship
		if _, why, ok := strings.Cut(e.Message, fmt.Sprintf("New size: %d; reason: ", size)); rescaled && ok {
			by = append(by, fmt.Sprintf("autoscaler %s (%s)", e.InvolvedObject.Name, oneLine(why)))
		}
	}
	slices.Sort(by)
	if by = slices.Compact(by); len(by) != 1 {
		return ""
	}
	return by[0]
}
