package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"github.com/goccy/go-yaml"
	"golang.org/x/term"
)

// print writes a result in the format asked for; text writes the one meant for people.
func (a *app) print(output choice, value any, text func() error) error {
	switch output.String() {
	case "json":
		return writeJSON(a.stdout, value, "  ")
	case "yaml":
		return a.printYAML(value)
	default:
		return text()
	}
}

func writeJSON(w io.Writer, value any, indent string) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	return encoder.Encode(value)
}

// printYAML goes by way of JSON, so that both formats have the same keys in the same order.
func (a *app) printYAML(value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	if data, err = yaml.JSONToYAML(data); err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	_, err = a.stdout.Write(data)
	return err
}

// colour reports whether what is written to w is for eyes: a terminal that can show colour, and nobody who minds.
func (a *app) colour(w io.Writer) bool {
	return isTerminal(w) && !a.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// width is that of the terminal in columns; 0 if w is none, which means no limit.
func width(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// table lays out rows: framed, wrapped and coloured on a terminal, aligned columns and nothing else in a pipe.
func (a *app) table(headers []string, rows [][]string) string {
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
	}
	if !a.colour(a.stdout) {
		return plainTable(headers, rows)
	}
	return colourTable(headers, rows, width(a.stdout))
}

func plainTable(headers []string, rows [][]string) string {
	pad := lipgloss.NewStyle().PaddingRight(2)
	text := table.New().Headers(headers...).Rows(rows...).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).BorderHeader(false).
		StyleFunc(func(int, int) lipgloss.Style { return pad }).String()
	var trimmed strings.Builder
	for line := range strings.Lines(text) {
		trimmed.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return trimmed.String()
}

func colourTable(headers []string, rows [][]string, columns int) string {
	pad, faint := lipgloss.NewStyle().Padding(0, 1), lipgloss.NewStyle().Faint(true)
	framed := table.New().Headers(headers...).Rows(rows...).Border(lipgloss.RoundedBorder()).BorderStyle(faint).
		StyleFunc(func(row, column int) lipgloss.Style {
			if row == table.HeaderRow {
				return pad.Bold(true)
			}
			return statusStyle(rows[row][column]).Padding(0, 1)
		})
	if columns > 0 && lipgloss.Width(framed.String()) > columns {
		framed.Width(columns)
	}
	return framed.String() + "\n"
}

// printable drops what could steer a terminal or mislead its reader: control characters and invisible formatting such as
// bidirectional overrides. Line breaks and tabs stay, other spaces become plain ones.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		default:
			return -1
		}
	}, text)
}
