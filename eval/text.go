package eval

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Text writes the report for people: figures first, then the questions that went wrong or nowhere.
func Text(w io.Writer, r Report) error {
	t := &textReport{}
	if r.CrossValidation != nil {
		t.line("%s\n", r.CrossValidation)
	}
	t.suites(r)
	t.groups(r.Groups)
	t.spreads(r.Spreads)
	t.classes("topic", r.Topics)
	t.classes("worst intents", worst(r.Intents))
	t.confusion("topic", r.TopicConfusion)
	t.confusion("intent or topic", r.IntentConfusion)
	t.robustness(r.Robustness)
	t.curve(r.Curve)
	t.strays("misrouted", r.Suites, func(s SuiteReport) []Stray { return s.Misroutes })
	t.strays("missed", r.Suites, func(s SuiteReport) []Stray { return s.Missed })
	t.baseline(r.Baseline)
	_, err := w.Write(t.Bytes())
	return err
}

type textReport struct{ bytes.Buffer }

func (t *textReport) line(format string, args ...any) { fmt.Fprintf(&t.Buffer, format+"\n", args...) }

// table writes rows in aligned columns, the first row being the headers, and an empty line.
func (t *textReport) table(rows [][]string) {
	if len(rows) < 2 {
		return
	}
	var aligned bytes.Buffer
	columns := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		_, _ = fmt.Fprintln(columns, strings.Join(row, "\t")) // a buffer takes everything
	}
	_ = columns.Flush()
	for line := range strings.Lines(aligned.String()) {
		t.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	t.WriteString("\n")
}

// percent writes a share as 97.4, or as a dash if there is nothing to take a share of.
func percent(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", *x*100)
}

// plain writes a figure that is no share.
func plain(x *float64) string {
	if x == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *x)
}

// longest is how many letters of a question or a reason are shown to people.
const longest = 300

// oneLine keeps what others wrote from breaking out of its line, and from filling the screen.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if letters := []rune(text); len(letters) > longest {
		return string(letters[:longest]) + "..."
	}
	return text
}

var figureHeaders = []string{"asked", "in scope", "answered %", "routed %", "precision %", "topic right %", "misrouted %", "left alone %", "slot F1 %"}

func (f Figures) cells() []string {
	return []string{fmt.Sprint(f.Questions), fmt.Sprint(f.InScope), percent(f.Answered), percent(f.Coverage), percent(f.Precision), percent(f.TopicRight),
		percent(f.Misrouted), percent(f.OutOfScopeRecall), percent(f.SlotF1)}
}

// String says in one line what was left out.
func (c *CrossValidation) String() string {
	return fmt.Sprintf("cross-validation by %s: each fold is asked without the examples that belong to it, %d of %d in all", c.By, c.LeftOut, c.Examples)
}

func (t *textReport) suites(r Report) {
	rows := [][]string{append([]string{"suite"}, figureHeaders...)}
	for _, s := range r.Suites {
		rows = append(rows, append([]string{oneLine(s.Name)}, s.Figures.cells()...))
	}
	if len(r.Suites) != 1 {
		rows = append(rows, append([]string{"all"}, r.Total.cells()...))
	}
	t.table(rows)
	t.line("auroc %s, calibration error %s\n", plain(r.Total.AUROC), plain(r.Total.CalibrationError))
}

func (t *textReport) groups(groups []Group) {
	for _, label := range labels {
		rows := [][]string{append([]string{label.name}, figureHeaders...)}
		for _, g := range groups {
			if g.By == label.name {
				rows = append(rows, append([]string{oneLine(g.Name)}, g.Figures.cells()...))
			}
		}
		t.table(rows)
	}
}

func (t *textReport) spreads(all []Spread) {
	rows := [][]string{{"spread", "figure", "groups", "mean %", "deviation", "least %", "most %"}}
	for _, s := range all {
		rows = append(rows, append([]string{"by " + s.By, s.Figure, fmt.Sprint(s.Groups)}, s.cells()...))
	}
	t.table(rows)
}

func (s Spread) cells() []string {
	return []string{percent(&s.Mean), percent(&s.Deviation), percent(&s.Least), percent(&s.Most)}
}

// most is how many rows of a table that begins with the worst are written; JSON and the page have them all.
const most = 20

func (t *textReport) classes(what string, classes []Class) {
	rows := [][]string{append([]string{what}, classHeaders...)}
	for _, c := range classes[:min(len(classes), most)] {
		rows = append(rows, append([]string{c.Name}, c.cells()...))
	}
	t.table(rows)
}

var classHeaders = []string{"expected", "lost", "routed", "taken", "precision %", "recall %", "F1 %"}

func (c Class) cells() []string {
	return []string{fmt.Sprint(c.Expected), fmt.Sprint(c.Lost), fmt.Sprint(c.Routed), fmt.Sprint(c.Taken), percent(c.Precision), percent(c.Recall), percent(c.F1)}
}

// confusion writes what was taken for something else, the most frequent first; what is right or missed is in the tables
// above.
func (t *textReport) confusion(what string, cells []Cell) {
	rows := [][]string{{what + " it belongs to", "went to", "questions"}}
	wrong := confused(cells)
	for _, c := range wrong[:min(len(wrong), most)] {
		rows = append(rows, []string{c.Want, c.Got, fmt.Sprint(c.Count)})
	}
	t.table(rows)
}

func (t *textReport) robustness(all []Robustness) {
	rows := [][]string{{"changed", "asked", "still routed %", "precision %", "what"}}
	for _, r := range all {
		if r.Asked > 0 {
			rows = append(rows, []string{r.Name, fmt.Sprint(r.Asked), percent(r.Share), percent(r.Precision), r.What})
		}
	}
	t.table(rows)
}

func (t *textReport) curve(points []Point) {
	rows := [][]string{{"score from", "answered of all %", "of these wrong %"}}
	for _, p := range points {
		rows = append(rows, []string{fmt.Sprintf("%.2f", p.Score), percent(&p.Coverage), percent(&p.Risk)})
	}
	t.table(rows)
}

func (t *textReport) strays(what string, suites []SuiteReport, of func(SuiteReport) []Stray) {
	for _, s := range suites {
		for _, stray := range of(s) {
			went := stray.Got
			if went == "" {
				went = stray.Reason
			}
			t.line("%s: %s, %s: %s: %s", stray.At, what, stray.Want, oneLine(stray.Question), oneLine(went))
		}
	}
}

func (t *textReport) baseline(c *Comparison) {
	if c == nil {
		return
	}
	t.WriteString("\n")
	for _, changed := range c.Changed {
		t.line("changed: %s: %s: was %s, is %s", oneLine(changed.Suite), oneLine(changed.Question), changed.Was, changed.Is)
	}
	for _, note := range c.Notes {
		t.line("note: %s", oneLine(note))
	}
	for _, f := range c.Falls {
		t.line("%s", f)
	}
	if len(c.Falls) == 0 {
		t.WriteString("no figure is below the baseline\n")
	}
}

// String tells the fall in one line.
func (f Fall) String() string {
	return fmt.Sprintf("BELOW THE BASELINE: %s: %s was %s, is %s: worse by %s points", oneLine(f.Suite), f.Figure,
		hundredths(f.Was), hundredths(f.Is), hundredths(f.By))
}

// hundredths writes a share in percent, as finely as a baseline holds it.
func hundredths(x float64) string { return fmt.Sprintf("%.2f", x*100) }
