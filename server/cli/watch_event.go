package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"clanker/router"
	"clanker/server"
)

// event is what a round of a watch found, as one object.
type event struct {
	At         time.Time           `json:"at"`
	Question   string              `json:"question"`
	AnswerID   string              `json:"answerId"`
	Status     router.Status       `json:"status"`
	Verdict    router.Verdict      `json:"verdict,omitempty"`
	Summary    string              `json:"summary"`
	Before     *standing           `json:"before,omitempty"` // when the status or the verdict was another
	Delta      *router.Delta       `json:"delta,omitempty"`  // when it says that something changed
	NotChecked []router.NotChecked `json:"notChecked,omitempty"`
	Regained   []router.NotChecked `json:"checkedAgain,omitempty"`
	Answer     *router.Answer      `json:"answer,omitempty"` // the first, and one that no delta can be told of

	changed bool
}

// standing is how an answer ended.
type standing struct {
	Status  router.Status  `json:"status"`
	Verdict router.Verdict `json:"verdict,omitempty"`
}

func newEvent(at time.Time, r server.Round) event {
	a := r.Answer
	e := event{At: at.UTC(), Question: a.Question, AnswerID: a.AnswerID, Status: a.Status, Verdict: a.Verdict, Summary: a.Summary,
		NotChecked: r.Lost(), Regained: r.Regained()}
	if a.Delta != nil && a.Delta.Changed {
		e.Delta = a.Delta
	}
	if b := r.Before; b != nil && (b.Status != a.Status || b.Verdict != a.Verdict) {
		e.Before = &standing{b.Status, b.Verdict}
	}
	e.changed = r.Changed() || len(e.NotChecked)+len(e.Regained) > 0
	if r.Before == nil || e.changed && e.changes() == 0 {
		e.Answer = &a
	}
	return e
}

// changes counts what changed since the round before; of a first round, what its delta says. It is 0 when no more is known
// than that the answer is another.
func (e event) changes() int {
	n := len(e.NotChecked) + len(e.Regained)
	if d := e.Delta; d != nil {
		n += len(d.Added) + len(d.Removed) + len(d.Modified) + len(d.Recovered) + len(d.Degraded) + d.More
	}
	if n == 0 && e.Before != nil {
		n = 1
	}
	return n
}

// print writes a round: the first in full, of the others what changed and, for eyes only, that nothing did.
func (w *watching) print(r server.Round, e event) error {
	switch {
	case w.output.String() == "json" && (e.changed || e.Answer != nil):
		return writeJSON(w.app.stdout, e, "")
	case w.output.String() == "json":
		return nil
	case e.Answer != nil:
		return w.app.printAnswer(r.Answer)
	case e.changed:
		return w.app.printText(changesOnly(r, e))
	case isTerminal(w.app.stdout):
		_, err := fmt.Fprintf(w.app.stdout, "%s  no change\n", e.At.Format("15:04:05Z"))
		return err
	}
	return nil
}

// changesOnly is the text of an answer without all that was printed before.
func changesOnly(r server.Round, e event) string {
	a := r.Answer
	a.Items, a.Columns, a.Changes, a.Graph, a.Truncation, a.Next, a.Proposals, a.Untrusted, a.Warnings = nil, nil, nil, nil, nil, nil, nil, nil, nil
	a.Coverage.Checked, a.Coverage.NotChecked, a.Delta = nil, e.NotChecked, e.Delta
	head, rest, _ := strings.Cut(router.Text(a, router.TextLimits{Bytes: mostText}), "\n")
	lines := []string{head}
	if e.Before != nil {
		lines = append(lines, "before: "+cmp.Or(string(e.Before.Verdict), string(e.Before.Status)))
	}
	for _, again := range e.Regained {
		lines = append(lines, router.Printable("checked again: "+strings.Join(strings.Fields(again.Provider+" "+again.Target+" "+again.What), " ")))
	}
	return strings.Join(append(lines, rest), "\n")
}
