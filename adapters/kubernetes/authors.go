package kubernetes

import (
	"cmp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// author is who last wrote to an object's pod template, to its number of replicas, and to its data.
type author struct {
	template, scale written
	data            written
	scaled          bool   // somebody scaled it by itself, as autoscalers and kubectl scale do
	scaler          string // who that was, if the API keeps no time of it
	via             tools
}

// tools are the names under which the tools that roll things out know an object, as they wrote them on it.
type tools struct{ argocd, kustomize, helm string }

// The labels and annotations by which those tools know their objects again.
const (
	argocdLabel    = "argocd.argoproj.io/instance"
	argocdTracking = "argocd.argoproj.io/tracking-id" // APPLICATION:GROUP/KIND:NAMESPACE/NAME
	kustomizeLabel = "kustomize.toolkit.fluxcd.io/name"
	fluxHelmLabel  = "helm.toolkit.fluxcd.io/name"
	helmAnnotation = "meta.helm.sh/release-name"
)

func toolsOf(object metav1.Object) tools {
	labels, annotations := object.GetLabels(), object.GetAnnotations()
	application, _, _ := strings.Cut(annotations[argocdTracking], ":")
	return tools{
		argocd:    cmp.Or(application, labels[argocdLabel]),
		kustomize: labels[kustomizeLabel],
		helm:      cmp.Or(labels[fluxHelmLabel], annotations[helmAnnotation]),
	}
}

// of names what a tool rolled out, when it is the manager: another one's edit is not the tool's doing, whatever it wrote on the
// object before.
func (t tools) of(manager string) string {
	for _, tool := range []struct{ manager, what, name string }{
		{"argocd", "application", t.argocd}, {"kustomize-controller", "kustomization", t.kustomize}, {"helm", "release", t.helm},
	} {
		if strings.HasPrefix(manager, tool.manager) && tool.name != "" {
			return tool.what + " " + oneLine(tool.name)
		}
	}
	return ""
}

// actor spells who wrote something: the manager, for what it did so, and what was written down about it.
func (a author) actor(manager, cause string) string {
	if manager == "" {
		return oneLine(cause)
	}
	notes := slices.DeleteFunc([]string{a.via.of(manager), oneLine(cause)}, func(note string) bool { return note == "" })
	if len(notes) == 0 {
		return manager
	}
	return manager + " (" + strings.Join(notes, "; ") + ")"
}

// written is the last writing of a field. Who it was is empty when two did within one second: which was last is not kept.
type written struct {
	by string
	at time.Time
}

// authorship is how long after a writing the controllers may take to act on it.
const authorship = 10 * time.Second

// around returns who wrote at about that time, if it is known.
func (w written) around(at time.Time) string {
	if w.at.IsZero() || w.at.Sub(at).Abs() > authorship {
		return ""
	}
	return w.by
}

func (w *written) note(m metav1.ManagedFieldsEntry) {
	switch {
	case m.Time == nil || m.Time.Time.Before(w.at):
	case m.Time.Time.After(w.at):
		*w = written{m.Manager, m.Time.Time}
	case m.Manager != w.by:
		w.by = ""
	}
}

// note remembers who wrote what, before the managed fields are dropped.
func (s *session) note(object metav1.Object) {
	a := author{via: toolsOf(object)}
	for _, m := range object.GetManagedFields() {
		if m.FieldsV1 == nil || m.Subresource == "status" {
			continue
		}
		fields := m.FieldsV1.GetRawString()
		if strings.Contains(fields, `"f:template"`) {
			a.template.note(m)
		}
		if strings.Contains(fields, `"f:data"`) || strings.Contains(fields, `"f:binaryData"`) {
			a.data.note(m)
		}
		if strings.Contains(fields, `"f:replicas"`) {
			a.noteScale(m)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.authors[string(object.GetUID())] = a
}

func (a *author) noteScale(m metav1.ManagedFieldsEntry) {
	a.scale.note(m)
	if m.Subresource != "scale" {
		return
	}
	if a.scaler = m.Manager; a.scaled || m.Time != nil {
		a.scaler = ""
	}
	a.scaled = true
}

// apart reports whether the number of replicas was written by itself, and not together with the template.
func (a author) apart() bool {
	return a.scaled || !a.scale.at.IsZero() && a.scale != a.template
}

// scaledSince reports whether the number of replicas was written after the object was made.
func (a author) scaledSince(made time.Time) bool {
	return a.scaled || a.scale.at.Sub(made) > authorship
}
