package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"golang.org/x/sync/errgroup"

	"clanker/adapters"
)

// atOnce is how many lists of one cluster are read at the same time.
const atOnce = 8

// source is one list of the API, and how it gets into the estate.
type source struct {
	target target
	read   func(context.Context, *session)
	wanted func(adapters.Query) bool // nil: whenever a kind that is asked for is made from it
}

// kept makes the source of a list whose objects are kept as they are, less what no answer needs.
func kept[L any, P list[L], T any](t target, items func(P) []T, slot func(*estate) *[]T) *source {
	return &source{target: t, read: func(ctx context.Context, s *session) {
		pages(ctx, s, t, func(page P) {
			objects := items(page)
			for i := range objects {
				if object, ok := any(&objects[i]).(metav1.Object); ok {
					if s.authors != nil {
						s.note(object)
					}
					strip(object)
				}
			}
			into := slot(&s.estate)
			*into = append(*into, objects...)
		})
	}}
}

// metadataOf makes the source of a list of which the metadata alone is read.
func metadataOf(t target, slot func(*estate) *[]metav1.PartialObjectMetadata) *source {
	t.metadata = true
	return kept(t, func(l *metav1.PartialObjectMetadataList) []metav1.PartialObjectMetadata { return l.Items }, slot)
}

// annotationsKept are the annotations that the driver reads. None of them gets into an answer as it is.
var annotationsKept = []string{revisionAnnotation, desiredAnnotation, causeAnnotation, writtenAnnotation}

// writtenAnnotation is not the cluster's: it keeps when an object was written last, as its managed fields say, which are dropped.
const writtenAnnotation = "clanker/written"

// dated notes when endpoint slices were written last.
func dated(slices []discoveryv1.EndpointSlice) []discoveryv1.EndpointSlice {
	for i := range slices {
		var last metav1.Time
		for _, m := range slices[i].ManagedFields {
			if m.Time != nil && last.Before(m.Time) {
				last = *m.Time
			}
		}
		metav1.SetMetaDataAnnotation(&slices[i].ObjectMeta, writtenAnnotation, timestamp(&last))
	}
	return slices
}

// strip drops what can be large and is not needed: ten thousand objects have to fit.
func strip(object metav1.Object) {
	object.SetManagedFields(nil)
	var few map[string]string
	for _, key := range annotationsKept {
		if value, ok := object.GetAnnotations()[key]; ok {
			if few == nil {
				few = map[string]string{}
			}
			few[key] = value
		}
	}
	object.SetAnnotations(few)
}

// list reads what the rows are made from, at the same time and each list once, and derives the resources.
func (s *session) list(ctx context.Context, rows []row) []adapters.Resource {
	if !s.reach(ctx) {
		return nil
	}
	s.readAll(ctx, s.sourcesOf(rows))
	var found []adapters.Resource
	for _, row := range rows {
		for _, r := range s.built(row) {
			if s.query.Matches(r) {
				found = append(found, r)
			}
		}
	}
	return found
}

// reach connects, so that missing credentials are told once and not by every list.
func (s *session) reach(ctx context.Context) bool {
	start := s.now()
	_, _, err := s.connect(ctx)
	if err != nil {
		s.record(target{resource: "credentials", tool: "auth whoami"}, s.query.Scope.Namespace, start, 0, err)
	}
	return err == nil
}

func (s *session) readAll(ctx context.Context, sources []*source) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	group.Go(func() error {
		_ = s.identify(ctx) // for the evidence; if it fails, so does what was asked for, and that is told
		return nil
	})
	for _, source := range sources {
		group.Go(func() error {
			source.read(ctx, s)
			return nil
		})
	}
	_ = group.Wait() // each source tells its own failure
}

// sourcesOf returns what the rows are made from, without doubles. Where names suffice it is the metadata of the kinds' own
// lists.
func (s *session) sourcesOf(rows []row) []*source {
	var sources []*source
	for _, row := range rows {
		if s.query.NamesOnly && row.named {
			sources = append(sources, s.namesOf(row))
			continue
		}
		for _, source := range row.from {
			if !slices.Contains(sources, source) && (source.wanted == nil || source.wanted(s.query)) {
				sources = append(sources, source)
			}
		}
	}
	return sources
}

func (s *session) built(row row) []adapters.Resource {
	switch {
	case !s.query.NamesOnly || !row.named:
		return row.build(s)
	case row.kind == adapters.KindNamespace && s.missing("", namespaces.target) && s.answered():
		return s.ownNamespaces()
	}
	return s.estate.names[row.kind]
}

// answered reports whether anything could be read.
func (s *session) answered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.sources, func(source adapters.Source) bool { return source.Error == nil })
}

// ownNamespaces are the namespaces that the user's contexts name, for a user who may not list namespaces: people ask by them.
func (s *session) ownNamespaces() []adapters.Resource {
	var found []adapters.Resource
	for _, name := range s.own() {
		found = append(found, s.resource(adapters.KindNamespace, &metav1.ObjectMeta{Name: name}, state{}))
	}
	return found
}

// namesOf reads the names of one kind, and nothing else about it.
func (s *session) namesOf(row row) *source {
	t := row.from[0].target
	t.metadata = true
	return &source{target: t, read: func(ctx context.Context, s *session) {
		var names []adapters.Resource
		pages(ctx, s, t, func(page *metav1.PartialObjectMetadataList) {
			for i := range page.Items {
				names = append(names, s.resource(row.kind, &page.Items[i], state{}))
			}
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.estate.names == nil {
			s.estate.names = map[adapters.Kind][]adapters.Resource{}
		}
		s.estate.names[row.kind] = names
	}}
}

// raw reads a JSON document that is not a resource, as /version.
func (s *session) raw(ctx context.Context, path string, into any) error {
	return s.call(ctx, func(client *rest.RESTClient) error {
		body, err := client.Get().AbsPath(path).SetHeader("Accept", runtime.ContentTypeJSON).DoRaw(ctx)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, into); err != nil {
			return fmt.Errorf("%s does not answer like a Kubernetes API server: %w", s.cluster.base.Host, err)
		}
		return nil
	})
}

// denied reports whether the API server answered, but would not tell.
func denied(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) }
