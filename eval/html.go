package eval

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
)

//go:embed report.gohtml
var page string

// HTML writes the report as one page that needs nothing else: no script, no network. It follows the reader's choice of
// light or dark.
func HTML(w io.Writer, r Report) error {
	t, err := template.New("report").Funcs(template.FuncMap{"percent": percent, "plain": plain, "cells": Figures.cells, "class": Class.cells, "spread": Spread.cells, "line": oneLine}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the page of the report: %w", err)
	}
	return t.Execute(w, newView(r))
}

// view is the report with its charts laid out.
type view struct {
	Report
	Headers []string
	Labels  []labelled
	Curve   curveChart
	Bars    barChart
	Matrix  []matrixChart
	Classes []string // headers
	Strays  []strays
}

// labelled are the groups of one label.
type labelled struct {
	Name    string
	Groups  []Group
	Spreads []Spread
}

type strays struct {
	Title string
	Rows  []Stray
}

func newView(r Report) view {
	v := view{Report: r, Headers: figureHeaders, Curve: layCurve(r.Curve), Bars: layBars(r.Topics), Classes: classHeaders,
		Matrix: []matrixChart{layMatrix("topics", r.TopicConfusion, r.TopicConfusion), layMatrix("intents", r.IntentConfusion, around(r.IntentConfusion))}}
	for _, label := range labels {
		groups := slices.DeleteFunc(slices.Clone(r.Groups), func(g Group) bool { return g.By != label.name })
		if len(groups) > 0 {
			spreads := slices.DeleteFunc(slices.Clone(r.Spreads), func(s Spread) bool { return s.By != label.name })
			v.Labels = append(v.Labels, labelled{label.name, groups, spreads})
		}
	}
	misroutes, missed := strays{Title: "Went where it does not belong"}, strays{Title: "Missed"}
	for _, s := range r.Suites {
		misroutes.Rows = append(misroutes.Rows, s.Misroutes...)
		missed.Rows = append(missed.Rows, s.Missed...)
	}
	v.Strays = []strays{misroutes, missed}
	return v
}

// Lengths in charts are in units of the drawing, which are pixels unless the page scales it.
const (
	plotWidth, plotHeight = 420.0, 220.0
	barWidth, barRow      = 300.0, 30.0
	cellSize              = 38.0
)

// px rounds to a tenth: finer is not seen, and would tell architectures apart.
func px(x float64) float64 { return math.Round(x*10) / 10 }

type tick struct {
	At   float64
	Text string
}

type mark struct {
	X, Y float64
	Tip  string
}

type curveChart struct {
	Width, Height float64
	Line          string // points of the polyline
	Marks         []mark
	X, Y          []tick
}

// layCurve draws risk over coverage. The axis of risk ends at the next step above the greatest, and shows 2 % at least.
func layCurve(points []Point) curveChart {
	c := curveChart{Width: plotWidth, Height: plotHeight}
	top := 0.02
	for _, p := range points {
		for _, step := range []float64{0.05, 0.1, 0.2, 0.5, 1} {
			if top < p.Risk {
				top = step
			}
		}
	}
	for i := range 5 {
		part := float64(i) / 4
		c.X = append(c.X, tick{px(part * plotWidth), fmt.Sprintf("%.0f", part*100)})
		c.Y = append(c.Y, tick{px(plotHeight * (1 - part)), fmt.Sprintf("%.3g", part*top*100)})
	}
	var line []string
	for _, p := range points {
		x, y := px(p.Coverage*plotWidth), px(plotHeight*(1-p.Risk/top))
		line = append(line, fmt.Sprintf("%g,%g", x, y))
		c.Marks = append(c.Marks, mark{x, y, fmt.Sprintf("score from %.2f: answers %.1f %% of all, %.1f %% of these wrong", p.Score, p.Coverage*100, p.Risk*100)})
	}
	c.Line = strings.Join(line, " ")
	return c
}

