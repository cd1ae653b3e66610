package adapters

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The time a driver gets: an answer with two reads in a row still arrives within 25 s when a cluster hangs.
const (
	DefaultDeadline = 12 * time.Second
	namesDeadline   = 4 * time.Second        // reading names only helps to understand a question
	probeDeadline   = 2 * time.Second        // a health check has to be quick
	grace           = 250 * time.Millisecond // for a driver to hand over what it has when its deadline ends
)

// Workspace reads all connected providers as one. It is safe for concurrent use; its fields may be set before the first
// use.
type Workspace struct {
	Deadline time.Duration    // how long each driver may take; [DefaultDeadline]
	Now      func() time.Time // the clock; [time.Now]
	Runners  []Runner         // of the tools whose commands can be run; each tool has one
	History  History          // keeps what was read; nil when nothing is kept
	Observe  func(Source)     // is told of every read of a provider when it has ended; nil when nobody counts them

	drivers []Adapter
	flights flights
	names   atomic.Pointer[Names]
}

// NewWorkspace returns a workspace over the drivers.
func NewWorkspace(drivers ...Adapter) *Workspace {
	return &Workspace{Deadline: DefaultDeadline, Now: time.Now, drivers: drivers}
}

// Query reads resources. Its error is that of ctx alone: what drivers could not read is in the snapshot's sources. A
// deadline of ctx shortens that of the drivers, so that what they have arrives before it.
func (w *Workspace) Query(ctx context.Context, q Query) (Snapshot, error) {
	snapshot, err := w.read(ctx, "list", q, w.Deadline, func(ctx context.Context, d Adapter) (part, error) {
		resources, sources, err := d.List(ctx, q)
		return part{resources: resources, sources: sources}, err
	})
	if err == nil {
		w.record(ctx, &snapshot)
	}
	return snapshot, err
}

// Changes reads what changed since q.Since from the providers' own records, drivers without a record are left out, and from
// what was seen to change.
func (w *Workspace) Changes(ctx context.Context, q Query) (Snapshot, error) {
	snapshot, err := w.read(ctx, "changes", q, w.Deadline, func(ctx context.Context, d Adapter) (part, error) {
		changer, ok := d.(Changer)
		if !ok {
			return part{}, nil
		}
		changes, sources, err := changer.Changes(ctx, q)
		return part{changes: changes, sources: sources}, err
	})
	if err == nil {
		w.recall(ctx, &snapshot)
	}
	return snapshot, err
}

// Logs reads what workloads wrote; drivers that cannot read logs are left out.
func (w *Workspace) Logs(ctx context.Context, q Query) (Snapshot, error) {
	return w.read(ctx, "logs", q, w.Deadline, func(ctx context.Context, d Adapter) (part, error) {
		logger, ok := d.(Logger)
		if !ok {
			return part{}, nil
		}
		lines, sources, err := logger.Logs(ctx, q)
		return part{logs: lines, sources: sources}, err
	})
}

// nameable are the kinds whose names people use in questions. Pods are not among them: there are too many, and their
// generated names are recognised by their shape.
var nameable = []Kind{
	KindCluster, KindNamespace, KindNode, KindNodePool, KindDeployment, KindStatefulSet, KindDaemonSet, KindJob, KindCronJob,
	KindService, KindIngress, KindGateway, KindRelease, KindInstance, KindDatabase, KindCache, KindQueue, KindBucket,
	KindFunction, KindBalancer, KindDNSZone, KindRepository, KindWorkflow,
}

// Names returns the names the workspace has seen, for the matcher to recognise them in questions. It reads them when none
// were read yet or when fresh is set, in the cheapest way the providers have. What cannot be read in a few seconds is
// missing from the set; it is never missing from an answer for that.
func (w *Workspace) Names(ctx context.Context, fresh bool) Names {
	if known := w.names.Load(); known != nil && !fresh {
		return *known
	}
	q := Query{Kinds: nameable, NamesOnly: true}
	snapshot, err := w.read(ctx, "names", q, namesDeadline, func(ctx context.Context, d Adapter) (part, error) {
		resources, sources, err := d.List(ctx, q)
		return part{resources: resources, sources: sources}, err
	})
	names := NamesOf(snapshot.Resources).Connected(w.Providers())
	if err == nil {
		w.names.Store(&names)
	}
	return names
}

