package cost

import (
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

func loaded(t testing.TB) *Table {
	t.Helper()
	table, err := Load("")
	require.NoError(t, err)
	return table
}

// own is a table with rows of somebody's own.
func own(t testing.TB, text string) (*Table, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return Load(path)
}

// Every row says where it is from and of when, and no part of it can be a slip of the pen.
func TestBuiltIn(t *testing.T) {
	t.Parallel()
	rows := loaded(t).rows
	assert.Greater(t, len(rows), 50)
	for model, p := range rows {
		source, err := url.Parse(p.Source)
		require.NoError(t, err)
		assert.Equal(t, "https", source.Scheme, model)
		assert.WithinRange(t, p.Read, time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), model)
		assert.True(t, p.Context == 0 || p.Context >= 128_000, model)
		for _, r := range []rates{p.usual, p.long} {
			assert.LessOrEqual(t, r.cached, r.input, model)
			assert.LessOrEqual(t, r.input, r.output, model)
		}
		assert.Positive(t, p.usual.cached, model)
		assert.Equal(t, p.above > 0, p.long.input > p.usual.input && p.long.output > p.usual.output, model)
	}
}

// A row is for its model and that one's snapshots, and for no other of the family.
func TestPrice(t *testing.T) {
	t.Parallel()
	table := loaded(t)
	for _, test := range []struct {
		model string
		local bool
		want  string // of a million tokens in and as many out
	}{
		{"anthropic/claude-opus-4-6", false, "30.00"}, {"anthropic/claude-opus-4-6-20260205", false, "30.00"}, {"anthropic/claude-opus-4-20250514", false, "90.00"},
		{"anthropic/claude-opus-4-6-fast", false, ""}, {"anthropic/claude-opus-4-60", false, ""}, {"anthropic/claude-opus-4-6-20269905", false, ""}, {"anthropic/claude-opus", false, ""},
		{"openai/gpt-5.2", false, "15.75"}, {"openai/gpt-5.2-2025-12-11", false, "15.75"}, {"openai/gpt-5.2-pro", false, "189.00"}, {"openai/gpt-5.2-codex", false, ""},
		{"openai/gpt-4o-2024-05-13", false, "20.00"}, {"openai/gpt-4o-2024-11-20", false, "12.50"}, {"openai/gpt-4o-audio-preview", false, ""},
		{"openai/gpt-5.2-2025-12-11-2025-12-11", false, ""}, {"openai/gpt-5.2-12-2025", false, ""}, {"gpt-5.2", false, ""}, {"other/gpt-5.2", false, ""},
		{"cohere/command-r-08-2024", false, "0.75"}, {"cohere/command-r-03-2024", false, ""},
		{"ollama/gemma4:31b", true, "0.00"}, {"ollama/gemma4:31b", false, ""}, {"ollama/gpt-oss:120b-cloud", true, ""}, {"ollama/glm-5:cloud", true, ""}, {"ollama/glm-5:Cloud", true, ""},
		{"openai/gpt-oss-120b", true, "0.00"}, {"anthropic/claude-next", true, ""}, {"google/gemini-next", true, ""}, {"openai/gpt-5.2", true, "15.75"}, {"", false, ""}, {"-2026-01-01", false, ""},
	} {
		p, known := table.Price(test.model, test.local)
		assert.Equal(t, test.want != "", known, test.model)
		if known {
			assert.Equal(t, test.want, router.USD(p.Cost(router.Tokens{In: unit, Out: unit})), test.model)
		}
	}
	assert.Equal(t, 200_000, table.Context("anthropic/claude-haiku-4-5-20251001"))
	assert.Zero(t, table.Context("ollama/gemma4:31b"))
}

// What is left over is rounded up, cached input costs less, and a long call costs more altogether.
func TestCost(t *testing.T) {
	t.Parallel()
	table := loaded(t)
	for _, test := range []struct {
		model  string
		tokens router.Tokens
		want   int64
	}{
		{"openai/gpt-4.1-nano", router.Tokens{}, 0}, {"openai/gpt-4.1-nano", router.Tokens{In: 1}, 1}, {"openai/gpt-4.1-nano", router.Tokens{In: 10}, 1},
		{"openai/gpt-4.1-nano", router.Tokens{In: 10, Out: 1}, 2}, {"cohere/command-r7b-12-2024", router.Tokens{In: 80}, 3}, {"cohere/command-r7b-12-2024", router.Tokens{In: 81}, 4},
		{"anthropic/claude-haiku-4-5", router.Tokens{In: 1000, Out: 100, Cached: 900}, 100 + 90 + 500}, {"anthropic/claude-haiku-4-5", router.Tokens{In: 1000, Cached: 2000}, 100},
		{"cohere/command-r-08-2024", router.Tokens{In: 100, Cached: 100}, 15},
		{"google/gemini-2.5-pro", router.Tokens{In: 200_000, Out: 1000}, 250_000 + 10_000}, {"google/gemini-2.5-pro", router.Tokens{In: 200_001, Out: 1000}, 500_003 + 15_000},
		{"openai/gpt-5.4", router.Tokens{In: 272_001, Cached: 272_000}, 136_005},
		{"openai/gpt-4.1-nano", router.Tokens{In: -5, Out: -5, Cached: -5}, 0},
	} {
		p, known := table.Price(test.model, false)
		require.True(t, known)
		assert.Equal(t, test.want, *p.Cost(test.tokens), "%s %+v", test.model, test.tokens)
	}
	dear := Price{usual: rates{999_999_999, 999_999_999, 999_999_999}}
	assert.EqualValues(t, 1_999_999_998_000, *dear.Cost(router.Tokens{In: math.MaxInt, Out: math.MaxInt, Cached: 7}), "nothing overflows")
}

