package router

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// paged has so much of everything that no list fits on one page.
func paged() *fake {
	f := crashing()
	cache := f.resources[0].ID
	for i := range 45 {
		name := fmt.Sprintf("checkout-api-%02d", i)
		f.resources = append(f.resources,
			resource(adapters.KindPod, name, adapters.HealthUnhealthy, "CrashLoopBackOff", to(adapters.RelationOwnedBy, id(adapters.KindDeployment, "checkout-api"))),
			resource(adapters.KindDeployment, "user-"+name, adapters.HealthDegraded, "slow <&> so", to(adapters.RelationUses, cache), to(adapters.RelationUses, id(adapters.KindConfig, name))))
		f.changed = append(f.changed, deployed(fmt.Sprintf("field-%02d", i), 1.0, 2.0))
		f.written = append(f.written, adapters.LogLine{Resource: id(adapters.KindPod, name), At: ago(time.Duration(45-i) * time.Second), Text: "line " + string(rune('A'+i))})
	}
	return f
}

// closing is a workspace that may be read until it is closed.
type closing struct {
	*fake
	t      *testing.T
	closed bool
}

func (u *closing) Query(ctx context.Context, q adapters.Query) (adapters.Snapshot, error) {
	assert.False(u.t, u.closed, "a page reads nothing")
	return u.fake.Query(ctx, q)
}

// all follows the cursors to the last page.
func all(t *testing.T, r *Router, first Answer, follow func(Answer) string) []Answer {
	t.Helper()
	pages := []Answer{first}
	for next := follow(first); next != ""; {
		a, err := r.Route(t.Context(), Question{Cursor: next})
		require.NoError(t, err)
		validate(t, a)
		require.Equal(t, first.AnswerID, a.AnswerID, a.Summary)
		require.Less(t, len(pages), 200, "pages come to an end")
		pages, next = append(pages, a), follow(a)
	}
	return pages
}

func nextOf(a Answer) string {
	if a.Truncation == nil {
		return ""
	}
	return a.Truncation.Cursor
}

// rowsOf names every row of an answer.
func rowsOf(a Answer) []string {
	var names []string
	for _, i := range a.Items {
		names = append(names, i.Ref+fmt.Sprint(i.Since)+fmt.Sprint(i.Fields["line"]))
	}
	for _, c := range a.Changes {
		names = append(names, c.Ref+c.Field+c.Event)
	}
	if a.Graph != nil {
		for _, n := range a.Graph.Nodes {
			names = append(names, n.Ref)
		}
		for _, e := range a.Graph.Edges {
			names = append(names, e.From+" "+e.To)
		}
	}
	return names
}

// TestPagesAreTheWholeOfOneObservation: whatever the question and the size of its pages, together they have every row once.
func TestPagesAreTheWholeOfOneObservation(t *testing.T) {
	for _, question := range []string{"are all services healthy", "what changed in checkout-api", "show logs of checkout-api",
		"show topology of session-cache", "why is checkout-api unhealthy", "what providers are connected"} {
		for _, limit := range []int{1, 2, 7, DefaultLimit, MaxLimit} {
			t.Run(fmt.Sprint(question, " ", limit), func(t *testing.T) {
				w := &closing{fake: paged(), t: t}
				for i := range 45 {
					w.connections = append(w.connections, adapters.Connection{Provider: "kubernetes", Name: fmt.Sprintf("c%02d", i)})
				}
				r := newRouter(t, w)
				whole, err := r.Route(t.Context(), Question{Text: question, Limit: MaxLimit, Bytes: 1 << 20})
				require.NoError(t, err)
				require.Nil(t, whole.Truncation)
				first, err := r.Route(t.Context(), Question{Text: question, Limit: limit, Bytes: leastBytes})
				require.NoError(t, err)
				w.closed, w.fake.resources = true, nil
				pages := all(t, r, first, nextOf)
				var rows []string
				for _, a := range pages {
					rows = append(rows, rowsOf(a)...)
					assert.Equal(t, first.Evidence, a.Evidence)
					assert.Equal(t, first.Summary, a.Summary)
				}
				assert.ElementsMatch(t, rowsOf(whole), rows)
				assert.Greater(t, len(pages), 1)
				assert.Equal(t, "last page", pages[len(pages)-1].Truncation.Reason)
			})
		}
	}
}

