package intents

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asked is a Wednesday.
var asked = time.Date(2026, 11, 18, 15, 4, 5, 0, time.UTC)

func TestParseTimeRange(t *testing.T) {
	tests := []struct{ text, from, to string }{
		{"in the last 3 hours", "2026-11-18 12:04:05", "2026-11-18 15:04:05"},
		{"past 15m", "2026-11-18 14:49:05", "2026-11-18 15:04:05"},
		{"last 24h", "2026-11-17 15:04:05", "2026-11-18 15:04:05"},
		{"over the last 1h30m", "2026-11-18 13:34:05", "2026-11-18 15:04:05"},
		{"last hour", "2026-11-18 14:04:05", "2026-11-18 15:04:05"},
		{"past two weeks", "2026-11-04 15:04:05", "2026-11-18 15:04:05"},
		{"last few days", "2026-11-15 15:04:05", "2026-11-18 15:04:05"},
		{"last week", "2026-11-11 15:04:05", "2026-11-18 15:04:05"},
		{"last month", "2026-10-01 00:00:00", "2026-11-01 00:00:00"},
		{"previous week", "2026-11-09 00:00:00", "2026-11-16 00:00:00"},
		{"past month", "2026-10-18 15:04:05", "2026-11-18 15:04:05"},
		{"last 6 months", "2026-05-18 15:04:05", "2026-11-18 15:04:05"},
		{"this week", "2026-11-16 00:00:00", "2026-11-18 15:04:05"},
		{"this quarter", "2026-10-01 00:00:00", "2026-11-18 15:04:05"},
		{"today", "2026-11-18 00:00:00", "2026-11-18 15:04:05"},
		{"yesterday", "2026-11-17 00:00:00", "2026-11-18 00:00:00"},
		{"since yesterday", "2026-11-17 00:00:00", "2026-11-18 15:04:05"},
		{"since monday", "2026-11-16 00:00:00", "2026-11-18 15:04:05"},
		{"since wednesday", "2026-11-11 00:00:00", "2026-11-18 15:04:05"},
		{"since 2026-11-01", "2026-11-01 00:00:00", "2026-11-18 15:04:05"},
		{"since 2 hours ago", "2026-11-18 13:04:05", "2026-11-18 15:04:05"},
		{"2 days ago", "2026-11-16 15:04:05", "2026-11-17 15:04:05"},
		{"an hour ago", "2026-11-18 14:04:05", "2026-11-18 15:04:05"},
		{"on june 12", "2026-06-12 00:00:00", "2026-06-13 00:00:00"},
		{"on december 12th", "2025-12-12 00:00:00", "2025-12-13 00:00:00"},
		{"12 june 2024", "2024-06-12 00:00:00", "2024-06-13 00:00:00"},
		{"on 2025-08-02", "2025-08-02 00:00:00", "2025-08-03 00:00:00"},
		{"in june", "2026-06-01 00:00:00", "2026-07-01 00:00:00"},
		{"in may 2025", "2025-05-01 00:00:00", "2025-06-01 00:00:00"},
		{"on august 2 2025 around 13:45 utc", "2025-08-02 13:30:00", "2025-08-02 14:00:00"},
		{"around 13:45 utc", "2026-11-18 13:30:00", "2026-11-18 14:00:00"},
		{"at 2 pm", "2026-11-18 13:45:00", "2026-11-18 14:15:00"},
		{"yesterday at 9am", "2026-11-17 08:45:00", "2026-11-17 09:15:00"},
		{"2025-08-02t13:45:00z", "2025-08-02 13:30:00", "2025-08-02 14:00:00"},
		{"between monday and friday", "2026-11-09 00:00:00", "2026-11-14 00:00:00"},
		{"between monday and today", "2026-11-16 00:00:00", "2026-11-19 00:00:00"},
		{"2026-11-01 to 2026-11-07", "2026-11-01 00:00:00", "2026-11-08 00:00:00"},
		{"from 2026-11-01 until 2026-11-07", "2026-11-01 00:00:00", "2026-11-08 00:00:00"},
		{"before monday", "0001-01-01 00:00:00", "2026-11-16 00:00:00"},
		{"since 6h", "2026-11-18 09:04:05", "2026-11-18 15:04:05"},
		{"since two hours", "2026-11-18 13:04:05", "2026-11-18 15:04:05"},
		{"since 14:00", "2026-11-18 14:00:00", "2026-11-18 15:04:05"},
		{"since 16:00", "2026-11-17 16:00:00", "2026-11-18 15:04:05"},
		{"since noon", "2026-11-18 12:00:00", "2026-11-18 15:04:05"},
		{"since midnight", "2026-11-18 00:00:00", "2026-11-18 15:04:05"},
		{"since this morning", "2026-11-18 00:00:00", "2026-11-18 15:04:05"},
		{"since last night", "2026-11-17 18:00:00", "2026-11-18 15:04:05"},
		{"since yesterday evening", "2026-11-17 17:00:00", "2026-11-18 15:04:05"},
		{"since the start of the week", "2026-11-16 00:00:00", "2026-11-18 15:04:05"},
		{"since half an hour ago", "2026-11-18 14:34:05", "2026-11-18 15:04:05"},
		{"since the weekend", "2026-11-14 00:00:00", "2026-11-18 15:04:05"},
		{"in the last half hour", "2026-11-18 14:34:05", "2026-11-18 15:04:05"},
		{"in the past few hours", "2026-11-18 12:04:05", "2026-11-18 15:04:05"},
		{"last couple of days", "2026-11-16 15:04:05", "2026-11-18 15:04:05"},
		{"half an hour ago", "2026-11-18 14:34:05", "2026-11-18 15:04:05"},
		{"last night", "2026-11-17 18:00:00", "2026-11-18 06:00:00"},
		{"overnight", "2026-11-17 18:00:00", "2026-11-18 06:00:00"},
		{"during the night", "2026-11-17 18:00:00", "2026-11-18 06:00:00"},
		{"this morning", "2026-11-18 00:00:00", "2026-11-18 12:00:00"},
		{"yesterday afternoon", "2026-11-17 12:00:00", "2026-11-17 18:00:00"},
		{"earlier today", "2026-11-18 00:00:00", "2026-11-18 15:04:05"},
		{"over the weekend", "2026-11-14 00:00:00", "2026-11-16 00:00:00"},
		{"last weekend", "2026-11-14 00:00:00", "2026-11-16 00:00:00"},
		{"between 2pm and 3pm", "2026-11-18 14:00:00", "2026-11-18 15:00:00"},
		{"between 14:00 and 16:00", "2026-11-18 14:00:00", "2026-11-18 16:00:00"},
		{"from 22:00 to 02:00", "2026-11-17 22:00:00", "2026-11-18 02:00:00"},
		{"from 16:00 to 18:00", "2026-11-17 16:00:00", "2026-11-17 18:00:00"},
		{"yesterday between 2pm and 3pm", "2026-11-17 14:00:00", "2026-11-17 15:00:00"},
		{"between 2pm and 3pm yesterday", "2026-11-17 14:00:00", "2026-11-17 15:00:00"},
		{"monday from 9am to 10:30am", "2026-11-16 09:00:00", "2026-11-16 10:30:00"},
		{"on february 29", "2024-02-29 00:00:00", "2024-03-01 00:00:00"},
	}
	for _, test := range tests {
		words := strings.Fields(test.text)
		r, n := ParseTimeRange(words)
		if assert.Equal(t, len(words), n, test.text) {
			from, to := r.Resolve(asked)
			assert.Equal(t, test.from, from.Format(time.DateTime), test.text)
			assert.Equal(t, test.to, to.Format(time.DateTime), test.text)
			assert.Equal(t, test.text, r.String())
		}
	}
}