func TestStale(t *testing.T) {
	t.Parallel()
	read := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	p := Price{Read: read}
	assert.Empty(t, p.Stale(read.Add(180*24*time.Hour)))
	assert.Equal(t, "prices of 2026-03-01", p.Stale(read.Add(180*24*time.Hour+1)))
	here, _ := loaded(t).Price("ollama/a", true)
	assert.Empty(t, here.Stale(read.AddDate(10, 0, 0)), "what costs nothing here does so for ever")
}

// Rows of one's own are added, or replace those that are built in.
func TestOwnRows(t *testing.T) {
	t.Parallel()
	table, err := own(t, `prices:
  openai/gpt-5.2: {input: 1, output: 2.5, read: 2026-11-01, source: our contract}
  "ollama/gpt-oss:120b-cloud": {input: "0.10", cached: 0, output: 0.2, context: 131072, read: 2026-11-01, source: https://example.com, long: {above: 9, input: 1, output: 1}}
`)
	require.NoError(t, err)
	p, _ := table.Price("openai/gpt-5.2-2025-12-11", false)
	assert.Equal(t, Price{Source: "our contract", Read: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), usual: rates{1_000_000, 1_000_000, 2_500_000}}, p)
	p, _ = table.Price("ollama/gpt-oss:120b-cloud", true)
	assert.Equal(t, rates{100_000, 0, 200_000}, p.usual)
	assert.Equal(t, rates{1_000_000, 1_000_000, 1_000_000}, p.long)
	_, known := table.Price("openai/gpt-5.4", false)
	assert.True(t, known, "the others are there still")
	_, err = Load(filepath.Join(t.TempDir(), "none.yaml"))
	assert.ErrorContains(t, err, "mend models.prices")
}

// What others may write decides nothing about money, and what is no file is not waited for.
func TestFilesThatSayNoPrices(t *testing.T) {
	t.Parallel()
	shared := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(shared, []byte("prices: {}"), 0o600))
	require.NoError(t, os.Chmod(shared, 0o622))
	for path, want := range map[string]string{shared: "others than its owner", t.TempDir(): "no regular file", os.DevNull: "no regular file"} {
		_, err := Load(path)
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, path)
	}
}

// All faults are told at once, each with its place and what to do.
func TestFaults(t *testing.T) {
	t.Parallel()
	_, err := own(t, `prices:
  gpt-5: {input: 1, output: 1, read: 2026-11-01, source: a}
  openai/a: {input: 1.1234567, output: -1, cached: 1e3, read: 2026-13-01, source: " "}
  openai/b: {input: 1, outptu: 1}
  openai/c: {long: {above: 0, input: x}}
  openai/d: 5
  openai/f: {}
  openai/g:
  openai/e: {input: 1, input: 1, output: 1000, read: [1], source: a, context: -1}
  opnai/x: {input: 1, output: 1, read: 2026-11-01, source: a}
price: {}
`)
	require.Error(t, err)
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, strings.TrimSpace(line[strings.Index(line, "prices.yaml:"):]))
	}
	assert.Equal(t, []string{
		`prices.yaml:2:3: "gpt-5": it is no provider/model; write it as in anthropic/claude-opus-4-6`,
		`prices.yaml:3:21: "openai/a": input: "1.1234567" is no price; write US dollars for a million tokens, below 1000, as in 2.50`,
	}, lines[:2])
	for _, want := range []string{`3:40: "openai/a": output: "-1" is no price`, `"openai/a": cached: "1e3" is no price`, `"openai/a": read: "2026-13-01" is no day`, `"openai/a": source: it is empty`,
		`"openai/b": unknown key "outptu"; did you mean output?`, `"openai/b": output is missing`, `"openai/b": read is missing`, `"openai/b": source is missing`,
		`"openai/c": long.above: 0 is no number of tokens`, `"openai/c": long.input: "x" is no price`, `"openai/c": long: output is missing`, `"openai/c": input is missing`,
		`"openai/d": a block of keys with values is expected`, `"openai/e": the key "input" is written twice`, `"openai/e": output: "1000" is no price`,
		`"openai/e": read: text is expected, not a list`, `"openai/e": context: -1 is no number of tokens`, `"openai/f": output is missing`, `"openai/g": a block of keys with values is expected, not nothing`, `"opnai/x": there is no provider of models "opnai"; did you mean openai?`, `11:1: unknown key "price"; did you mean prices?`} {
		assert.ErrorContains(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(builtIn))
	f.Add("prices:\n  openai/a: {input: 1, output: 1, read: 2026-11-01, source: a, long: {above: 1, input: 2, output: 3}}")
	f.Add("prices: {openai/a: {input: &a 1, output: *a}, <<: {}}")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := parse("prices.yaml", []byte(text))
		if err != nil {
			assert.Nil(t, table)
			assert.True(t, strings.HasPrefix(err.Error(), "prices.yaml"), err)
			return
		}
		for model, p := range table.rows {
			assert.Regexp(t, reference, model)
			assert.NotEmpty(t, p.Source, model)
			assert.False(t, p.Read.IsZero(), model)
			assert.GreaterOrEqual(t, *p.Cost(router.Tokens{In: math.MaxInt, Out: math.MaxInt, Cached: 1}), int64(0), model)
		}
	})
}