type barChart struct {
	Width, Height float64
	Rows          []barLine
}

type barLine struct {
	Y                            float64
	Name                         string
	Precision, Recall            float64 // widths
	PrecisionText, RecallText, N string
}

func layBars(classes []Class) barChart {
	b := barChart{Width: barWidth, Height: barRow * float64(len(classes))}
	for i, c := range classes {
		b.Rows = append(b.Rows, barLine{Y: float64(i) * barRow, Name: c.Name, N: fmt.Sprint(c.Expected),
			Precision: barLength(c.Precision), Recall: barLength(c.Recall), PrecisionText: percent(c.Precision), RecallText: percent(c.Recall)})
	}
	return b
}

func barLength(x *float64) float64 {
	if x == nil {
		return 0
	}
	return px(*x * barWidth)
}

type matrixChart struct {
	What                             string
	Left, Top, ViewWidth, ViewHeight float64 // with the labels, which are to the left and above
	Rows, Columns                    []tick
	Cells                            []matrixCell
}

type matrixCell struct {
	X, Y    float64
	Class   string
	Opacity float64
	Strong  bool // the ground is dark enough for light ink
	Count   int
	Tip     string
}

// around are the cells of the classes that are most confused: a matrix of all intents could not be read.
func around(cells []Cell) []Cell {
	wrong := confused(cells)
	var rows, columns []string
	for _, c := range wrong[:min(len(wrong), most)] {
		rows, columns = append(rows, c.Want), append(columns, c.Want, c.Got)
	}
	return slices.DeleteFunc(slices.Clone(cells), func(c Cell) bool {
		return !slices.Contains(rows, c.Want) || c.Got != Abstain && !slices.Contains(columns, c.Got)
	})
}

// layMatrix draws what belongs to a row and went to a column; a cell is the stronger, the more of its row are in it.
func layMatrix(what string, all, shown []Cell) matrixChart {
	var rows, columns []string
	sums := map[string]int{}
	for _, c := range all {
		sums[c.Want] += c.Count
	}
	for _, c := range shown {
		rows, columns = append(rows, c.Want), append(columns, c.Got)
	}
	rows, columns = abstainLast(rows), abstainLast(columns)
	m := matrixChart{What: what, Left: 30 + 7*longestName(rows), Top: 25 + 6*longestName(columns)}
	m.ViewWidth, m.ViewHeight = m.Left+m.Top+cellSize*float64(len(columns)), m.Top+cellSize*float64(len(rows))
	for i, name := range rows {
		m.Rows = append(m.Rows, tick{cellSize * float64(i), name})
	}
	for i, name := range columns {
		m.Columns = append(m.Columns, tick{cellSize * float64(i), name})
	}
	for _, c := range shown {
		part := float64(c.Count) / float64(sums[c.Want])
		m.Cells = append(m.Cells, matrixCell{X: cellSize * float64(slices.Index(columns, c.Got)), Y: cellSize * float64(slices.Index(rows, c.Want)),
			Class: c.class(), Opacity: math.Round((0.12+0.88*math.Sqrt(part))*100) / 100, Strong: part > 0.3, Count: c.Count,
			Tip: fmt.Sprintf("%d of %d that belong to %s went to %s", c.Count, sums[c.Want], c.Want, c.Got)})
	}
	return m
}

func longestName(names []string) float64 {
	longest := 0
	for _, name := range names {
		longest = max(longest, len(name))
	}
	return float64(longest)
}

func (c Cell) class() string {
	switch {
	case c.Want == c.Got:
		return "good"
	case c.Got == Abstain:
		return "none"
	default:
		return "bad"
	}
}

func abstainLast(names []string) []string {
	slices.Sort(names)
	names = slices.Compact(names)
	if i := slices.Index(names, Abstain); i >= 0 {
		names = append(slices.Delete(names, i, i+1), Abstain)
	}
	return names
}
