package intents

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asked is a Wednesday.
var asked = time.Date(2026, 11, 18, 15, 4, 5, 0, time.UTC)

// TestTimes reads every phrase of a golden file, of which people look at the differences: what it stands for, or from
// which word on it is no time. General date libraries fall into many of its traps.
func TestTimes(t *testing.T) {
	const golden = "testdata/times.txt"
	content, err := os.ReadFile(golden)
	require.NoError(t, err)
	got := strings.Builder{}
	for line := range strings.Lines(string(content)) {
		phrase, _, _ := strings.Cut(line, "|")
		phrase = strings.TrimSpace(phrase)
		fmt.Fprintf(&got, "%-48s | %s\n", phrase, reading(phrase))
	}
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	assert.Equal(t, string(content), got.String(), "run go test ./intents -update and look at the difference")
}

func reading(phrase string) string {
	words := strings.Fields(phrase)
	r, n := ParseTimeRange(words)
	from, to := r.Resolve(asked)
	span := from.Format(time.DateTime) + " to " + to.Format(time.DateTime)
	switch {
	case n == 0:
		return "no time"
	case n < len(words):
		return span + ", but not: " + strings.Join(words[n:], " ")
	default:
		return span
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

func TestSinceTheLastLook(t *testing.T) {
	for _, text := range []string{"since my last check", "since i last looked", "since we last asked", "after the previous question", "since last look"} {
		words := strings.Fields(text)
		r, n := ParseTimeRange(words)
		assert.Equal(t, len(words), n, text)
		assert.True(t, r.AfterLook(), text)
		assert.False(t, r.AfterDeployment(), text)
		from, _ := r.From(asked.Add(-time.Hour)).Resolve(asked)
		assert.Equal(t, asked.Add(-time.Hour), from)
	}
	for _, text := range []string{"since my last login", "since i looked", "since my check", "since the last"} {
		_, n := ParseTimeRange(strings.Fields(text))
		assert.Zero(t, n, text)
	}
}

// TestMoments: which times are about one instant.
func TestMoments(t *testing.T) {
	for text, want := range map[string]string{"around 09:17": "2026-11-18T09:17:00Z", "at 9am yesterday": "2026-11-17T09:00:00Z", "on november 2 at 14:00": "2026-11-02T14:00:00Z",
		"before 14:00": "2026-11-18T14:00:00Z", "before yesterday": "2026-11-17T00:00:00Z",
		"yesterday": "", "between 14:00 and 14:30": "", "since 09:17": "", "last 30 minutes": "", "half an hour ago": "", "this morning": ""} {
		words := strings.Fields(text)
		r, n := ParseTimeRange(words)
		require.Equal(t, len(words), n, text)
		at, ok := r.Moment(asked)
		assert.Equal(t, want != "", ok, text)
		if ok {
			assert.Equal(t, want, at.Format(time.RFC3339), text)
		}
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