var moreLine = regexp.MustCompile(`\nmore: clanker_route_question (\{"cursor": ".*"\}) \((\d+) rows?\)\n`)

// TestATextReaderMissesNothing: following the cursors of the text alone, every row is read once, and how many are left is
// right.
func TestATextReaderMissesNothing(t *testing.T) {
	for question, row := range map[string]string{
		"are all services healthy": `(?m)^(\S+ +DEGRADED|\S+ +\S+ +DEGRADED)`, "what changed in checkout-api": `field-\d\d|image v\S+|replicas`, "show logs of checkout-api": `line .`,
	} {
		r := newRouter(t, paged())
		first, err := r.Route(t.Context(), Question{Text: question, Limit: 30})
		require.NoError(t, err)
		seen := map[string]int{}
		count := func(a Answer) string {
			text := Text(a, TextLimits{Bytes: 2000})
			assert.LessOrEqual(t, len(text), 2000)
			for _, found := range regexp.MustCompile(row).FindAllString(text, -1) {
				seen[found]++
			}
			more := moreLine.FindStringSubmatch(text)
			if more == nil {
				return ""
			}
			var arguments struct{ Cursor string }
			require.NoError(t, json.Unmarshal([]byte(more[1]), &arguments))
			assert.Equal(t, more[2], fmt.Sprint(total(first)-sum(seen)), question)
			return arguments.Cursor
		}
		pages := all(t, r, first, count)
		assert.Greater(t, len(pages), 1)
		for i, a := range pages {
			assert.Equal(t, i == len(pages)-1, strings.Contains(Text(a, TextLimits{Bytes: 2000}), fmt.Sprintf(" of %d\n", total(first))), "it says which page is the last")
		}
		assert.GreaterOrEqual(t, len(seen), 45, question)
		for found, n := range seen {
			assert.Equal(t, 1, n, found)
		}
	}
}

func total(a Answer) int {
	if a.Truncation == nil {
		return len(a.Items) + len(a.Changes)
	}
	return a.Truncation.Total
}

func TestPagesShowLogsOldestFirstAndMarkThem(t *testing.T) {
	r := newRouter(t, paged())
	first, err := r.Route(t.Context(), Question{Text: "show logs of checkout-api", Limit: 10})
	require.NoError(t, err)
	for _, a := range all(t, r, first, nextOf) {
		assert.True(t, slices.IsSortedFunc(a.Items, func(a, b Item) int { return a.Since.Compare(*b.Since) }))
		assert.Len(t, a.Untrusted, len(a.Items))
		assert.Equal(t, len(a.Items), a.Counts.Shown)
		assert.Equal(t, 46, a.Counts.Matched)
	}
}

func TestAPageSaysHowOldItIs(t *testing.T) {
	now := noon
	m, err := small()
	require.NoError(t, err)
	r := New(m, paged(), Options{Now: func() time.Time { return now }})
	first, err := r.Route(t.Context(), Question{Text: "are all services healthy", Limit: 5})
	require.NoError(t, err)
	assert.Zero(t, first.AgeSeconds)
	assert.Contains(t, Text(first, TextLimits{}), "(checked 12:00:00Z, live)")
	now = now.Add(4 * time.Minute)
	page, err := r.Route(t.Context(), Question{Cursor: first.Truncation.Cursor, Limit: 7})
	require.NoError(t, err)
	assert.Equal(t, 240, page.AgeSeconds)
	assert.Len(t, page.Items, 7, "a page may have another limit")
	assert.Equal(t, first.Truncation.Cursor, page.Truncation.Page)
	assert.Contains(t, Text(page, TextLimits{}), "(checked 12:00:00Z, 4m ago)")
}

