package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"clanker/adapters"
)

// pageSize is how many objects one request asks for: what kubectl and the controllers use.
const pageSize = 500

// session is one read of one cluster: what was asked, what came, and the evidence.
type session struct {
	now     func() time.Time
	at      time.Time // when the read began: what everything in it is observed at
	cluster *cluster
	query   adapters.Query // its cluster is the context's name
	estate  estate
	others  []string // namespaces of contexts that are the same user of the same cluster: where to look besides the context's own

	mu      sync.Mutex
	sources []adapters.Source
	came    map[string]bool // whether a list came whole, by target and namespace; an empty namespace is all of them
	client  *rest.RESTClient
	secret  *credential // what client was made with
	renew   sync.Once   // refused credentials are renewed once in a read, not once in every list

	authors map[string]author // by UID; nil unless changes are read
	logging bool              // log lines are read: finished pods count

	index sync.Once        // guards owned
	owned map[string][]pod // pods by the ID of their top-level controller

	serviceIndex func() map[string]*corev1.Service // those that were read, by namespace/name
}

func (d *Driver) session(c *cluster, q adapters.Query) *session {
	q.Scope.Cluster = c.name
	s := &session{now: d.now, at: d.now(), cluster: c, query: q, came: map[string]bool{}}
	s.serviceIndex = sync.OnceValue(s.servicesByName)
	return s
}

// target is one list of the API.
type target struct {
	path       string // of the API group and version: /api/v1, /apis/apps/v1
	resource   string // pods
	namespaced bool
	fields     string // field selector
	labels     string // label selector
	metadata   bool   // ask for the objects' metadata alone
	optional   bool   // an API that clusters may lack: then there are no such objects
	tool       string // how kubectl spells the read, when it is not "get RESOURCE"
}

// key tells targets apart: there are nodes in the core and in the metrics API.
func (t target) key() string { return t.path + "/" + t.resource }

// group returns the API group, empty for the core.
func (t target) group() string {
	if parts := strings.Split(t.path, "/"); len(parts) == 4 {
		return parts[2]
	}
	return ""
}

// list is what a list type of the API has to be.
type list[L any] interface {
	*L
	runtime.Object
	metav1.ListInterface
}

// pages reads all of a target and hands it over page by page. A read of the whole cluster that is not permitted is tried
// again in the namespaces that the user's contexts name; the evidence says what that left out.
func pages[L any, P list[L]](ctx context.Context, s *session, t target, visit func(P)) {
	namespace := ""
	if t.namespaced {
		namespace = s.query.Scope.Namespace
	}
	err := readPages[L, P](ctx, s, t, namespace, visit)
	if t.namespaced && namespace == "" && apierrors.IsForbidden(err) {
		for _, own := range s.own() {
			_ = readPages[L, P](ctx, s, t, own, visit) // its failure is in the evidence
		}
	}
}

// own are the namespaces that the user's contexts name.
func (s *session) own() []string { return append([]string{s.cluster.namespace}, s.others...) }

func readPages[L any, P list[L]](ctx context.Context, s *session, t target, namespace string, visit func(P)) error {
	start, count, next := s.now(), 0, ""
	for {
		page := P(new(L))
		err := s.call(ctx, func(client *rest.RESTClient) error {
			return request(client, t, namespace).Param("limit", strconv.Itoa(pageSize)).Param("continue", next).Do(ctx).Into(page)
		})
		if token := resumable(err); token != "" {
			next = token
			continue
		}
		if err != nil {
			if s.unserved(ctx, t, err) {
				return nil
			}
			s.record(t, namespace, start, count, err)
			return err
		}
		visit(page)
		count += meta.LenList(page)
		if next = page.GetContinue(); next == "" {
			s.record(t, namespace, start, count, nil)
			return nil
		}
	}
}

// unserved looks behind a refusal: the API server also forbids what it does not have, and an API that the cluster lacks
// was neither read nor left out. Every user may ask which APIs there are.
func (s *session) unserved(ctx context.Context, t target, err error) bool {
	var group metav1.APIResourceList
	return t.optional && apierrors.IsForbidden(err) && apierrors.IsNotFound(s.raw(ctx, t.path, &group))
}

// resumable returns the token to go on with when the one we had expired between two pages: the API server offers one for
// the rest of the list as it is now. Starting again could go on for ever in a busy cluster.
func resumable(err error) string {
	if status, ok := err.(apierrors.APIStatus); ok && apierrors.IsResourceExpired(err) {
		return status.Status().Continue
	}
	return ""
}

