package router

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// driver is a real workspace's driver over a fake estate, that takes its time: for ever when it is stuck, or until its
// context ends.
type driver struct {
	*fake
	name   string
	takes  time.Duration
	stuck  func(call string) bool
	start  time.Time
	calls  chan string
	ending chan time.Duration
}

var (
	_ adapters.Changer = (*driver)(nil)
	_ adapters.Logger  = (*driver)(nil)
)

func newDriver(name string, takes time.Duration) *driver {
	return &driver{fake: shop().rolledOut(), name: name, takes: takes, stuck: func(string) bool { return false },
		start: time.Now(), calls: make(chan string, 100), ending: make(chan time.Duration, 100)}
}

func (d *driver) wait(ctx context.Context, call string) error {
	takes := d.takes
	if d.stuck(call) {
		d.calls <- call
		takes = time.Hour
		defer func() { d.ending <- time.Since(d.start) }()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(takes):
		return nil
	}
}

func (d *driver) Name() string           { return d.name }
func (d *driver) Kinds() []adapters.Kind { return nil }

func (d *driver) List(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	call := "list"
	if q.NamesOnly {
		call = "names"
	}
	err := d.wait(ctx, call)
	s, _ := d.Query(context.WithoutCancel(ctx), q)
	return s.Resources, s.Sources, err
}

func (d *driver) Changes(ctx context.Context, q adapters.Query) ([]adapters.Change, []adapters.Source, error) {
	err := d.wait(ctx, "changes")
	s, _ := d.fake.Changes(context.WithoutCancel(ctx), q)
	return s.Changes, s.Sources, err
}

func (d *driver) Logs(ctx context.Context, q adapters.Query) ([]adapters.LogLine, []adapters.Source, error) {
	err := d.wait(ctx, "logs")
	s, _ := d.fake.Logs(context.WithoutCancel(ctx), q)
	return s.Logs, s.Sources, err
}

func (d *driver) Connections(ctx context.Context) []adapters.Connection {
	_ = d.wait(ctx, "connections")
	return nil
}

// bubbled is a router over real workspace and drivers, with the bubble's clock.
func bubbled(t *testing.T, drivers ...adapters.Adapter) *Router {
	t.Helper()
	m, err := small()
	require.NoError(t, err)
	return New(m, adapters.NewWorkspace(drivers...), Options{})
}

func TestStepsTellHowTheAnswerGetsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := bubbled(t, newDriver("kubernetes", time.Second), newDriver("gcp", 3*time.Second), newDriver("aws", 2*time.Second))
		var said []string
		step := func(text string) { said = append(said, text) }
		_, err := r.Route(t.Context(), Question{Text: "are all services healthy", Step: step})
		require.NoError(t, err)
		reading := []string{"asking aws, gcp, kubernetes", "kubernetes done, waiting for aws, gcp", "aws, kubernetes done, waiting for gcp"}
		assert.Equal(t, append(append(append([]string(nil), reading...), "understood as health.services"), append(reading, "composing the answer")...), said)

		said = nil
		_, err = r.Route(t.Context(), Question{Text: "why is checkout-api unhealthy", Step: step})
		require.NoError(t, err)
		assert.Equal(t, "understood as diagnose.why", said[0], "the names are known by now")
		assert.Equal(t, reading, said[1:4], "reads at the same time are told as one")
		assert.Equal(t, "composing the answer", said[len(said)-1])

		said = nil
		_, err = r.Route(t.Context(), Question{Text: "sing me a song", Step: step})
		require.NoError(t, err)
		assert.Equal(t, []string{"composing the answer"}, said)
	})
}

func TestStepsOfNobodyCostNothing(t *testing.T) {
	var s *steps
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		s.say("understood as ", "health.services")
		s.watched(ctx)
	}))
}

// TestACancelledQuestionStopsItsReads: whatever is being read when the asker leaves ends in that moment, and no goroutine
// stays: a bubble that is left with one in it fails the test.
func TestACancelledQuestionStopsItsReads(t *testing.T) {
	for question, calls := range map[string][]string{
		"are all services healthy":      {"names", "list"},
		"what changed in checkout-api":  {"names", "changes"},
		"show logs of checkout-api":     {"names", "logs"},
		"show topology of checkout-api": {"list"},
		"why is checkout-api unhealthy": {"list", "changes", "logs"},
		"what providers are connected":  {"connections"},
	} {
		for _, call := range calls {
			t.Run(call+" "+question, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					stuck := newDriver("aws", time.Millisecond)
					stuck.stuck = func(c string) bool { return c == call }
					r := bubbled(t, newDriver("kubernetes", time.Millisecond), stuck)
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(time.Second, cancel)
					_, err := r.Route(ctx, Question{Text: question})
					require.ErrorIs(t, err, context.Canceled)
					assert.LessOrEqual(t, time.Since(stuck.start), time.Second+time.Second/2)
					synctest.Wait()
					assert.NotEmpty(t, stuck.calls)
					for range len(stuck.calls) {
						assert.Equal(t, time.Second, <-stuck.ending)
					}
				})
			})
		}
	}
}

// TestAQuestionThatAnotherAsksTooIsReadOn: the one who leaves takes nothing from the one who stays.
func TestAQuestionThatAnotherAsksTooIsReadOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := newDriver("kubernetes", 3*time.Second)
		r := bubbled(t, slow)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(4*time.Second, cancel) // in the middle of the list: the names take three seconds
		left := make(chan error, 1)
		go func() {
			_, err := r.Route(ctx, Question{Text: "are all services healthy"})
			left <- err
		}()
		a, err := r.Route(t.Context(), Question{Text: "are all services healthy"})
		require.NoError(t, err)
		assert.Equal(t, StatusOK, a.Status)
		assert.ErrorIs(t, <-left, context.Canceled)
		assert.Equal(t, 6*time.Second, time.Since(slow.start))
	})
}