func TestACursorThatLeadsNowhereSaysToAskAgain(t *testing.T) {
	now := noon
	m, err := small()
	require.NoError(t, err)
	r := New(m, paged(), Options{Now: func() time.Time { return now }})
	first, err := r.Route(t.Context(), Question{Text: "are all services healthy"})
	require.NoError(t, err)
	ask := func(q Question) Answer {
		a, err := r.Route(t.Context(), q)
		require.NoError(t, err)
		validate(t, a)
		return a
	}
	good, id := first.Truncation.Cursor, first.AnswerID
	for _, wrong := range []string{"x", "-", id, id + "-", id + "-0", id + "-x", id + "-99999", id + "--1", id + "-020", id + "-20.0", id + "-20.0.0.0.0",
		id + "-47", "01M81J18G00000000000000001-20", strings.ToLower(good), good + " ", id + "-99999999999999999999", id + "-0.0.0.1"} {
		a := ask(Question{Cursor: wrong})
		assert.Equal(t, StatusError, a.Status, wrong)
		assert.Contains(t, a.Summary, "ask again: ", wrong)
		assert.NotEqual(t, id, a.AnswerID)
		assert.Empty(t, a.Items)
	}
	assert.Equal(t, StatusError, ask(Question{Text: "which pods are failing?", Cursor: good}).Status, "one or the other")
	assert.Equal(t, id, ask(Question{Text: first.Question, Cursor: good}).AnswerID, "the question may be repeated")
	assert.Contains(t, ask(Question{Context: "staging", Cursor: good}).Summary, "ask again: the cursor belongs to a question of another context")
	now = now.Add(recentAge + time.Second)
	assert.Equal(t, StatusError, ask(Question{Cursor: good}).Status, "too old")
	other, err := newRouter(t, paged()).Route(t.Context(), Question{Cursor: good})
	require.NoError(t, err)
	assert.Equal(t, StatusError, other.Status, "of another workspace")
}

// TestNothingMakesAnAnswerTooLong: neither texts that JSON spells six times as long, nor floods of evidence, failures and
// warnings, nor one huge row.
func TestNothingMakesAnAnswerTooLong(t *testing.T) {
	flood := func(change func(*fake)) *fake { f := paged(); change(f); return f }
	for name, f := range map[string]*fake{
		"markup": flood(func(f *fake) {
			f.mutate("checkout-api", func(r *adapters.Resource) { r.Reason = strings.Repeat("<", 20_000) })
			for i := range f.written {
				f.written[i].Text = strings.Repeat("\x01<&\u2028", 2000)
			}
			for i := range f.changed {
				f.changed[i].After = map[string]any{"list": []any{strings.Repeat("&", 20_000)}}
			}
		}),
		"evidence": flood(func(f *fake) {
			for i := range 500 {
				f.failures = append(f.failures, adapters.Source{Provider: "aws", Call: "aws rds describe-db-instances", Scope: adapters.Scope{Account: fmt.Sprint(i)}, At: noon})
			}
		}),
		"failures": flood(func(f *fake) {
			for i := range 500 {
				failed := denied
				failed.Scope.Cluster = fmt.Sprint(i)
				f.failures = append(f.failures, failed)
			}
		}),
	} {
		for _, question := range []string{"are all services healthy", "why is checkout-api unhealthy", "show logs of checkout-api", "what changed in checkout-api", "show topology of session-cache"} {
			a := route(t, f, Question{Text: question, Limit: MaxLimit})
			validate(t, a)
			object, err := json.Marshal(a)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(object), DefaultBytes, "%s: %s", name, question)
			assert.LessOrEqual(t, len(Text(a, TextLimits{})), mostBytes)
			assert.NotEmpty(t, rowsOf(a), "%s: %s: a page has one row at least", name, question)
			if name != "markup" {
				assert.Contains(t, a.Warnings[len(a.Warnings)-1], "left out for their length", question)
				assert.Greater(t, a.Usage.APICalls, 500, "the calls are counted")
			}
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range []string{"", "-", "01M81J18G00000000000000000-20", "x-1.2.3.4", "x-0.0.5", "x-1.", "x--1", "x-9999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, at, ok := parseCursor(text)
		if ok {
			assert.Equal(t, text, cursor(id, at))
			assert.GreaterOrEqual(t, slices.Min(at[:]), 0)
		}
		a := route(t, shop(), Question{Cursor: text, Text: " "})
		assert.NotEqual(t, StatusOK, a.Status)
	})
}
