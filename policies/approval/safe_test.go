package approval_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
)

// printable reports whether a text can do nothing to a terminal or a page but be seen.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// The big list of naughty strings (testdata/blns.json, MIT): none of them steers what it is shown on.
func TestNaughtyStringsAreOnlySeen(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/blns.json")
	require.NoError(t, err)
	var naughty []string
	require.NoError(t, json.Unmarshal(content, &naughty))
	require.Greater(t, len(naughty), 400)
	seen := map[string]string{}
	for _, text := range naughty {
		safe, badges := approval.Safe(text)
		assert.True(t, printable(safe), "%q", text)
		assert.Equal(t, safe != text, len(badges) > 0, "what is not shown as it is has a badge: %q", text)
		if other, ok := seen[safe]; ok {
			assert.Equal(t, other, text, "two texts look the same")
		}
		seen[safe] = text
	}
}

func TestBadgesSayWhatIsOdd(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                     "",
		"":                          "",
		`{"a": "b"}`:                "",
		"tab\there":                 "escaped control",
		"\x1b[2J\x1b[1;31mred":      "escaped control",
		"\x1b]8;;http://evil\x07ok": "escaped control",
		"\x1b]52;c;cm0gLXJm\x07":    "escaped control",
		"a\rb\bc":                   "escaped control",
		"\u202edaol/txt.exe":        "escaped non-ASCII hidden",
		"web\u200b":                 "escaped non-ASCII hidden",
		"web\u2066":                 "escaped non-ASCII hidden",
		"we\u00adb":                 "escaped non-ASCII hidden",
		"a\u00a0b":                  "escaped non-ASCII hidden",
		"p\u0430yments":             "escaped non-ASCII look-alike",
		"\uff50ayments":             "escaped non-ASCII look-alike",
		"\u043f\u043b\u0430\u0442":  "escaped non-ASCII",
		"M\u00fcnchen":              "escaped non-ASCII",
		"\xff\xfe":                  "escaped non-ASCII",
	} {
		_, badges := approval.Safe(text)
		assert.Equal(t, want, strings.Join(badges, " "), "%q", text)
	}
}

func TestLongTextsAreFoldedAndSaySo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2000) + "; rm -rf /" + strings.Repeat("a", 2000)
	line := approval.SafeLine("7", long)
	assert.Less(t, len(line.Text), 250)
	assert.Equal(t, 4010, line.Length)
	assert.Len(t, line.SHA256, 64)
	assert.Equal(t, long, line.Whole)
	assert.Contains(t, line.Badges, approval.BadgeFolded)
}

func FuzzSafe(f *testing.F) {
	for _, seed := range []string{"web", "\x1b[31m", "\u202e", "\xff", "a\\u0041", `"quoted"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		safe, badges := approval.Safe(text)
		if !printable(safe) || !utf8.ValidString(safe) || (safe != text) != (len(badges) > 0) {
			t.Fatalf("%q is shown as %q with %v", text, safe, badges)
		}
		for line := range strings.SplitSeq(approval.SafeLines(text), "\n") {
			if !printable(line) {
				t.Fatalf("%q has the line %q", text, line)
			}
		}
	})
}
