package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"charm.land/lipgloss/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
)

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colour must never change what is said, whatever the kind of answer.
func TestPaintOnlyColours(t *testing.T) {
	t.Parallel()
	answers, err := filepath.Glob("../../router/testdata/answers/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, answers)
	for _, name := range answers {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		painted := paint(string(text))
		assert.Equal(t, string(text), colours.ReplaceAllString(painted, ""), name)
		assert.NotEqual(t, string(text), painted, name)
		for line := range strings.Lines(painted) {
			if strings.HasPrefix(line, "| ") {
				assert.NotContains(t, line, "\x1b", "%s: what others wrote gets no colour", name)
			}
		}
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	headers := []string{"name", "detail"}
	rows := [][]string{{"prod", "a long detail that has to be wrapped on a narrow terminal"}, {"測試", ""}}
	assert.Equal(t, "name  detail\n"+
		"prod  a long detail that has to be wrapped on a narrow terminal\n"+
		"測試\n", plainTable(headers, rows))
	for line := range strings.Lines(colourTable(headers, rows, 40)) {
		assert.Equal(t, 40, lipgloss.Width(strings.TrimSuffix(line, "\n")), line)
	}
}

func TestAnswerCode(t *testing.T) {
	t.Parallel()
	read, unread := []router.Checked{{Provider: "demo"}}, []router.NotChecked{{Provider: "kubernetes"}}
	for _, test := range []struct {
		name   string
		status router.Status
		router.Coverage
		want int
	}{
		{"complete", router.StatusOK, router.Coverage{Checked: read}, exitOK},
		{"partial", router.StatusPartial, router.Coverage{Checked: read, NotChecked: unread}, exitPartial},
		{"no such thing", router.StatusNoData, router.Coverage{Checked: read}, exitNoAnswer},
		{"asked back", router.StatusNeedsInput, router.Coverage{}, exitNoAnswer},
		{"not understood", router.StatusUnsupported, router.Coverage{}, exitNoAnswer},
		{"nothing read", router.StatusError, router.Coverage{NotChecked: unread}, exitNothingRead},
		{"read, but no answer of the model", router.StatusError, router.Coverage{Checked: read, NotChecked: unread}, exitNothingRead},
		{"nothing found, nothing read", router.StatusNoData, router.Coverage{NotChecked: unread}, exitNothingRead},
		{"bad question", router.StatusError, router.Coverage{}, exitError},
		{"a status of the future", "denied", router.Coverage{}, exitError},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, answerCode(router.Answer{Status: test.status, Coverage: test.Coverage}))
		})
	}
}

func TestConnectionsCode(t *testing.T) {
	t.Parallel()
	works, broken := adapters.Connection{}, adapters.Connection{Problem: &adapters.SourceError{Reason: adapters.Unreachable}}
	assert.Equal(t, exitOK, connectionsCode([]adapters.Connection{works, works}))
	assert.Equal(t, exitPartial, connectionsCode([]adapters.Connection{works, broken}))
	assert.Equal(t, exitNothingRead, connectionsCode([]adapters.Connection{broken}))
	assert.Equal(t, exitNothingRead, connectionsCode(nil))
}

// FuzzRouteLines: whatever comes in, every line gets one row, in order, and the row is JSON with the question in it.
func FuzzRouteLines(f *testing.F) {
	for _, seed := range []string{"", "a", "a\n", "\n\na\r\n", "\x00\xff\n\u202e\u2028\n", "{\"question\":1}\n</script>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		var out bytes.Buffer
		a := &app{stdin: strings.NewReader(input), stdout: &out}
		require.NoError(t, a.routeLines(func(text string) routed { return newRouted(text, router.Match{Outcome: router.Abstain}) }))
		rows := json.NewDecoder(&out)
		for line := range strings.Lines(input) {
			var row routed
			require.NoError(t, rows.Decode(&row))
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			assert.Equal(t, string([]rune(line)), row.Question)
		}
		assert.False(t, rows.More(), "more rows than lines")
	})
}

// FuzzPrintable: nothing that a terminal acts on or that hides comes through, and what is plain stays as it is.
func FuzzPrintable(f *testing.F) {
	f.Add("plain ✓ 測試\n\ttext")
	f.Add("\x1b]0;title\x07\u202eevil\u200b\x00\xff\u00a0")
	f.Fuzz(func(t *testing.T, text string) {
		clean := printable(text)
		for _, r := range clean {
			assert.True(t, r == '\n' || r == '\t' || unicode.IsPrint(r), "%q", r)
		}
		assert.Equal(t, clean, printable(clean))
	})
}
