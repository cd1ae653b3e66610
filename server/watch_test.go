package server

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// watchFor watches for so long of a fake clock, and returns what was told. wall is the wall clock; that of the bubble if nil.
func watchFor(t *testing.T, length time.Duration, wall func() time.Time, ask func(router.Question) (router.Answer, error)) (rounds []Round) {
	t.Helper()
	if wall == nil {
		wall = time.Now
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	watch := Watch{Question: router.Question{Text: "up?", Since: "yesterday"}, Every: 10 * time.Minute, Now: wall,
		Ask: func(_ context.Context, q router.Question) (router.Answer, error) { return ask(q) }}
	require.NoError(t, watch.Run(ctx, func(r Round) error { rounds = append(rounds, r); return nil }))
	return rounds
}

func TestWatchAsksAtOnceAndThenEveryInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		var since []string
		rounds := watchFor(t, 35*time.Minute, nil, func(q router.Question) (router.Answer, error) {
			at, since = append(at, time.Since(began)), append(since, q.Since)
			a := answerWith(q, router.StatusOK)
			switch a.AnswerID = string(rune('A' + len(at) - 1)); len(at) {
			case 2:
				a.Status = router.StatusError
			case 3:
				return a, errors.New("broken")
			}
			return a, nil
		})
		assert.Equal(t, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute}, at)
		assert.Equal(t, []string{"yesterday", "A", "A", "A"}, since, "nothing is compared with an answer that read nothing")
		require.Len(t, rounds, 4)
		assert.Nil(t, rounds[0].Before)
		assert.Error(t, rounds[2].Err)
		assert.Equal(t, "B", rounds[3].Before.AnswerID)
	})
}

// A machine that slept for nine hours asks once when it wakes up, and a clock that is set back keeps nobody waiting.
func TestWatchAndClocksThatJump(t *testing.T) {
	for _, jump := range []struct {
		name   string
		by     time.Duration
		second time.Duration // when the second round is
	}{
		{"the machine sleeps", 9 * time.Hour, 2 * time.Minute},
		{"the clock is set forward a little", 3 * time.Minute, 7 * time.Minute},
		{"the clock is set back", -9 * time.Hour, 10 * time.Minute},
	} {
		t.Run(jump.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				wall := func() time.Time {
					if now := time.Now(); now.Sub(began) < 90*time.Second {
						return now
					}
					return time.Now().Add(jump.by)
				}
				var at []time.Duration
				watchFor(t, 15*time.Minute, wall, func(q router.Question) (router.Answer, error) {
					at = append(at, time.Since(began))
					return answerWith(q, router.StatusOK), nil
				})
				require.GreaterOrEqual(t, len(at), 2)
				assert.InDelta(t, jump.second, at[1], float64(blink))
				assert.LessOrEqual(t, len(at), 3, "%v", at)
			})
		})
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		watch := Watch{Every: time.Hour, Now: time.Now, Ask: func(ctx context.Context, _ router.Question) (router.Answer, error) {
			cancel()
			<-ctx.Done()
			return router.Answer{}, ctx.Err()
		}}
		told := false
		assert.NoError(t, watch.Run(ctx, func(Round) error { told = true; return nil }))
		assert.False(t, told)
	})
	stop := errors.New("stop")
	watch := Watch{Ask: echo, Now: time.Now}
	assert.ErrorIs(t, watch.Run(t.Context(), func(Round) error { return stop }), stop)
}

func TestRoundChanged(t *testing.T) {
	base := answerWith(router.Question{}, router.StatusOK)
	with := func(change func(*router.Answer)) router.Answer { a := base; change(&a); return a }
	changed := with(func(a *router.Answer) { a.Delta = &router.Delta{Changed: true} })
	item := with(func(a *router.Answer) { a.Items = []router.Item{{Ref: "a", Status: "degraded"}} })
	for _, c := range []struct {
		name   string
		before *router.Answer
		now    router.Answer
		want   bool
	}{
		{"first", nil, base, false},
		{"first, with a delta", nil, changed, true},
		{"the same", &base, base, false},
		{"delta", &base, changed, true},
		{"verdict", &base, with(func(a *router.Answer) { a.Verdict = router.VerdictCritical }), true},
		{"status", &base, with(func(a *router.Answer) { a.Status = router.StatusPartial }), true},
		{"a new row without a delta", &base, item, true},
		{"a row less without a delta", &item, base, false},
		{"a new row, and a delta that says nothing changed", &base, with(func(a *router.Answer) { *a = item; a.Delta = &router.Delta{} }), false},
	} {
		assert.Equal(t, c.want, Round{Answer: c.now, Before: c.before}.Changed(), c.name)
	}
	assert.False(t, Round{Before: &base, Err: errors.New("broken")}.Changed())
}

func TestRoundCoverage(t *testing.T) {
	aws, gcp := router.NotChecked{Provider: "aws", What: "caches"}, router.NotChecked{Provider: "gcp", What: "services"}
	covering := func(missing ...router.NotChecked) router.Answer {
		a := answerWith(router.Question{}, router.StatusPartial)
		a.Coverage.NotChecked = missing
		return a
	}
	before := covering(aws)
	r := Round{Answer: covering(gcp), Before: &before}
	assert.Equal(t, []router.NotChecked{gcp}, r.Lost())
	assert.Equal(t, []router.NotChecked{aws}, r.Regained())
	first := Round{Answer: covering(gcp)}
	assert.Empty(t, first.Lost())
	assert.Empty(t, first.Regained())
}

func TestParseWatched(t *testing.T) {
	for uri, want := range map[string]watched{
		"clanker://watch/Are%20all%20up%3F":          {"Are all up?", usualInterval},
		"clanker://watch/%20Are%20%20all%20up%3F":    {"Are all up?", usualInterval},
		"clanker://watch/up?every=1m30s":             {"up", 90 * time.Second},
		"clanker://watch/a%2Fb%20%C3%BCber?every=1h": {"a/b über", time.Hour},
	} {
		got, err := parseWatched(uri)
		require.NoError(t, err, uri)
		assert.Equal(t, want, got)
	}
	for uri, want := range map[string]string{
		"clanker://watch/":                     "has no question",
		"clanker://watch/%20":                  "has no question",
		"clanker://watch/%zz":                  "percent-encoded",
		"clanker://watch/%ff":                  "percent-encoded",
		"clanker://watch/it's%20up":            "clanker://watch/it%27s%20up",
		"clanker://watch/are all up":           "clanker://watch/are%20all%20up",
		"clanker://watch/up?every=often":       "?every=30m",
		"clanker://watch/up?every=-1m":         "?every=30m",
		"clanker://watch/up?each=1m":           "?every=30m",
		"clanker://watch/up?every=1m&every=2m": "?every=30m",
	} {
		_, err := parseWatched(uri)
		assert.ErrorContains(t, err, want, uri)
	}
}

// What is understood comes back as it was meant, whoever spells it.
func FuzzParseWatched(f *testing.F) {
	for _, uri := range []string{"clanker://watch/up", "clanker://watch/Are%20all%20up%3F?every=1m", "clanker://watch/%ff", "clanker://watch/it's?every=", "?"} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		got, err := parseWatched(uri)
		if err != nil {
			return
		}
		again, err := parseWatched(got.uri())
		require.NoError(t, err)
		require.Equal(t, got, again)
	})
}
