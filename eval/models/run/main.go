// Command run asks models the questions of eval/models and writes the table of what they made of them; see "make eval-models".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"clanker/eval/models"
	"clanker/router"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	program := flag.String("clanker", "bin/clanker", "the `program` to ask")
	refs := flag.String("models", "", "`models` to ask, with blanks between; without it one of each provider that answers")
	dollars := flag.Float64("dollars", 5, "US dollars after which no more is asked")
	table := flag.String("table", "eval/models/RESULTS.md", "`file` to write")
	flag.Parse()
	if err := run(ctx, &purse{models.Binary{Path: *program}, *dollars}, strings.Fields(*refs), *table, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "eval-models:", err)
		os.Exit(1)
	}
}

// purse is the program, and the US dollars that are left for it.
type purse struct {
	models.Binary
	left float64
}

var _ models.Asker = (*purse)(nil)

// Ask asks as long as anything is left. What nobody knows the price of takes nothing.
func (p *purse) Ask(ctx context.Context, model, question string) (a router.Answer, err error) {
	if p.left <= 0 {
		return a, errors.New("the money is spent: set DOLLARS to more, or MODELS to fewer")
	}
	if a, err = p.Binary.Ask(ctx, model, question); err == nil && a.Usage.Model != nil {
		cost, _ := strconv.ParseFloat(a.Usage.Model.CostUSD, 64) // or it is unknown
		p.left -= cost
	}
	return a, err
}

// run measures the models. A table that is there stays as it is unless all of them were asked all questions.
func run(ctx context.Context, program *purse, refs []string, table string, log io.Writer) error {
	cases, err := models.Cases()
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		if refs, err = program.Found(ctx); err != nil {
			return err
		}
	}
	if len(refs) == 0 {
		_, err := fmt.Fprintf(log, "no model to ask: set the key of a provider (\"clanker models list\" names its variable), or start Ollama; %s stays as it is\n", table)
		return err
	}
	var results []models.Result
	for _, ref := range refs {
		result, err := models.Run(ctx, program, ref, cases, func(o models.Outcome) { tell(log, ref, o) })
		if err != nil {
			return err
		}
		results = append(results, result)
	}
	if answered(results) == 0 {
		return errors.New("no model answered any question: see above")
	}
	return os.WriteFile(table, []byte(models.Table(results, time.Now())), 0o644)
}

func tell(log io.Writer, ref string, o models.Outcome) {
	verdict := "passed"
	if !o.Passed() {
		verdict = "failed"
	}
	_, _ = fmt.Fprintf(log, "%s %s %s (%s, %.1f s) %s\n", verdict, ref, o.Case, o.Status, o.Took.Seconds(), o.Problem) // for whoever looks on
}

// answered counts the questions that a model had anything to say to.
func answered(results []models.Result) (n int) {
	for _, r := range results {
		for _, o := range r.Outcomes {
			if o.Model.Steps > 0 {
				n++
			}
		}
	}
	return n
}
