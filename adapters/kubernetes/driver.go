package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"clanker/adapters"
)

// Provider is the name of this driver, and the first part of every ID it makes.
const Provider = "kubernetes"

// Options says where the kubeconfig is. The zero value follows kubectl: $KUBECONFIG, a list, then ~/.kube/config, then the
// cluster this runs in.
type Options struct {
	Kubeconfig string           // file, or a list of files as in $KUBECONFIG
	Now        func() time.Time // the clock; nil means time.Now
	Timeout    time.Duration    // most that one context may take; 0 means a little below the caller's deadline
	Pod        string           // folder of the service account when this runs in a cluster; empty means where Kubernetes mounts it
}

// pod is the folder of the service account, or nothing when a kubeconfig was asked for.
func (o Options) pod() string {
	if o.Kubeconfig != "" {
		return ""
	}
	return cmp.Or(o.Pod, "/var/run/secrets/kubernetes.io/serviceaccount")
}

// Driver reads the clusters of a kubeconfig. It is safe for concurrent use.
type Driver struct {
	options Options
	now     func() time.Time

	mu     sync.Mutex
	loaded *kubeconfig // what the files held when they were last read
}

var (
	_ adapters.Adapter = (*Driver)(nil)
	_ adapters.Changer = (*Driver)(nil)
	_ adapters.Logger  = (*Driver)(nil)
)

// Open returns the driver. It reads nothing and never fails: what is wrong with the kubeconfig is told by
// [Driver.Connections] and by the Sources of each read.
func Open(o Options) *Driver {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Driver{options: o, now: o.Now}
}

// Name implements [adapters.Adapter].
func (d *Driver) Name() string { return Provider }

// Kinds implements [adapters.Adapter].
func (d *Driver) Kinds() []adapters.Kind {
	var kinds []adapters.Kind
	for _, row := range table {
		kinds = append(kinds, row.kind)
	}
	slices.Sort(kinds)
	return kinds
}

// List implements [adapters.Adapter].
func (d *Driver) List(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	rows := rowsFor(q)
	if len(rows) == 0 {
		return nil, nil, nil
	}
	found, sources, err := fanOut(ctx, d, q, func(s *session, ctx context.Context) []adapters.Resource {
		return s.list(ctx, rows)
	})
	slices.SortFunc(found, func(a, b adapters.Resource) int { return cmp.Compare(a.ID, b.ID) })
	return found, sources, err
}

// fanOut reads every cluster that the query concerns in parallel, each through one of its contexts, and puts together what
// they bring. A cluster that is not done when its deadline ends is a failed Source; it cannot hold up the others.
func fanOut[T any](ctx context.Context, d *Driver, q adapters.Query, read func(*session, context.Context) []T) ([]T, []adapters.Source, error) {
	config := d.kubeconfig()
	chosen, problems := config.choose(q.Scope.Cluster)
	sources := d.problemSources(problems)
	if len(chosen) == 0 && len(problems) > 0 {
		return nil, sources, problems[0].problem
	}
	type part struct {
		found   []T
		sources []adapters.Source
	}
	groups := perCluster(chosen, q.Scope.Cluster)
	parts := make([]part, len(groups))
	var wait sync.WaitGroup
	for i, group := range groups {
		wait.Go(func() { parts[i].found, parts[i].sources = readOne(ctx, d, group, q, read) })
	}
	wait.Wait()
	var found []T
	for _, p := range parts {
		found, sources = append(found, p.found...), append(sources, p.sources...)
	}
	return found, sources, nil
}

// readOne reads one cluster through the first of its contexts whose credentials count there. When none do, the evidence is
// that of the first.
func readOne[T any](ctx context.Context, d *Driver, group []*cluster, q adapters.Query, read func(*session, context.Context) []T) ([]T, []adapters.Source) {
	var told []adapters.Source
	for i, c := range group {
		s := d.session(c, q)
		s.others = c.namespacesOf(group)
		found := within(ctx, d.budget(ctx), s, read)
		sources := s.close()
		if !turnedAway(sources) {
			return found, sources
		}
		if i == 0 {
			told = sources
		}
	}
	return nil, told
}

// within runs read with its own deadline. What read has when its time is over is what it returns.
func within[T any](ctx context.Context, budget time.Duration, s *session, read func(*session, context.Context) []T) []T {
	ctx, cancel := context.WithTimeout(quiet(ctx), budget)
	defer cancel()
	return read(s, ctx)
}

// budget is the time one context gets: nine tenths of what the caller has left, so that what the others brought is handed
// over in time.
func (d *Driver) budget(ctx context.Context) time.Duration {
	budget := cmp.Or(d.options.Timeout, adapters.DefaultDeadline)
	if deadline, ok := ctx.Deadline(); ok {
		budget = min(budget, time.Until(deadline)*9/10)
	}
	return budget
}

// problemSources turns what is wrong with the kubeconfig into evidence.
func (d *Driver) problemSources(problems []broken) []adapters.Source {
	var sources []adapters.Source
	for _, b := range problems {
		sources = append(sources, adapters.Source{
			Provider: Provider, Call: "kubectl config view", Scope: adapters.Scope{Cluster: b.context}, At: d.now(), Error: b.problem,
		})
	}
	return sources
}