// TestNoTimeRange holds the traps that general date libraries fall into.
func TestNoTimeRange(t *testing.T) {
	for _, text := range []string{"last deployment", "last 10 lines", "may the service", "march to prod", "second replica",
		"80% memory", "in production", "last", "since", "since the incident", "10 pods", "a pod", "between them", "v1.4.2",
		"10.0.0.1", "sun", "last failed", "now", "the last", "99 june", "earlier", "the night shift", "half the pods", "since half", "last morning", "in the cluster", "5 replicas", "past", "3000 days"} {
		r, n := ParseTimeRange(strings.Fields(text))
		assert.Zero(t, n, text)
		assert.True(t, r.IsZero(), text)
	}
}

func TestTimeRangeTakesOnlyItsWords(t *testing.T) {
	for text, want := range map[string]int{"last 2 hours in production": 3, "yesterday in web": 1, "since monday please": 2,
		"on june 12 2025 for checkout": 4, "today": 1, "last hour and more": 2} {
		_, n := ParseTimeRange(strings.Fields(text))
		assert.Equal(t, want, n, text)
	}
}

func TestSinceTheLastDeployment(t *testing.T) {
	for _, text := range []string{"since the last deployment", "after the latest release", "since our most recent deploy"} {
		words := strings.Fields(text)
		r, n := ParseTimeRange(words)
		assert.Equal(t, len(words), n, text)
		assert.True(t, r.AfterDeployment(), text)
		from, to := r.From(asked.Add(-time.Hour)).Resolve(asked)
		assert.Equal(t, asked.Add(-time.Hour), from)
		assert.Equal(t, asked, to)
		assert.False(t, r.From(asked).AfterDeployment())
	}
}

func TestTimeRangeMarshals(t *testing.T) {
	r, _ := ParseTimeRange([]string{"last", "2", "hours"})
	text, err := json.Marshal(Slots{"time": r})
	require.NoError(t, err)
	assert.JSONEq(t, `{"time": "last 2 hours"}`, string(text))
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "2w": 336 * time.Hour} {
		d, ok := ParseDuration(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, d, text)
	}
	for _, text := range []string{"", "0s", "h", "5", "5x", "9999999999h", "1mo", "-5m", "+5m", "5m5"} {
		_, ok := ParseDuration(text)
		assert.False(t, ok, text)
	}
}

func FuzzTimeRange(f *testing.F) {
	for _, text := range []string{"in the last 3 hours", "between monday and today", "on august 2 2025 around 13:45 utc",
		"2026-11-01 to 2026-11-07", "since 2 hours ago", "previous quarter", "february 30 1970", "last 10000 years"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words := strings.Fields(text)
		r, n := ParseTimeRange(words)
		if n == 0 {
			assert.True(t, r.IsZero())
			return
		}
		require.LessOrEqual(t, n, len(words))
		from, to := r.Resolve(asked)
		assert.False(t, to.Before(from), "%s: %v to %v", text, from, to)
		again, m := ParseTimeRange(words[:n])
		assert.Equal(t, r, again, "what a range takes is a range by itself")
		assert.Equal(t, n, m)
	})
}
