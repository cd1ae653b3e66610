package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"

	"clanker/adapters"
)

// Connections implements [adapters.Adapter]: one entry for each context and for each file that cannot be read.
func (d *Driver) Connections(ctx context.Context) []adapters.Connection {
	config := d.kubeconfig()
	connections := make([]adapters.Connection, len(config.clusters))
	var wait sync.WaitGroup
	for i, c := range config.clusters {
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(quiet(ctx), d.budget(ctx))
			defer cancel()
			connections[i] = d.session(c, adapters.Query{}).connection(ctx)
			connections[i].Detail = strings.Trim(connections[i].Detail+"; "+config.sameAs(c), "; ")
		})
	}
	wait.Wait()
	for _, b := range config.broken {
		connections = append(connections, adapters.Connection{
			Provider: Provider, Name: cmp.Or(b.context, b.file), Scope: adapters.Scope{Cluster: b.context}, Problem: b.problem,
		})
	}
	slices.SortStableFunc(connections, func(a, b adapters.Connection) int { return cmp.Compare(a.Name, b.Name) })
	return connections
}

// connection asks for the server's version, who we are, and whether that user may read anything.
func (s *session) connection(ctx context.Context) adapters.Connection {
	c := adapters.Connection{Provider: Provider, Name: s.cluster.name, Scope: s.scope("", nil), Default: s.cluster.current}
	var info version.Info
	if err := s.raw(ctx, "/version", &info); err != nil {
		c.Problem = s.cluster.explain(err)
		c.Problem.What = "context " + s.cluster.name
	} else if err := s.identify(ctx); err != nil { // /version is open to all; who we are needs valid credentials
		c.Problem = s.cluster.explain(err)
		c.Problem.What = "context " + s.cluster.name
	} else {
		c.Problem = s.barred(ctx)
	}
	c.Detail, c.Identity = info.GitVersion, s.cluster.who()
	return c
}

// telling are the lists of which a user of any use may read one.
var telling = []*source{pods, deployments, services, namespaces, nodes}

// barred says what is missing when the user may list nothing in the context's namespace, and nothing of the whole cluster. A
// user who may read anything costs one small request.
func (s *session) barred(ctx context.Context) *adapters.SourceError {
	var first *adapters.SourceError
	for _, source := range telling {
		t, namespace := source.target, ""
		t.metadata = true
		if t.namespaced {
			namespace = s.cluster.namespace
		}
		err := s.call(ctx, func(client *rest.RESTClient) error {
			return request(client, t, namespace).Param("limit", "1").Do(ctx).Error()
		})
		if !apierrors.IsForbidden(err) {
			return nil // what else is wrong is told by the reads
		}
		if first == nil {
			first = s.explain(t, namespace, err)
			first.What = "everything in context " + s.cluster.name
		}
	}
	return first
}

// identify asks the API server who we are, once for each connection: an identity lasts as long as its credentials.
func (s *session) identify(ctx context.Context) error {
	if s.cluster.known() != "" {
		return nil
	}
	var review authenticationv1.SelfSubjectReview
	review.APIVersion, review.Kind = "authentication.k8s.io/v1", "SelfSubjectReview"
	err := s.call(ctx, func(client *rest.RESTClient) error {
		return client.Post().AbsPath("/apis/authentication.k8s.io/v1/selfsubjectreviews").Body(&review).Do(ctx).Into(&review)
	})
	if denied(err) {
		return nil // an old server, or one that does not tell: the kubeconfig's user has to do
	}
	if err == nil {
		s.cluster.know(review.Status.UserInfo.Username)
	}
	return err
}

func (c *cluster) know(identity string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.identity = identity
}

func (c *cluster) known() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.identity
}

// who is the identity as the API server says it, or else the kubeconfig's user.
func (c *cluster) who() string { return cmp.Or(c.known(), c.user, "unknown") }
