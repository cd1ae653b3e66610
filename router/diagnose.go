package router

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/adapters"
)

// diagnosis is what was read about something that may not be well.
type diagnosis struct {
	parts   []adapters.Resource // what goes by the name, what it owns, and what leads to it
	around  []adapters.Resource // what it stands on or uses
	events  []adapters.Resource // warnings about any of them, newest first
	changes []adapters.Change   // the last of each part, newest first
	logs    []adapters.LogLine  // of the pods that fail, by time
	alike   []int               // how many lines each of them stands for
	logged  bool                // logs were asked for
}

// diagnosable are the kinds that people complain about, and of which their parts are. Others, which fewer people may read,
// are read when the name is known to be one of them.
var diagnosable = []adapters.Kind{
	adapters.KindPod, adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindReplicaSet,
	adapters.KindJob, adapters.KindCronJob, adapters.KindService, adapters.KindIngress, adapters.KindGateway,
	adapters.KindAutoscaler, adapters.KindInstance, adapters.KindDatabase, adapters.KindCache, adapters.KindQueue,
	adapters.KindFunction, adapters.KindBalancer,
}

// leading are the kinds that point at a workload, and whose trouble is a symptom of its own.
var leading = []adapters.Kind{adapters.KindService, adapters.KindIngress, adapters.KindGateway, adapters.KindAutoscaler}

// How much a diagnosis reads and shows.
const (
	tailOfFailing = 8         // log lines of each run of a failing pod
	tailOfErrors  = 5         // log lines that look like errors, of each pod of what seems healthy
	fewPods       = 10        // of more pods no logs are read on suspicion
	recently      = time.Hour // for warnings, and for errors in logs
	mostFailing   = 2         // failing pods whose logs are read
	mostEvents    = 5         // warnings shown
)

// diagnose answers why something is not well: it reads the named resource and its parts, then what they stand on, use and
// are reached through, warnings about them and the logs of what fails, and concludes by rule.
func (r *Router) diagnose(ctx context.Context, d *draft) error {
	var x diagnosis
	parts, changes := d.query, d.query
	parts.Kinds, parts.Since = d.diagnosable(), time.Time{}
	changes.Kinds, changes.Since = nil, time.Time{}
	if d.aboutLatency() {
		parts.Metrics = latencyMetrics
	}
	read, err := d.together(
		func() (adapters.Snapshot, error) { return r.workspace.Query(ctx, parts) },
		func() (adapters.Snapshot, error) { return r.deployments(ctx, changes) },
	)
	if err != nil {
		return err
	}
	x.parts, x.changes = read[0].Resources, read[1].Changes
	d.found = len(x.parts) > 0
	if !d.found {
		d.elsewhere()
		return nil
	}
	if d.query.Name == "" {
		x.parts = slices.DeleteFunc(x.parts, func(r adapters.Resource) bool { return !troubled(r) })
	}
	if err := r.lookAround(ctx, d, &x); err != nil {
		return err
	}
	return d.conclude(&x, r.now())
}

func (d *draft) diagnosable() []adapters.Kind {
	kinds := slices.Clone(diagnosable)
	for _, name := range d.names.Find(d.query.Name) {
		if !slices.Contains(kinds, name.Kind) {
			kinds = append(kinds, name.Kind)
		}
	}
	return kinds
}

