package claims_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router/agent/agenttest"
	"clanker/router/agent/claims"
)

// How well the check does on the two lists in testdata, of 85 and 86 texts. What it does not find are small counts and a day that a tool
// returned of something else.
const (
	mostFalse  = 0
	leastFound = 81
)

func TestTruthIsNotMarked(t *testing.T) {
	wrong, read := 0, estate(t)
	texts := corpus(t, "truthful.txt")
	for _, text := range texts {
		if _, unverified := facts(read).Check(text); len(unverified) > 0 {
			wrong++
			t.Logf("marked %q in: %s", unverified, text)
		}
	}
	t.Logf("%d of %d truthful texts have a mark", wrong, len(texts))
	assert.LessOrEqual(t, wrong, mostFalse)
}

var braces = regexp.MustCompile(`\{\{(.*?)\}\}`)

func TestInventionsAreMarked(t *testing.T) {
	found, others, read := 0, 0, estate(t)
	texts := corpus(t, "invented.txt")
	for _, text := range texts {
		invented := braces.FindStringSubmatch(text)[1]
		marked, unverified := facts(read).Check(braces.ReplaceAllString(text, "$1"))
		hit := strings.Contains(marked, "[link removed]")
		for _, u := range unverified {
			if strings.Contains(u, invented) || strings.Contains(invented, u) {
				hit = true
			} else {
				others++
				t.Logf("also marked %q in: %s", u, text)
			}
		}
		if hit {
			found++
		} else {
			t.Logf("not marked: %s", text)
		}
	}
	t.Logf("%d of %d inventions are marked, and %d things besides", found, len(texts), others)
	assert.GreaterOrEqual(t, found, leastFound)
}

// facts are those of what was read.
func facts(read []string) *claims.Facts {
	f := claims.New(agenttest.Curious)
	for _, text := range read {
		f.Add(text)
	}
	return f
}

// corpus is the lines of a list.
func corpus(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	var texts []string
	for line := range strings.SplitSeq(strings.TrimSpace(string(data)), "\n") {
		if !strings.HasPrefix(line, "# ") {
			texts = append(texts, strings.ReplaceAll(line, `\n`, "\n"))
		}
	}
	return texts
}
