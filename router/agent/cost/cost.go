// Package cost says what calls of models cost.
//
// # The table
//
// prices.yaml has what vendors publish: a row for each model, with its source and the day on which that said so. A file of
// the same form, which models.prices of the configuration names, adds rows or replaces them:
//
//	prices:
//	  anthropic/claude-opus-4-6: {input: 5.00, cached: 0.50, output: 25.00, context: 1000000, read: 2026-10-24, source: "our contract"}
//	  google/gemini-2.5-pro:
//	    input: 1.25    # US dollars for a million tokens, with up to six decimals
//	    cached: 0.125  # of input that the model had read before; as other input where it is left out
//	    output: 10.00
//	    long: {above: 200000, input: 2.50, cached: 0.25, output: 15.00} # of a call with more input tokens than that
//	    context: 1048576 # tokens
//	    read: 2026-10-07
//	    source: https://ai.google.dev/gemini-api/docs/pricing
//
// A row is for the model of that name and for its snapshots, which have a date behind it (-2026-03-01, -20260301), unless
// they have a row themselves. It is for no other model: openai/gpt-5.4 says nothing of openai/gpt-5.4-pro. A model without a row
// costs nothing when it runs on this machine (ollama, or openai at a URL of it), and else nobody knows what: never nothing.
//
// Prices are those of a vendor's own service, per call and without discounts for batches or for having to wait, in whole
// millionths of a dollar; what a call costs is rounded up to those. Input that a vendor then keeps in a cache is not counted: this
// program asks nobody to, and the rows of models that do it of themselves have what that costs as the price of their input.
package cost

import (
	"regexp"
	"strings"
	"time"

	"clanker/router"
	"clanker/router/agent/models"
)

// Table is what models cost. It is safe for concurrent use.
type Table struct {
	rows map[string]Price
}

// Price is what one model costs.
type Price struct {
	Source  string    // where it was read
	Read    time.Time // on what day; zero where it never changes
	Context int       // tokens that fit into the model; 0: not known

	usual, long rates
	above       int // input tokens beyond which the rates are the long ones; 0: never
}

// rates are in millionths of a US dollar for a million tokens.
type rates struct{ input, cached, output int64 }

// Price returns what a model costs, as provider/model, or false where nobody knows. Local says that it answers on this
// machine, where it costs nothing: unless it has a row, which that machine then only passes it on to, is one of those that
// Ollama runs elsewhere, or is neither Ollama's nor of OpenAI's wire.
func (t *Table) Price(model string, local bool) (Price, bool) {
	if p, ok := t.row(model); ok {
		return p, true
	}
	if local && runsHere(strings.ToLower(model)) {
		return Price{Source: "runs on this machine"}, true
	}
	return Price{}, false
}

// runsHere reports whether a model that a server on this machine answers for is one that such servers run themselves: for those of
// other vendors they pass on what is asked.
func runsHere(model string) bool {
	return (strings.HasPrefix(model, "ollama/") || strings.HasPrefix(model, "openai/")) && !strings.HasSuffix(model, ":cloud") && !strings.HasSuffix(model, "-cloud")
}

// Context returns how many tokens fit into a model, as provider/model; 0: not known.
func (t *Table) Context(model string) int {
	p, _ := t.row(model)
	return p.Context
}

var snapshot = regexp.MustCompile(`-20\d\d(-[01]\d-[0-3]\d|[01]\d[0-3]\d)$`)

// row is that of a model, or of the one that it is a snapshot of.
func (t *Table) row(model string) (Price, bool) {
	p, ok := t.rows[model]
	if !ok {
		p, ok = t.rows[snapshot.ReplaceAllString(model, "")]
	}
	return p, ok
}

// Cost returns what a call costs, rounded up; never nil.
func (p Price) Cost(t router.Tokens) router.Cost {
	in := min(max(t.In, 0), models.MostTokens)
	cached, out := min(max(t.Cached, 0), in), min(max(t.Out, 0), models.MostTokens)
	r := p.usual
	if p.above > 0 && in > p.above {
		r = p.long
	}
	sum := int64(in-cached)*r.input + int64(cached)*r.cached + int64(out)*r.output
	sum = (sum + unit - 1) / unit
	return &sum
}

// stale is how long prices are taken for right without a word.
const stale = 180 * 24 * time.Hour

// Stale says of when the prices are if they are so old that they may have changed; else it is empty.
func (p Price) Stale(now time.Time) string {
	if p.Read.IsZero() || now.Sub(p.Read) <= stale {
		return ""
	}
	return "prices of " + p.Read.Format(time.DateOnly)
}
