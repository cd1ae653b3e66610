package strict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a file that people edit; line and column count from 1. Without a line it is the whole file, or
// whatever else a value came from: an environment variable, a flag.
type Position struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// String spells the position as file:line:column, so that an editor can jump there.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Fault is one mistake in a file that people edit: where, what, and what to do about it.
type Fault struct {
	Pos     Position
	Subject string // what of the file the fault is in, as the message names it: `intent "health.services"`; may be empty
	Where   string // key: "patterns", "query.kinds"; empty for the file itself
	Message string
	Remedy  string
	others  int // that it stands for as well
}

// Error spells the fault as file:line:column: subject: where: message; remedy.
func (f Fault) Error() string {
	var text strings.Builder
	text.WriteString(f.Pos.String() + ": ")
	for _, part := range []string{f.Subject, f.Where} {
		if part != "" {
			text.WriteString(part + ": ")
		}
	}
	text.WriteString(f.Message)
	if f.Remedy != "" {
		text.WriteString("; " + f.Remedy)
	}
	return text.String()
}

// Errors are all the faults of the files that were read together, sorted by position.
type Errors []Fault

// Count is how many faults were found, told or not.
func (e Errors) Count() int {
	count := len(e)
	for _, fault := range e {
		count += fault.others
	}
	return count
}

// Error has a line for each fault.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, fault := range e {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// MaxFaults is how many faults are told. Who has more mends these first, and has them told the rest.
const MaxFaults = 1000

// Err returns the faults sorted and without repetition as an error, or nil if there are none. Of more than [MaxFaults] the
// first ones are there, and one in the place of the others that says how many they are at least.
func (e Errors) Err() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortFunc(e, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Where, b.Where), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Remedy, b.Remedy))
	})
	all := slices.Compact(e)
	if more := len(all) - MaxFaults; more > 0 {
		first := all[MaxFaults]
		all = append(all[:MaxFaults:MaxFaults], Fault{Pos: first.Pos, others: more - 1,
			Message: fmt.Sprintf("at least %d more faults from here on", more), Remedy: "mend those before it first"})
	}
	return all
}

// Suggest returns a remedy: the known word nearest to the one written, whatever its case, else all that are known if they are few, else
// nothing. The sigil is written before each word.
func Suggest(word, sigil string, known []string) string {
	best, distance := "", len(word)/3+2
	for _, candidate := range known {
		if d := Distance(strings.ToLower(word), strings.ToLower(candidate), distance); d < distance {
			best, distance = candidate, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s%s?", sigil, best)
	case len(known) <= 40:
		return fmt.Sprintf("use one of: %s%s", sigil, strings.Join(known, ", "+sigil))
	}
	return ""
}

// Distance returns the number of letters to insert, delete, replace or swap with a neighbour to turn a into b, or limit
// if it is at least that.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	var memory [3 * 64]int // enough for names, without the heap
	rows, n := memory[:], len(b)+1
	if 3*n > len(rows) {
		rows = make([]int, 3*n)
	}
	before, last, row := rows[:n], rows[n:2*n], rows[2*n:3*n]
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		if distanceRow(a, b, i, before, last, row) >= limit {
			return limit
		}
	}
	return min(limit, row[len(b)])
}

// distanceRow fills row i of the table from the two before it, and returns its least value.
func distanceRow(a, b string, i int, before, last, row []int) int {
	row[0] = i
	least := i
	for j := 1; j <= len(b); j++ {
		cost := 1
		if a[i-1] == b[j-1] {
			cost = 0
		}
		row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
		if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
			row[j] = min(row[j], before[j-2]+1)
		}
		least = min(least, row[j])
	}
	return least
}
