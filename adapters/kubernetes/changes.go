package kubernetes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"clanker/adapters"
)

const (
	causeAnnotation   = "kubernetes.io/change-cause"
	desiredAnnotation = "deployment.kubernetes.io/desired-replicas"
)

// controllerRevisions are what only changes are made from, as [happenings] are.
var controllerRevisions = kept(target{path: apps, resource: "controllerrevisions", namespaced: true},
	func(l *appsv1.ControllerRevisionList) []appsv1.ControllerRevision { return l.Items },
	func(e *estate) *[]appsv1.ControllerRevision { return &e.revisions })

// changeTable says from what the changes of a kind are read, and how; what is made from events alone is made for all kinds at
// once.
var changeTable = []struct {
	kind  adapters.Kind
	from  []*source
	build func(*session) []adapters.Change
}{
	{adapters.KindDeployment, sources(deployments, replicaSets, happenings), (*session).deploymentChanges},
	{adapters.KindStatefulSet, sources(statefulSets, controllerRevisions, happenings), (*session).statefulSetChanges},
	{adapters.KindDaemonSet, sources(daemonSets, controllerRevisions, happenings), (*session).daemonSetChanges},
	{adapters.KindRelease, sources(releases), (*session).releaseChanges},
	{adapters.KindConfig, sources(configMaps, secrets), (*session).configChanges},
	{adapters.KindPod, sources(happenings), nil},
	{adapters.KindJob, sources(happenings), nil},
	{adapters.KindNode, sources(happenings), nil},
	{adapters.KindAutoscaler, sources(happenings), nil},
	{adapters.KindVolumeClaim, sources(happenings), nil},
}

// Changes implements [adapters.Changer], from the revisions that the cluster keeps of each workload, from the writers of
// ConfigMaps and Secrets, and from events, which are gone after an hour in most clusters. Without q.Since it is the last change
// of each, and what its events tell; with it, all that the cluster still remembers.
func (d *Driver) Changes(ctx context.Context, q adapters.Query) ([]adapters.Change, []adapters.Source, error) {
	found, sources, err := fanOut(ctx, d, q, (*session).changes)
	slices.SortStableFunc(found, func(a, b adapters.Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Resource, b.Resource), adapters.CompareFields(a.Field, b.Field))
	})
	return found, sources, err
}

func (s *session) changes(ctx context.Context) []adapters.Change {
	s.authors = map[string]author{}
	var rows []row
	for _, c := range changeTable {
		if s.query.Wants(c.kind) {
			rows = append(rows, row{kind: c.kind, from: c.from})
		}
	}
	if len(rows) == 0 || !s.reach(ctx) {
		return nil
	}
	s.readAll(ctx, s.sourcesOf(rows))
	found := s.eventChanges()
	for _, c := range changeTable {
		if s.query.Wants(c.kind) && c.build != nil {
			found = append(found, c.build(s)...)
		}
	}
	return slices.DeleteFunc(found, func(c adapters.Change) bool {
		return c.At.IsZero() || c.At.Before(s.query.Since) || c.At.After(s.at)
	})
}

// revision is one version of a workload's pod template.
type revision struct {
	number   int64
	at       time.Time
	template *corev1.PodTemplateSpec
	cause    string // what whoever made it wrote down
	set      string // the replica set that runs it
	desired  string // how many the deployment was to have when the set was last scaled
}

// history makes the changes between the revisions of one workload: of the last two, or of all since the query's time. One that
// was never changed was last changed when it was made. replicas is how many it is to have, nil for kinds that do not say.
func (s *session) history(kind adapters.Kind, object metav1.Object, replicas *int32, revisions []revision) []adapters.Change {
	slices.SortFunc(revisions, func(a, b revision) int { return cmp.Compare(a.number, b.number) })
	of := s.resource(kind, object, state{})
	if !s.query.Matches(of) {
		return nil
	}
	var found []adapters.Change
	untouched := len(revisions) == 1 && revisions[0].number == 1
	switch made := object.GetCreationTimestamp(); {
	case untouched && !made.Time.Before(s.query.Since):
		found = s.creation(of, object, replicas, revisions[0].template)
	case s.query.Since.IsZero():
		revisions = revisions[max(0, len(revisions)-2):]
	case !made.Time.Before(s.query.Since):
		found = s.creation(of, object, nil, nil)
	}
	for i := 1; i < len(revisions); i++ {
		found = append(found, s.step(of, object, revisions[i-1], revisions[i], i == len(revisions)-1)...)
	}
	return found
}

// creation is a workload's first appearance, with what it was made of where that is known.
func (s *session) creation(of adapters.Resource, object metav1.Object, replicas *int32, template *corev1.PodTemplateSpec) []adapters.Change {
	made, a := object.GetCreationTimestamp().Time, s.authors[string(object.GetUID())]
	actor, event := a.actor(a.template.around(made), ""), object.GetName()+" created"
	found := []adapters.Change{changeOf(of, "resource", nil, "created", made, actor, event)}
	if template == nil {
		return found
	}
	for _, d := range diffTemplates(&corev1.PodTemplateSpec{}, template) {
		if strings.HasPrefix(d.field, "image") {
			found = append(found, changeOf(of, d.field, d.before, d.after, made, actor, event))
		}
	}
	if replicas != nil && !a.scaledSince(made) {
		found = append(found, changeOf(of, "replicas", nil, float64(*replicas), made, actor, event))
	}
	return found
}