func request(client *rest.RESTClient, t target, namespace string) *rest.Request {
	path := []string{t.path}
	if namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	r := client.Get().AbsPath(append(path, t.resource)...)
	if t.fields != "" {
		r.Param("fieldSelector", t.fields)
	}
	if t.labels != "" {
		r.Param("labelSelector", t.labels)
	}
	if t.metadata {
		const as = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
		r.SetHeader("Accept", runtime.ContentTypeProtobuf+as+","+runtime.ContentTypeJSON+as)
	}
	return r
}

// connect returns the connection of this read. It is made once: credentials that are about to expire last until its end.
func (s *session) connect(ctx context.Context) (*rest.RESTClient, *credential, error) {
	s.mu.Lock()
	client, secret := s.client, s.secret
	s.mu.Unlock()
	if client != nil {
		return client, secret, nil
	}
	client, secret, err := s.cluster.connect(ctx, s.now())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client, s.secret = client, secret
	return client, secret, err
}

// refused drops the connection of this read and the credentials it was made with.
func (s *session) refused(secret *credential) {
	s.cluster.plugin.refused(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = nil
}

// call makes a request. When the API server refuses credentials that a plugin made, the plugin is asked for new ones once.
func (s *session) call(ctx context.Context, do func(*rest.RESTClient) error) error {
	client, secret, err := s.connect(ctx)
	if err != nil {
		return err
	}
	err = do(client)
	if s.cluster.plugin == nil || !apierrors.IsUnauthorized(err) {
		return err
	}
	s.renew.Do(func() { s.refused(secret) })
	client, renewed, connectErr := s.connect(ctx)
	if connectErr != nil || renewed == secret {
		return cmp.Or(connectErr, err)
	}
	return do(client)
}

// record notes the evidence of one list.
func (s *session) record(t target, namespace string, start time.Time, count int, err error) {
	source := adapters.Source{
		Provider: Provider, Call: s.spell(t, namespace), Scope: adapters.Scope{Cluster: s.cluster.name, Namespace: namespace},
		At: start.UTC(), Took: s.now().Sub(start), Count: count,
	}
	absent := t.optional && apierrors.IsNotFound(err)
	if apierrors.IsForbidden(err) && t.incidental(s.query) {
		s.inVain(t, namespace)
		return
	}
	if err != nil && !absent {
		source.Error = s.explain(t, namespace, err)
	}
	s.add(source, t)
}

// inVain notes that a list was asked for in vain, which is no evidence of anything.
func (s *session) inVain(t target, namespace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := t.key() + " " + namespace
	if _, asked := s.came[key]; !asked {
		s.came[key] = false
	}
}

func (s *session) add(source adapters.Source, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, source)
	s.came[t.key()+" "+source.Scope.Namespace] = source.Error == nil
}

// missing reports whether a list did not come for the namespace, or only in part, so that nothing may be concluded from
// what is not in it. The list of the whole cluster may be refused and that of one namespace not.
func (s *session) missing(namespace string, targets ...target) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(targets, func(t target) bool {
		whole, asked := s.came[t.key()+" "]
		own, askedOwn := s.came[t.key()+" "+namespace]
		return (asked || askedOwn) && !whole && !own
	})
}

// spell writes the read as one would type it.
func (s *session) spell(t target, namespace string) string {
	call := "kubectl " + cmp.Or(t.tool, "get "+t.resource)
	switch {
	case namespace != "":
		call += " -n " + shellQuote(namespace)
	case t.namespaced:
		call += " -A"
	}
	if t.labels != "" {
		call += " -l " + shellQuote(t.labels)
	}
	if t.fields != "" {
		call += " --field-selector " + shellQuote(t.fields)
	}
	return call + " --context " + shellQuote(s.cluster.name)
}

// close returns the evidence, sorted, each with the identity. When everything failed for one reason, as when the cluster
// is down, that is said once.
func (s *session) close() []adapters.Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortStableFunc(s.sources, func(a, b adapters.Source) int { return cmp.Compare(a.Call, b.Call) })
	if len(s.sources) > 1 && s.allFailedAlike() {
		s.sources = s.sources[:1]
		s.sources[0].Scope.Namespace = s.query.Scope.Namespace
		s.sources[0].Error.What = "everything in context " + s.cluster.name
	}
	identity := s.cluster.who()
	for i := range s.sources {
		s.sources[i].Identity = identity
	}
	return s.sources
}

func (s *session) allFailedAlike() bool {
	return !slices.ContainsFunc(s.sources, func(source adapters.Source) bool {
		return source.Error == nil || source.Error.Reason != s.sources[0].Error.Reason || source.Error.Reason == adapters.PermissionDenied ||
			source.Error.Reason == adapters.FeatureDisabled
	})
}