// Connections says what every driver reaches and as whom, sorted by provider and name. A driver that does not tell in
// time is a connection with a problem.
func (w *Workspace) Connections(ctx context.Context) []Connection {
	ctx, cancel := context.WithTimeout(ctx, probeDeadline)
	defer cancel()
	found := make(chan []Connection, len(w.drivers))
	for _, driver := range w.drivers {
		go func() { found <- probe(ctx, driver) }()
	}
	var connections []Connection
	for range w.drivers {
		connections = append(connections, <-found...)
	}
	slices.SortFunc(connections, func(a, b Connection) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Name, b.Name))
	})
	return connections
}

// probe asks one driver, and gives up a moment after ctx ends.
func probe(ctx context.Context, driver Adapter) []Connection {
	found := make(chan []Connection, 1)
	go func() {
		defer func() {
			if failure := recover(); failure != nil {
				found <- []Connection{{Provider: driver.Name(), Problem: panicked(failure)}}
			}
		}()
		found <- redactConnections(driver.Connections(ctx))
	}()
	select {
	case connections := <-found:
		return connections
	case <-after(ctx):
		return []Connection{{Provider: driver.Name(), Problem: timedOut("connections", ctx.Err())}}
	}
}

// after returns a channel that closes a moment after ctx ends.
func after(ctx context.Context) <-chan struct{} {
	late := make(chan struct{})
	context.AfterFunc(ctx, func() { time.AfterFunc(grace, func() { close(late) }) })
	return late
}

// part is what one driver brought to a read. It is shared by all callers of a flight, so nobody writes to it.
type part struct {
	resources  []Resource
	changes    []Change
	logs       []LogLine
	sources    []Source
	demo       bool
	redactions map[string]int
}

// read asks all drivers that the query concerns, each in its own flight, and puts together what they bring.
func (w *Workspace) read(ctx context.Context, verb string, q Query, deadline time.Duration, call func(context.Context, Adapter) (part, error)) (Snapshot, error) {
	deadline = inTime(ctx, deadline)
	snapshot := Snapshot{Query: q, Sources: w.unserved(q), Redactions: map[string]int{}, At: w.Now()}
	concerned := slices.DeleteFunc(slices.Clone(w.drivers), func(d Adapter) bool { return !serves(d, q) })
	round := watched(ctx, concerned)
	for _, p := range together(concerned, func(d Adapter) part {
		defer round.landed(d.Name())
		return w.fly(ctx, verb, d, q, deadline, call)
	}) {
		snapshot.add(p)
	}
	snapshot.sort()
	return snapshot, ctx.Err()
}

// together calls all drivers at once, the first of them from here: with one driver there is nobody to wait for.
func together(drivers []Adapter, call func(Adapter) part) []part {
	parts := make([]part, len(drivers))
	var wait sync.WaitGroup
	for i := 1; i < len(drivers); i++ {
		wait.Go(func() { parts[i] = call(drivers[i]) })
	}
	if len(drivers) > 0 {
		parts[0] = call(drivers[0])
	}
	wait.Wait()
	return parts
}

// inTime shortens a deadline so that what drivers hand over at its end still reaches a caller whose own time is shorter.
func inTime(ctx context.Context, deadline time.Duration) time.Duration {
	end, ok := ctx.Deadline()
	if !ok {
		return deadline
	}
	return max(time.Millisecond, min(deadline, time.Until(end)-2*grace))
}

// fly joins the driver's flight for this read; a driver that outstays its deadline is a failed source.
func (w *Workspace) fly(ctx context.Context, verb string, driver Adapter, q Query, deadline time.Duration, call func(context.Context, Adapter) (part, error)) part {
	start := w.Now()
	found, err := w.flights.join(ctx, flightKey(verb, driver, q, deadline), deadline, func(ctx context.Context) part {
		return w.ask(ctx, verb, driver, q, call)
	})
	if err != nil {
		return part{sources: []Source{{Provider: driver.Name(), Call: verb, At: start, Took: w.Now().Sub(start), Error: timedOut(verb, err)}}}
	}
	return found
}

// ask makes the driver's call and returns what came of it, filtered and redacted. It is the choke point: nothing a driver
// says leaves the workspace otherwise.
func (w *Workspace) ask(ctx context.Context, verb string, driver Adapter, q Query, call func(context.Context, Adapter) (part, error)) part {
	start := w.Now()
	found, err := guarded(ctx, driver, call)
	if err != nil {
		found.sources = append(found.sources, Source{
			Provider: driver.Name(), Call: verb, At: start, Took: w.Now().Sub(start), Error: sourceError(verb, err),
		})
	}
	found.resources = slices.DeleteFunc(found.resources, func(r Resource) bool { return !q.Matches(r) })
	found.demo = isDemo(driver) && len(found.sources) > 0
	found = redact(found)
	sortResources(found.resources)
	w.observe(found)
	return found
}

