// Package adaptertest is the conformance suite that every driver passes. A driver's test is a few lines:
//
//	func TestConformance(t *testing.T) {
//		adaptertest.Run(t, adaptertest.Harness{
//			Open:   func(t *testing.T, f adaptertest.Fault) adapters.Adapter { return New(fakeProvider(t, f)) },
//			Faults: []adaptertest.Fault{adaptertest.Denied, adaptertest.Expired, adaptertest.Many},
//			Want:   []adaptertest.Want{{Kind: adapters.KindPod, Name: "web-1"}},
//		})
//	}
//
// Open builds the driver against a provider that does what the fault says, as close to the real one as can be: an HTTP
// server on loopback, so that the driver's own client, paging and error handling are what is tested. Each check opens a
// driver of its own, and its provider must not change while the check runs.
//
// The checks are sorted by concern: what a resource looks like (shape.go), what a read brings (list.go), changes and logs
// (records.go), what happens when the provider fails (faults.go), and that no secret comes out (secrets.go). The half of a
// provider that writes has a suite of its own: [Runner].
package adaptertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// Fault is what is wrong with the provider that [Harness.Open] opens a driver for.
type Fault string

// The faults. All but None are optional: see [Harness.Faults].
const (
	None      Fault = "none"
	Denied    Fault = "denied"    // signed in, but without permission for anything
	Expired   Fault = "expired"   // signed in too long ago
	Throttled Fault = "throttled" // every call is refused, to be made again after 7 s ([RetryAfter])
	Slow      Fault = "slow"      // every call hangs until the caller gives up
	Partial   Fault = "partial"   // some calls are refused, others answer
	Many      Fault = "many"      // at least two of the provider's pages: see [Harness.ManyKind]
	Canaries  Fault = "canaries"  // secrets wherever people leave them: see [Secrets]
)

// RetryAfter is how long a provider with the fault Throttled tells its callers to wait.
const RetryAfter = 7 * time.Second

// Harness says how to open a driver and what to expect of it.
type Harness struct {
	Open      func(t *testing.T, f Fault) adapters.Adapter
	Faults    []Fault          // those that the provider can have; [Run] logs which are left out
	Want      []Want           // resources that must be listed
	Logs      adapters.Query   // workloads that have written something, with None and Canaries; zero: logs are not tested
	ManyKind  adapters.Kind    // with Many: the kind that fills pages
	ManyCount int              // with Many: exactly how many of them there are
	Now       func() time.Time // the driver's clock; nil is the real one, and then calls must have taken time
}

// Want is one resource that must be listed. Scope fields that are empty are not compared.
type Want struct {
	Kind  adapters.Kind
	Name  string
	Scope adapters.Scope
}

// tb is what a check needs of [testing.T], so that the suite's own test can watch checks fail.
type tb interface {
	Helper()
	Errorf(format string, args ...any)
	FailNow()
	Context() context.Context
}

var _ tb = (*testing.T)(nil)

// check is one promise of [adapters.Adapter], kept or broken by a driver whose provider has the fault.
type check struct {
	name  string
	fault Fault
	run   func(t tb, d adapters.Adapter, h Harness)
}

// checks is the whole suite.
func checks() []check {
	return slices.Concat(shapeChecks(), listChecks(), recordChecks(), faultChecks(), secretChecks())
}

// Run checks a driver. Checks whose fault the harness does not have are left out, and named in the test's log.
func Run(t *testing.T, h Harness) {
	for _, c := range checks() {
		if c.fault != None && !slices.Contains(h.Faults, c.fault) {
			t.Logf("left out: %s (the harness has no fault %q)", c.name, c.fault)
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.run(t, h.Open(t, c.fault), h) })
	}
}

func (h Harness) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// list reads from the driver itself, which has to work.
func list(t tb, d adapters.Adapter, q adapters.Query) ([]adapters.Resource, []adapters.Source) {
	t.Helper()
	resources, sources, err := d.List(t.Context(), q)
	require.NoError(t, err, "List(%+v)", q)
	return resources, sources
}

// some is the same, where there has to be something.
func some(t tb, d adapters.Adapter, q adapters.Query) []adapters.Resource {
	t.Helper()
	resources, _ := list(t, d, q)
	require.NotEmpty(t, resources, "List(%+v)", q)
	return resources
}

// providers are those that the driver speaks for.
func providers(d adapters.Adapter) []string {
	if several, ok := d.(adapters.Several); ok {
		return several.Providers()
	}
	return []string{d.Name()}
}

// ids are the sorted IDs of what the query matches. Events come and go, so two reads may differ in them.
func ids(resources []adapters.Resource, q adapters.Query) []string {
	var found []string
	for _, r := range resources {
		if q.Matches(r) && r.Kind != adapters.KindEvent {
			found = append(found, r.ID)
		}
	}
	slices.Sort(found)
	return found
}
