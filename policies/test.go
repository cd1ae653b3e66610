package policies

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"

	"clanker/intents/strict"
)

// testDeadline is how long one test may take.
const testDeadline = 10 * time.Second

// Report is what the tests of a set of policies came to.
type Report struct {
	Tests    int
	Failures strict.Errors // of tests that failed
	Covered  int           // lines of rules that the tests evaluated
	Lines    int           // lines of rules
	Missed   []Lines       // that no test evaluated, sorted
}

// Lines are lines of a file.
type Lines struct {
	File     string
	From, To int
}

// Coverage is how many of the lines of rules the tests evaluated, in percent from 0 to 100.
func (r Report) Coverage() float64 {
	if r.Lines == 0 {
		return 0
	}
	return 100 * float64(r.Covered) / float64(r.Lines)
}

// Check loads policies and runs their tests. Policies without tests, and such as fail one, are not to be used: the error
// is [strict.Errors].
func Check(ctx context.Context, files fs.FS) (*Engine, error) {
	e, err := Load(files)
	if err != nil {
		return nil, err
	}
	report, err := e.Test(ctx)
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Err is what is wrong with the tests: they fail, or there are none.
func (r Report) Err() error {
	if r.Tests == 0 {
		return strict.Errors{{Pos: strict.Position{File: "."}, Message: "there are no tests", Remedy: "write rules that begin with test_ in a file that ends in " + testSuffix}}
	}
	return r.Failures.Err()
}

// Test runs the Rego tests: the rules of the files ending in _test.rego whose names begin with test_. They see the settings
// of data.yaml unless they put others in their place.
func (e *Engine) Test(ctx context.Context) (Report, error) {
	compiler, err := newCompiler(e.set.settings, testBuiltins[:]...)
	if err != nil {
		return Report{}, err
	}
	seen := cover.New()
	runner := tester.NewRunner().SetCompiler(compiler).SetStore(e.store).SetModules(e.set.withTests()).
		RaiseBuiltinErrors(true).SetTimeout(testDeadline).SetCoverageQueryTracer(seen)
	var results []*tester.Result
	err = storage.Txn(ctx, e.store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		found, err := runner.RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for result := range found {
			results = append(results, result)
		}
		return ctx.Err()
	})
	if err != nil {
		return Report{}, fmt.Errorf("run the tests of the policies: %w", err)
	}
	return e.report(results, seen), nil
}

func (e *Engine) report(results []*tester.Result, seen *cover.Cover) Report {
	r := Report{Tests: len(results)}
	for _, result := range results {
		if !result.Pass() {
			r.Failures = append(r.Failures, failure(result))
		}
	}
	_ = r.Failures.Err() // sorts them
	files := seen.Report(e.set.modules).Files
	for _, name := range slices.Sorted(maps.Keys(e.set.modules)) {
		if file := files[name]; file != nil {
			r.Covered += file.CoveredLines
			r.Lines += file.CoveredLines + file.NotCoveredLines
			for _, missed := range file.NotCovered {
				r.Missed = append(r.Missed, Lines{name, missed.Start.Row, missed.End.Row})
			}
		}
	}
	slices.SortFunc(r.Missed, func(a, b Lines) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.From, b.From)) })
	return r
}

func failure(result *tester.Result) strict.Fault {
	what := "it is not true"
	switch {
	case result.Skip:
		what = "it is skipped"
	case result.Error != nil:
		what = result.Error.Error()
	}
	if printed := strings.TrimSpace(string(result.Output)); printed != "" {
		what += "; printed: " + strings.ReplaceAll(printed, "\n", " | ")
	}
	f := fault(result.Location, "", "%s", what)
	f.Subject = result.Name
	return f
}
