package router

import "strings"

// changeTable has a row for each change, with who did it. Of those made together each has only what the one above it has not.
func (w *writer) changeTable() []string {
	if len(w.a.Changes) == 0 {
		return nil
	}
	t := table{heads: []string{"changed", "what", "change", "by", "event", "where", "why"}}
	for i := range w.a.Changes {
		c := &w.a.Changes[i]
		t.rows = append(t.rows, []string{
			w.span(c), Printable(string(c.Kind) + " " + c.Name), fieldWords(Printable(c.Field), c.Old, c.New),
			cut(Printable(c.Actor), 40), cut(Printable(c.Event), 40), Printable(c.Location), c.Why,
		})
	}
	for i := len(t.rows) - 1; i > 0; i-- {
		if above, c := &w.a.Changes[i-1], &w.a.Changes[i]; above.Ref == c.Ref && above.Event == c.Event && above.At.Equal(c.At) {
			ditto(t.rows[i-1], t.rows[i], 2)
		}
	}
	return t.lines()
}

// span writes when a change was made: between two looks, if it was seen.
func (w *writer) span(c *AnswerChange) string {
	if c.Earliest == nil {
		return w.minute(&c.At)
	}
	return "seen " + strings.TrimSuffix(w.minute(c.Earliest), "Z") + "-" + w.minute(&c.At)
}

// ditto empties the cells of a row that are as in the row above, but for one column.
func ditto(above, row []string, but int) {
	for i := range row {
		if i != but && row[i] == above[i] {
			row[i] = ""
		}
	}
}

// ranked says what the changes are ranked by, and who says when that was.
func (w *writer) ranked(line func(format string, args ...any)) {
	if s := w.a.Symptom; s != nil {
		line("ranked: by time before %s (from: %s), distance and kind of change", join(" ", s.What, w.clock(&s.At)), s.From)
	}
}
