package adapters

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripted is a driver that does what a test says.
type scripted struct {
	name  string
	list  func(ctx context.Context, q Query) ([]Resource, []Source, error)
	calls atomic.Int32
}

var _ Adapter = (*scripted)(nil)

func (s *scripted) Name() string  { return s.name }
func (s *scripted) Kinds() []Kind { return []Kind{KindPod, KindService} }

func (s *scripted) List(ctx context.Context, q Query) ([]Resource, []Source, error) {
	s.calls.Add(1)
	return s.list(ctx, q)
}

func (s *scripted) Connections(ctx context.Context) []Connection {
	if _, _, err := s.list(ctx, Query{}); err != nil {
		return []Connection{{Provider: s.name, Problem: sourceError("list", err)}}
	}
	return []Connection{{Provider: s.name, Identity: "ana"}}
}

func pod(provider, name string) Resource {
	return Resource{ID: NewID(provider, KindPod, Scope{}, name), Provider: provider, Kind: KindPod, Name: name, Health: HealthHealthy}
}

func good(name string, pods ...string) *scripted {
	return &scripted{name: name, list: func(context.Context, Query) ([]Resource, []Source, error) {
		var found []Resource
		for _, p := range pods {
			found = append(found, pod(name, p))
		}
		return found, []Source{{Provider: name, Call: "list pods", Count: len(pods)}}, nil
	}}
}

func broken(name string, err error) *scripted {
	return &scripted{name: name, list: func(context.Context, Query) ([]Resource, []Source, error) { return nil, nil, err }}
}

func deaf(name string) *scripted { // ignores its context
	return &scripted{name: name, list: func(context.Context, Query) ([]Resource, []Source, error) {
		<-time.After(time.Hour)
		return nil, nil, nil
	}}
}

func slow(name string) *scripted { // hands over what it has when its time ends
	return &scripted{name: name, list: func(ctx context.Context, _ Query) ([]Resource, []Source, error) {
		<-ctx.Done()
		return []Resource{pod(name, "first-page")}, nil, ctx.Err()
	}}
}

func panicking(name string) *scripted {
	return &scripted{name: name, list: func(context.Context, Query) ([]Resource, []Source, error) { panic("nil map") }}
}

func names(resources []Resource) (names []string) {
	for _, r := range resources {
		names = append(names, r.Provider+"/"+r.Name)
	}
	return names
}

func reasons(sources []Source) map[string]Reason {
	found := map[string]Reason{}
	for _, s := range sources {
		if s.Error != nil {
			found[s.Provider] = s.Error.Reason
		}
	}
	return found
}

func TestQueryPutsAllDriversTogether(t *testing.T) {
	w := NewWorkspace(good("b", "z", "a"), good("a", "m"))
	snapshot, err := w.Query(t.Context(), Query{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a/m", "b/a", "b/z"}, names(snapshot.Resources), "sorted by id")
	assert.Len(t, snapshot.Sources, 2)
	assert.False(t, snapshot.Demo)
}

func TestOneBadDriverHidesNobody(t *testing.T) {
	denied := &SourceError{Reason: PermissionDenied, Permission: "list pods", Fix: "grant view"}
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkspace(good("good", "a"), deaf("deaf"), slow("slow"), panicking("panics"),
			broken("denied", fmt.Errorf("list: %w", denied)), broken("odd", errors.New("boom")))
		start := time.Now()
		snapshot, err := w.Query(t.Context(), Query{})
		require.NoError(t, err)
		assert.Equal(t, DefaultDeadline+grace, time.Since(start), "no later than the deadline and a moment")
		assert.Equal(t, []string{"good/a", "slow/first-page"}, names(snapshot.Resources))
		assert.Equal(t, map[string]Reason{"deaf": TimedOut, "slow": TimedOut, "panics": Internal, "denied": PermissionDenied, "odd": Unreachable}, reasons(snapshot.Sources))
		<-time.After(2 * time.Hour) // in the bubble: lets the deaf driver's call end
	})
}

// Every read of a provider is told of once, however many wait for it.
func TestReadsAreObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkspace(slow("slow"), broken("odd", errors.New("boom")))
		var mu sync.Mutex
		seen := map[string]int{}
		w.Observe = func(s Source) {
			mu.Lock()
			defer mu.Unlock()
			seen[s.Provider+" "+string(s.Error.Reason)]++
		}
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() { _, _ = w.Query(t.Context(), Query{Providers: []string{"slow"}}) })
		}
		wait.Wait()
		_, err := w.Query(t.Context(), Query{Providers: []string{"odd"}})
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"slow timeout": 1, "odd unreachable": 1}, seen)
	})
}

func TestACancelledCallerGetsItsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		_, err := NewWorkspace(slow("slow")).Query(ctx, Query{})
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestAHurriedCallerGetsWhatThereIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		snapshot, err := NewWorkspace(slow("slow"), good("good", "a")).Query(ctx, Query{})
		require.NoError(t, err)
		assert.Equal(t, []string{"good/a", "slow/first-page"}, names(snapshot.Resources))
		assert.Equal(t, map[string]Reason{"slow": TimedOut}, reasons(snapshot.Sources))
	})
}

func TestIdenticalReadsInFlightShareOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		driver := &scripted{name: "d", list: func(ctx context.Context, _ Query) ([]Resource, []Source, error) {
			select {
			case <-time.After(time.Second):
				return []Resource{pod("d", "a")}, nil, nil
			case <-ctx.Done():
				return nil, nil, ctx.Err()
			}
		}}
		w := NewWorkspace(driver)
		hurried, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		leaving, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, leave)
		var wait sync.WaitGroup
		wait.Go(func() {
			snapshot, err := w.Query(hurried, Query{})
			assert.NoError(t, err)
			assert.Equal(t, map[string]Reason{"d": TimedOut}, reasons(snapshot.Sources))
		})
		wait.Go(func() {
			_, err := w.Query(leaving, Query{})
			assert.Error(t, err)
		})
		for range 50 {
			wait.Go(func() {
				snapshot, err := w.Query(t.Context(), Query{})
				assert.NoError(t, err)
				assert.Len(t, snapshot.Resources, 1, "one caller that gives up takes nobody down")
			})
		}
		wait.Wait()
		assert.EqualValues(t, 2, driver.calls.Load(), "one for all, and one for who was in a hurry")
		_, err := w.Query(t.Context(), Query{})
		require.NoError(t, err)
		assert.EqualValues(t, 3, driver.calls.Load(), "nothing is served from a cache")
	})
}

func TestACallNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		driver := &scripted{name: "d", list: func(ctx context.Context, _ Query) ([]Resource, []Source, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, nil, ctx.Err()
		}}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := NewWorkspace(driver).Query(ctx, Query{})
		require.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestQueryFiltersAndNamesUnservedProviders(t *testing.T) {
	w := NewWorkspace(good("a", "x", "y"), good("b", "x"))
	snapshot, err := w.Query(t.Context(), Query{Providers: []string{"a", "azure"}, Name: "X"})
	require.NoError(t, err)
	assert.Equal(t, []string{"a/x"}, names(snapshot.Resources))
	assert.Equal(t, map[string]Reason{"azure": Unsupported}, reasons(snapshot.Sources))
}

func TestNamesAreReadOnceUnlessFresh(t *testing.T) {
	driver := good("a", "x")
	w := NewWorkspace(driver)
	assert.Empty(t, w.Names(t.Context(), false).Find("x"), "pods are not among the names")
	driver.list = func(_ context.Context, q Query) ([]Resource, []Source, error) {
		assert.True(t, q.NamesOnly)
		return []Resource{{ID: "i", Provider: "a", Kind: KindService, Name: "RabbitMQ"}}, nil, nil
	}
	assert.Empty(t, w.Names(t.Context(), false).Find("rabbitmq"))
	assert.Len(t, w.Names(t.Context(), true).Find("rabbitmq"), 1)
	assert.Len(t, w.Names(t.Context(), false).Find("rabbitmq"), 1)
	assert.EqualValues(t, 2, driver.calls.Load())
}

func TestConnectionsSurviveBadDrivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkspace(panicking("panics"), good("good", "a"), deaf("deaf"))
		start := time.Now()
		connections := w.Connections(t.Context())
		assert.Equal(t, probeDeadline+grace, time.Since(start))
		require.Len(t, connections, 3)
		assert.Equal(t, TimedOut, connections[0].Problem.Reason)
		assert.Equal(t, "ana", connections[1].Identity)
		assert.Equal(t, Internal, connections[2].Problem.Reason)
		<-time.After(2 * time.Hour)
	})
}

// TestFieldsOfAChange: what people ask for comes first.
func TestFieldsOfAChange(t *testing.T) {
	fields := []string{"env.IMAGE", "replicas", "configs", "image.proxy", "event.BackOff", "imagePull", "image.app", "resource"}
	slices.SortFunc(fields, CompareFields)
	assert.Equal(t, []string{"resource", "image.app", "image.proxy", "replicas", "configs", "env.IMAGE", "event.BackOff", "imagePull"}, fields)
}
