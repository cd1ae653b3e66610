package router

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// clocked is a router whose clock the test sets.
func clocked(t *testing.T, w Workspace) (*Router, *time.Time) {
	t.Helper()
	m, err := small()
	require.NoError(t, err)
	now := noon
	return New(m, w, Options{Now: func() time.Time { return now }}), &now
}

func TestRecentAnswersAreAsTheyWereGiven(t *testing.T) {
	f := paged()
	r, now := clocked(t, f)
	given, err := r.Route(t.Context(), Question{Text: "are all services healthy", Limit: 3})
	require.NoError(t, err)
	f.resources = nil
	*now = now.Add(time.Minute)
	again, ok := r.Recent(given.AnswerID)
	require.True(t, ok)
	assert.Equal(t, 60, again.AgeSeconds)
	again.AgeSeconds = 0
	assert.Equal(t, given, again)

	_, err = r.Route(t.Context(), Question{Text: "sing me a song"})
	require.NoError(t, err)
	list := r.RecentAnswers()
	require.Len(t, list, 2)
	assert.Equal(t, StatusUnsupported, list[0].Status, "newest first")
	assert.Equal(t, RecentAnswer{AnswerID: given.AnswerID, Question: given.Question, Status: StatusOK, At: noon}, list[1])

	*now = noon.Add(recentAge + time.Second)
	_, ok = r.Recent(given.AnswerID)
	assert.False(t, ok)
	assert.Len(t, r.RecentAnswers(), 1)
	_, ok = r.Recent("")
	assert.False(t, ok)
}

// A recent answer never answers a new question: the same question is read anew.
func TestTheSameQuestionIsReadAnew(t *testing.T) {
	f := shop()
	r, _ := clocked(t, f)
	for _, want := range []Verdict{VerdictHealthy, VerdictCritical} {
		a, err := r.Route(t.Context(), Question{Text: "are all services healthy"})
		require.NoError(t, err)
		assert.Equal(t, want, a.Verdict)
		f.ill("checkout-api", adapters.HealthUnhealthy, "crashed")
	}
}

func TestRecentAnswersAreBounded(t *testing.T) {
	var r recent
	add := func(id string, weight int, at time.Time) {
		r.put(&kept{answer: Answer{AnswerID: id}, weight: weight, at: at})
	}
	for i := range recentAnswers + 10 {
		add(fmt.Sprint(i), 1, noon)
	}
	assert.Len(t, r.byID, recentAnswers)
	assert.Nil(t, r.get("9", noon), "the oldest goes first")
	assert.NotNil(t, r.get("10", noon))
	add("big", recentBytes-5, noon)
	assert.Len(t, r.order, 6)
	add("bigger", recentBytes, noon)
	assert.Len(t, r.order, 1)
	assert.Equal(t, recentBytes, r.bytes)
	add("later", 1, noon.Add(recentAge+1))
	assert.Len(t, r.byID, 1, "what is too old goes when something comes")
	add("too big", recentBytes+1, noon)
	assert.Empty(t, r.order)
	assert.Zero(t, r.bytes)
}

// Of an answer with more rows than can be kept the first are, and the last page says so.
func TestMoreRowsThanCanBeKept(t *testing.T) {
	f := &fake{}
	for i := range 3000 {
		f.resources = append(f.resources, resource(adapters.KindDeployment, fmt.Sprintf("d%05d", i), adapters.HealthDegraded, strings.Repeat("long ", 1000)))
	}
	r := newRouter(t, f)
	a, err := r.Route(t.Context(), Question{Text: "are all services healthy", Limit: MaxLimit})
	require.NoError(t, err)
	assert.Equal(t, 3000, a.Truncation.Total)
	assert.NotEmpty(t, a.Truncation.Cursor)
	k := r.recent.get(a.AnswerID, noon)
	require.NotNil(t, k)
	assert.LessOrEqual(t, k.weight, mostKept+10_000)
	last := k.page(position{len(k.rows.items) - 1}, 20, DefaultBytes)
	assert.Contains(t, last.Truncation.Reason, fmt.Sprintf("only the first %d rows are kept", len(k.rows.items)))
	assert.Empty(t, last.Truncation.Cursor)
	assert.Contains(t, Text(last, TextLimits{}), fmt.Sprintf("more: %d rows: narrow the question", 3000-len(k.rows.items)))
}

func TestPagesAndAnswersAtOnce(t *testing.T) {
	r := newRouter(t, paged())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			a, err := r.Route(t.Context(), Question{Text: "why is checkout-api unhealthy", Limit: 4})
			assert.NoError(t, err)
			for a.Truncation != nil && a.Truncation.Cursor != "" {
				a, err = r.Route(t.Context(), Question{Cursor: a.Truncation.Cursor})
				assert.NoError(t, err)
				r.RecentAnswers()
			}
		})
	}
	wait.Wait()
}

// What a small answer weighs tells for certain that it is short, however long its texts become as JSON.
func TestASmallAnswerIsShortForCertain(t *testing.T) {
	for _, text := range []string{"a", "<", "\x01", "\u2028", "\xff"} {
		short := true
		for n := 0; n < 10_000; n += 100 {
			for _, a := range []Answer{
				{Items: []Item{{Ref: "r", Reason: strings.Repeat(text, n)}}},
				{Changes: []AnswerChange{{New: strings.Repeat(text, n)}}},
				{Coverage: Coverage{NotChecked: []NotChecked{{Detail: strings.Repeat(text, n)}}}},
				{Items: make([]Item, 10), Warnings: []string{strings.Repeat(text, n)}},
			} {
				json, err := json.Marshal(a)
				require.NoError(t, err)
				assert.Equal(t, len(json) > DefaultBytes, a.longer(DefaultBytes), "%q %d", text, n)
				short = short && len(json) <= DefaultBytes
			}
		}
		assert.Equal(t, text == "a", short, "the test goes beyond the bound")
	}
}