// lookAround reads what surrounds the parts, and the logs of those that fail.
func (r *Router) lookAround(ctx context.Context, d *draft, x *diagnosis) error {
	reads := []func() (adapters.Snapshot, error){
		func() (adapters.Snapshot, error) { return r.workspace.Query(ctx, x.inward(r.now())) },
	}
	if q, ok := x.outward(); ok {
		reads = append(reads, func() (adapters.Snapshot, error) { return r.workspace.Query(ctx, q) })
	}
	for _, q := range x.logQueries(d.query, r.now()) {
		reads = append(reads, func() (adapters.Snapshot, error) { return r.workspace.Logs(ctx, q) })
		x.logged = true
	}
	read, err := d.together(reads...)
	if err != nil {
		return err
	}
	var resources []adapters.Resource
	for _, s := range read {
		resources = append(resources, s.Resources...)
		x.logs = append(x.logs, s.Logs...)
	}
	slices.SortStableFunc(x.logs, func(a, b adapters.LogLine) int { return a.At.Compare(b.At) })
	x.logs, x.alike = lastOfAlike(x.logs)
	x.relate(resources, r.now())
	return nil
}

// together makes several reads at once and takes them in, in order.
func (d *draft) together(reads ...func() (adapters.Snapshot, error)) ([]adapters.Snapshot, error) {
	snapshots, errs := make([]adapters.Snapshot, len(reads)), make([]error, len(reads))
	var wait sync.WaitGroup
	for i, read := range reads {
		wait.Go(func() { snapshots[i], errs[i] = read() })
	}
	wait.Wait()
	for i, s := range snapshots {
		if errs[i] != nil {
			return nil, errs[i]
		}
		d.read(s)
	}
	return snapshots, nil
}

// inward asks for what leads to the parts and tells about them, in the place that they share.
func (x *diagnosis) inward(now time.Time) adapters.Query {
	kinds := append([]adapters.Kind{adapters.KindEvent}, leading...)
	return adapters.Query{Providers: providersOf(x.parts), Kinds: kinds, Scope: shared(x.parts), Since: now.Add(-recently)}
}

// outward asks for what the parts stand on and use, if there is any that was not read yet.
func (x *diagnosis) outward() (adapters.Query, bool) { return queryOf(x.targets()) }

// queryOf asks for the resources of the IDs, as nearly as a query can; the names of configuration tell nothing.
func queryOf(ids map[string]bool) (adapters.Query, bool) {
	var q adapters.Query
	for target := range ids {
		if kind := adapters.IDKind(target); kind != adapters.KindConfig && !slices.Contains(q.Kinds, kind) {
			q.Kinds = append(q.Kinds, kind)
		}
		if provider := providerOf(target); !slices.Contains(q.Providers, provider) {
			q.Providers = append(q.Providers, provider)
		}
	}
	slices.Sort(q.Kinds)
	slices.Sort(q.Providers)
	return q, len(q.Kinds) > 0
}

// targets are the IDs that the parts point at and that are no parts themselves.
func (x *diagnosis) targets() map[string]bool {
	return targets(x.parts, "")
}

// targets are the IDs outside of the resources that these point at, by one type of relation or by any.
func targets(resources []adapters.Resource, by adapters.RelationType) map[string]bool {
	targets := map[string]bool{}
	for _, r := range resources {
		for _, rel := range r.Relations {
			if by == "" || rel.Type == by {
				targets[rel.Target] = true
			}
		}
	}
	for _, r := range resources {
		delete(targets, r.ID)
	}
	return targets
}

// logQueries asks for the logs of the pods that fail, and of their previous run; of a workload whose few pods all run, for
// recent errors.
func (x *diagnosis) logQueries(asked adapters.Query, now time.Time) []adapters.Query {
	var queries []adapters.Query
	pods := 0
	for _, part := range byCause(x.parts) {
		if part.Kind != adapters.KindPod {
			continue
		}
		pods++
		if !troubled(part) || neverStarted(part.Reason) || len(queries) >= 2*mostFailing {
			continue
		}
		q := adapters.Query{Providers: []string{part.Provider}, Name: part.Name, Scope: part.Scope, Log: adapters.LogFilter{Tail: tailOfFailing}}
		q.Scope.Zone, q.Scope.Environment = "", ""
		queries = append(queries, q)
		q.Log.Previous = true
		if part.Metrics[adapters.MetricRestarts] > 0 {
			queries = append(queries, q)
		}
	}
	if len(queries) == 0 && asked.Name != "" && 0 < pods && pods <= fewPods {
		asked.Kinds, asked.Since, asked.Log = nil, now.Add(-recently), adapters.LogFilter{Tail: tailOfErrors, Errors: true}
		queries = append(queries, asked)
	}
	return queries
}