// step makes the changes from one revision to the next. Who made it is known for the last one alone: the object remembers
// its last author only.
func (s *session) step(of adapters.Resource, object metav1.Object, before, after revision, last bool) []adapters.Change {
	a, by := s.authors[string(object.GetUID())], ""
	if last {
		by = a.template.around(after.at)
	}
	actor := a.actor(by, after.cause)
	event := fmt.Sprintf("%s revision %d", object.GetName(), after.number)
	var found []adapters.Change
	for _, d := range diffTemplates(before.template, after.template) {
		found = append(found, changeOf(of, d.field, d.before, d.after, after.at, actor, event))
	}
	return found
}

func changeOf(of adapters.Resource, field string, before, after any, at time.Time, actor, event string) adapters.Change {
	return adapters.Change{
		Resource: of.ID, Provider: Provider, Kind: of.Kind, Name: of.Name, Scope: of.Scope,
		Field: field, Before: before, After: after, At: utc(at), Actor: actor, Event: event,
	}
}

func (s *session) deploymentChanges() []adapters.Change {
	revisions := map[string][]revision{}
	for i := range s.estate.replicaSets {
		set := &s.estate.replicaSets[i]
		owner := topOwner(set.OwnerReferences, nil)
		if number, err := strconv.ParseInt(set.Annotations[revisionAnnotation], 10, 64); err == nil && owner.kind == adapters.KindDeployment {
			key := set.Namespace + "/" + owner.name
			revisions[key] = append(revisions[key], revision{
				number: number, at: set.CreationTimestamp.Time, template: &set.Spec.Template, set: set.Name,
				cause: set.Annotations[causeAnnotation], desired: set.Annotations[desiredAnnotation],
			})
		}
	}
	var found []adapters.Change
	for i := range s.estate.deployments {
		d := &s.estate.deployments[i]
		own := revisions[d.Namespace+"/"+d.Name]
		s.dateRollbacks(d, own)
		found = append(found, s.history(adapters.KindDeployment, d, d.Spec.Replicas, own)...)
		found = append(found, s.scalingChanges(d, own)...)
	}
	return found
}

// dateRollbacks corrects the time of a revision that went back to an earlier template: its replica set is as old as the
// template, and only the deployment knows when it was taken up again.
func (s *session) dateRollbacks(d *appsv1.Deployment, revisions []revision) {
	if len(revisions) < 2 {
		return
	}
	slices.SortFunc(revisions, func(a, b revision) int { return cmp.Compare(a.number, b.number) })
	last := &revisions[len(revisions)-1]
	if last.at.After(revisions[len(revisions)-2].at) {
		return
	}
	last.at = s.authors[string(d.UID)].template.at
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing && last.at.IsZero() {
			last.at = c.LastUpdateTime.Time
		}
	}
}

func (s *session) statefulSetChanges() []adapters.Change {
	revisions := s.controllerRevisions(adapters.KindStatefulSet)
	var found []adapters.Change
	for i := range s.estate.statefulSets {
		set := &s.estate.statefulSets[i]
		found = append(found, s.history(adapters.KindStatefulSet, set, set.Spec.Replicas, revisions[set.Namespace+"/"+set.Name])...)
	}
	return found
}

func (s *session) daemonSetChanges() []adapters.Change {
	revisions := s.controllerRevisions(adapters.KindDaemonSet)
	var found []adapters.Change
	for i := range s.estate.daemonSets {
		set := &s.estate.daemonSets[i]
		found = append(found, s.history(adapters.KindDaemonSet, set, nil, revisions[set.Namespace+"/"+set.Name])...)
	}
	return found
}

// controllerRevisions returns the templates that stateful sets and daemon sets keep, by namespace/name of their owner.
func (s *session) controllerRevisions(kind adapters.Kind) map[string][]revision {
	revisions := map[string][]revision{}
	for i := range s.estate.revisions {
		r := &s.estate.revisions[i]
		owner := topOwner(r.OwnerReferences, nil)
		var patch struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if owner.kind != kind || json.Unmarshal(r.Data.Raw, &patch) != nil { // other controllers keep other things in theirs
			continue
		}
		key := r.Namespace + "/" + owner.name
		revisions[key] = append(revisions[key], revision{
			number: r.Revision, at: r.CreationTimestamp.Time, template: &patch.Spec.Template, cause: r.Annotations[causeAnnotation],
		})
	}
	return revisions
}

// releaseChanges are helm's upgrades: from which revision to which, and when.
func (s *session) releaseChanges() []adapters.Change {
	grouped := s.releaseRevisions()
	var found []adapters.Change
	for _, key := range slices.Sorted(maps.Keys(grouped)) {
		revisions := grouped[key]
		if s.query.Since.IsZero() {
			revisions = revisions[max(0, len(revisions)-2):]
		}
		for i := 1; i < len(revisions); i++ {
			of := s.release(revisions[i])
			if s.query.Matches(of) {
				event := fmt.Sprintf("%s revision %s", of.Name, revisions[i].Labels["version"])
				found = append(found, changeOf(of, "revision", revisions[i-1].Labels["version"], revisions[i].Labels["version"],
					revisions[i].CreationTimestamp.Time, "helm", event))
			}
		}
	}
	return found
}
