package models

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Table is the results in Markdown, as RESULTS.md has them: a row for each model, and beneath what each did not know.
func Table(results []Result, day time.Time) string {
	var text strings.Builder
	fmt.Fprintf(&text, "# What models make of what no intent covers\n\nWritten by `make eval-models` on %s: the questions of [cases.yaml](cases.yaml) over the demo estate, judged without a model.\n"+
		"An answer passes with all of its facts and none of its lies. Tokens and US dollars are for all questions, seconds are the median.\n\n"+
		"| model | passed | tool calls | tokens in | tokens out | US dollars | seconds | unverified marks |\n|---|---|---|---|---|---|---|---|\n", day.UTC().Format(time.DateOnly))
	for _, r := range results {
		fmt.Fprintln(&text, r.row())
	}
	for _, r := range results {
		text.WriteString(r.misses())
	}
	return text.String()
}

func (r Result) row() string {
	var passed, calls, in, out, marks int
	var took []time.Duration
	for _, o := range r.Outcomes {
		if o.Passed() {
			passed++
		}
		calls, in, out, marks = calls+o.Model.ToolCalls, in+o.Model.Input, out+o.Model.Output, marks+o.Unverified
		took = append(took, o.Took)
	}
	slices.Sort(took)
	var median time.Duration
	if len(took) > 0 {
		median = took[len(took)/2]
	}
	return fmt.Sprintf("| %s | %d of %d | %d | %d | %d | %s | %.1f | %d |", cell(r.Model), passed, len(r.Outcomes), calls, in, out, r.cost(), median.Seconds(), marks)
}

// cost is what all questions cost; unknown if that of any is.
func (r Result) cost() string {
	sum := 0.0
	for _, o := range r.Outcomes {
		usd, err := strconv.ParseFloat(o.Model.CostUSD, 64)
		if err != nil && o.Model.CostUSD != "" {
			return "unknown"
		}
		sum += usd
	}
	return fmt.Sprintf("%.4f", sum)
}

func (r Result) misses() string {
	var text strings.Builder
	for _, o := range r.Outcomes {
		if !o.Passed() {
			fmt.Fprintf(&text, "- %s (%s): %s\n", o.Case, o.Status, cell(o.why()))
		}
	}
	if text.Len() == 0 {
		return ""
	}
	return fmt.Sprintf("\n## %s\n\n%s", cell(r.Model), text.String())
}

// why says why a case did not pass.
func (o Outcome) why() string {
	if o.Problem != "" {
		return o.Problem
	}
	var parts []string
	if len(o.Missing) > 0 {
		parts = append(parts, "lacks `"+strings.Join(o.Missing, "`, `")+"`")
	}
	if len(o.Told) > 0 {
		parts = append(parts, "says `"+strings.Join(o.Told, "`, `")+"`")
	}
	return strings.Join(parts, "; ")
}

// cell is text that ends no cell and no line.
func cell(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "|", "\\|").Replace(text)
}