// neverStarted reports whether a pod fails before any of its containers runs, so that there are no logs to read.
func neverStarted(reason string) bool {
	for _, why := range []string{"ImagePull", "ErrImage", "InvalidImage", "Unschedulable", "CreateContainer", "ContainerCreating", "FailedScheduling"} {
		if strings.Contains(reason, why) {
			return true
		}
	}
	return false
}

// relate keeps of what was read around the parts only what has to do with them: what leads to them becomes a part, what
// they point at is around them, and recent warnings about any of these are kept.
func (x *diagnosis) relate(resources []adapters.Resource, now time.Time) {
	under, own := x.targets(), map[string]bool{}
	for _, part := range x.parts {
		own[part.ID] = true
	}
	for range 2 { // an ingress leads to a service, which leads to a part
		for _, r := range resources {
			if slices.Contains(leading, r.Kind) && !own[r.ID] && !under[r.ID] && pointsAt(r, own) {
				own[r.ID] = true
				x.parts = append(x.parts, r)
			}
		}
	}
	for _, r := range resources {
		switch {
		case r.Kind == adapters.KindEvent && (warns(r, own, now) || warns(r, under, now)):
			x.events = append(x.events, r)
		case under[r.ID] && !holds(x.around, r.ID):
			x.around = append(x.around, r)
		}
	}
	slices.SortStableFunc(x.events, func(a, b adapters.Resource) int { return b.Since.Compare(a.Since) })
}

func pointsAt(r adapters.Resource, ids map[string]bool) bool {
	return slices.ContainsFunc(r.Relations, func(rel adapters.Relation) bool { return ids[rel.Target] })
}

// warns reports whether an event is a recent warning about one of the resources.
func warns(e adapters.Resource, about map[string]bool, now time.Time) bool {
	kind, _ := e.Attributes["type"].(string)
	return (about[involved(e)] || pointsAt(e, about)) && !strings.EqualFold(kind, "normal") && (e.Since.IsZero() || now.Sub(e.Since) <= recently)
}

// involved is the ID of the resource that an event tells about, from the attribute that spells it kind/name.
func involved(e adapters.Resource) string {
	spelled, _ := e.Attributes["involved"].(string)
	kind, name, _ := strings.Cut(spelled, "/")
	return adapters.NewID(e.Provider, adapters.Kind(strings.ToLower(kind)), e.Scope, name)
}

func holds(resources []adapters.Resource, id string) bool {
	return slices.ContainsFunc(resources, func(r adapters.Resource) bool { return r.ID == id })
}

// shared is the cluster, account and namespace that all resources have in common.
func shared(resources []adapters.Resource) adapters.Scope {
	if len(resources) == 0 {
		return adapters.Scope{}
	}
	first := resources[0].Scope
	s := adapters.Scope{Account: first.Account, Cluster: first.Cluster, Namespace: first.Namespace}
	for _, r := range resources {
		s.Account = same(s.Account, r.Scope.Account)
		s.Cluster = same(s.Cluster, r.Scope.Cluster)
		s.Namespace = same(s.Namespace, r.Scope.Namespace)
	}
	return s
}

func same(a, b string) string {
	if a == b {
		return a
	}
	return ""
}

func providersOf(resources []adapters.Resource) []string {
	var providers []string
	for _, r := range resources {
		providers = append(providers, r.Provider)
	}
	slices.Sort(providers)
	return slices.Compact(providers)
}

// providerOf returns the provider at the beginning of an ID.
func providerOf(id string) string {
	provider, _, _ := strings.Cut(id, "/")
	return provider
}