func (w *Workspace) observe(p part) {
	if w.Observe == nil {
		return
	}
	for _, source := range p.sources {
		w.Observe(source)
	}
}

// guarded turns a driver's panic into an error: one broken driver must not take the others down.
func guarded(ctx context.Context, driver Adapter, call func(context.Context, Adapter) (part, error)) (found part, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			found, err = part{}, panicked(failure)
		}
	}()
	return call(ctx, driver)
}

func panicked(failure any) *SourceError {
	return &SourceError{Reason: Internal, Detail: fmt.Sprintf("the driver failed: %v", failure), Fix: "report this as a bug"}
}

// sourceError gives a driver's error the shape that answers need.
func sourceError(what string, err error) *SourceError {
	var known *SourceError
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return timedOut(what, err)
	default:
		return &SourceError{Reason: Unreachable, What: what, Detail: err.Error(), Err: err}
	}
}

func timedOut(what string, err error) *SourceError {
	return &SourceError{Reason: TimedOut, What: what, Detail: "no answer in time", Fix: "ask again, or narrow the question to one cluster or namespace", Err: err}
}

// serves reports whether the query concerns the driver: it names no provider, or one that the driver speaks for.
func serves(driver Adapter, q Query) bool {
	return len(q.Providers) == 0 || slices.ContainsFunc(providersOf(driver), func(p string) bool { return slices.Contains(q.Providers, p) })
}

// providersOf returns the providers a driver speaks for: its own name, unless it is a driver for several.
func providersOf(driver Adapter) []string {
	if several, ok := driver.(Several); ok {
		return several.Providers()
	}
	return []string{driver.Name()}
}

func isDemo(driver Adapter) bool {
	demo, ok := driver.(Fictional)
	return ok && demo.Demo()
}

// Providers are the providers that the workspace's drivers speak for, sorted.
func (w *Workspace) Providers() []string {
	var all []string
	for _, driver := range w.drivers {
		all = append(all, providersOf(driver)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// unserved returns a failed source for each provider asked for that no driver speaks for.
func (w *Workspace) unserved(q Query) []Source {
	var sources []Source
	for _, provider := range q.Providers {
		if !slices.ContainsFunc(w.drivers, func(d Adapter) bool { return slices.Contains(providersOf(d), provider) }) {
			sources = append(sources, Source{Provider: provider, Call: "none", At: w.Now(), Error: &SourceError{
				Reason: Unsupported, What: provider, Detail: "this version has no driver for " + provider,
				Fix: "`clanker providers` lists what is connected",
			}})
		}
	}
	return sources
}

func (s *Snapshot) add(p part) {
	s.Resources = merged(s.Resources, p.resources)
	s.Changes = append(s.Changes, p.changes...)
	s.Logs = append(s.Logs, p.logs...)
	s.Sources = append(s.Sources, p.sources...)
	s.Demo = s.Demo || p.demo
	for _, kind := range slices.Sorted(maps.Keys(p.redactions)) {
		s.Redactions[kind] += p.redactions[kind]
	}
}

// merged puts two sorted lists into a new one.
func merged(a, b []Resource) []Resource {
	both := slices.Concat(a, b)
	if len(a) > 0 && len(b) > 0 {
		sortResources(both)
	}
	return both
}

func sortResources(resources []Resource) {
	slices.SortStableFunc(resources, func(a, b Resource) int { return cmp.Compare(a.ID, b.ID) })
}

func (s *Snapshot) sort() {
	slices.SortStableFunc(s.Changes, func(a, b Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Resource, b.Resource), CompareFields(a.Field, b.Field))
	})
	slices.SortStableFunc(s.Logs, func(a, b LogLine) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Container, b.Container))
	})
	slices.SortStableFunc(s.Sources, func(a, b Source) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Scope.Cluster, b.Scope.Cluster), cmp.Compare(a.Call, b.Call))
	})
}

// flightKey identifies a read: the same verb of the same driver for the same query, with the same time for it, so that a
// caller in a hurry cuts nobody else short.
func flightKey(verb string, driver Adapter, q Query, deadline time.Duration) string {
	text, err := json.Marshal(q)
	if err != nil { // a year beyond 9999: such a read is shared with nobody
		return fmt.Sprintf("%s %s %p", verb, driver.Name(), &q)
	}
	return verb + " " + driver.Name() + " " + deadline.String() + " " + string(text)
}
