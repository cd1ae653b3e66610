package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
	"clanker/server/config"
)

// inBubble runs clanker for so long of a clock that
// jumps ahead whenever nothing is left to do, and returns what it wrote.
func inBubble(t *testing.T, length time.Duration, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return inBubbleAt(t, t.TempDir(), length, args...)
}

// inBubbleAt is inBubble with a home of which something may be known already.
func inBubbleAt(t *testing.T, home string, length time.Duration, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), length)
		defer cancel()
		var out, said bytes.Buffer
		a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &said, now: time.Now, config: config.Default(),
			getenv: func(name string) string { return map[string]string{"HOME": home, "XDG_STATE_HOME": home}[name] }}
		root := a.root()
		root.SetArgs(append(args, "--demo", "--state", filepath.Join(home, "state")))
		cmd, err := root.ExecuteContextC(ctx)
		code = a.report(cmd, err)
		stdout, stderr = out.String(), said.String()
	})
	return stdout, stderr, code
}

// The story of the demo estate: orders-api fails in staging after five minutes, and is back after twelve.
func TestWatchTellsOfWhatChanges(t *testing.T) {
	stdout, stderr, code := inBubble(t, 20*time.Minute, "watch", "Are all services in staging healthy?", "--every", "1m")
	assert.Empty(t, stderr)
	assert.Zero(t, code)
	assert.Equal(t, 1, strings.Count(stdout, "checked: kubernetes"), "only the first answer is printed in full:\n%s", stdout)
	assert.Equal(t, 3, strings.Count(stdout, "\nanswer "), stdout)
	assert.Regexp(t, `(?s)^HEALTHY .*\nDEGRADED .*: orders-api healthy -> DEGRADED\n.*\nHEALTHY .*: orders-api degraded -> healthy\n`, stdout)
}

// Each change is a line, and runs the command with the same on its stdin and what it is about in its environment: no word of it
// is on the command line. A command that fails ends nothing.
func TestWatchPrintsLinesOfJSONAndRunsACommand(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "seen")
	t.Setenv("SEEN", seen)
	stdout, stderr, code := inBubble(t, 20*time.Minute, "watch", "Are all services in staging healthy?", "--every", "1m", "--output", "json", "--on-change",
		`sh -c 'cat >> "$SEEN"; echo "$CLANKER_QUESTION|${#CLANKER_ANSWER_ID}|$CLANKER_STATUS|$CLANKER_VERDICT|$CLANKER_CHANGED|$#" >> "$SEEN"; echo said; exit 3'`)
	assert.Zero(t, code)
	assert.Equal(t, strings.Repeat("said\nclanker: watch: --on-change: run sh: exit status 3\n", 2), stderr)

	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 3, stdout)
	events := make([]event, 3)
	for i := range events {
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &events[i]), lines[i])
		assert.Equal(t, i == 0, events[i].Answer != nil)
		assert.Equal(t, i > 0, events[i].Delta != nil)
	}
	assert.Equal(t, "orders-api", events[1].Delta.Degraded[0].Name)
	assert.Equal(t, router.VerdictHealthy, events[1].Before.Verdict)
	assert.Equal(t, "orders-api", events[2].Delta.Recovered[0].Name)
	assert.Empty(t, events[2].Delta.Degraded, "what was told is not told again")

	text, err := os.ReadFile(seen)
	require.NoError(t, err)
	const about = "Are all services in staging healthy?|26|ok|"
	assert.Equal(t, []string{lines[1], about + "degraded|1|0", lines[2], about + "healthy|1|0"}, strings.Split(strings.TrimSpace(string(text)), "\n"))
}

// A watch that is started again goes on from where the one before it ended.
func TestWatchGoesOnAfterARestart(t *testing.T) {
	home := t.TempDir()
	for _, want := range []string{"", "since last check"} {
		stdout, _, _ := inBubbleAt(t, home, time.Second, "watch", "Are all services in staging healthy?")
		assert.Contains(t, stdout, want)
		assert.Equal(t, want == "", !strings.Contains(stdout, "since"), stdout)
	}
}

func TestWatchRefuses(t *testing.T) {
	for want, args := range map[string][]string{
		"--every 9s: want 10s at least":                       {"up?", "--every", "9s"},
		`--every "30": want a duration such as 10m`:           {"up?", "--every", "30"},
		`--since "soon" is nothing that can be compared with`: {"up?", "--since", "soon"},
		`executable file not found`:                           {"up?", "--on-change", "no-such-program"},
		`--on-change "cat > x": no shell runs it, and '>' is`: {"up?", "--on-change", "cat > x"},
		`no question given`:                                   {},
	} {
		stdout, stderr, code := inBubble(t, time.Second, append([]string{"watch"}, args...)...)
		assert.Equal(t, exitUsage, code, want)
		assert.Contains(t, stderr, want)
		assert.Empty(t, stdout)
	}
	stdout, _, code := inBubble(t, time.Second, "watch", "what is love")
	assert.Equal(t, exitNoAnswer, code, "what is not understood is not asked again")
	assert.Contains(t, stdout, "UNSUPPORTED")
}

// What is split into words is split as a shell splits it, and what a shell would make more of is refused.
func FuzzWords(f *testing.F) {
	for _, command := range []string{`notify-send clanker "it's down"`, `a\ b 'c d'"e f" ''`, `"a\"b\\c\d" \' x`, `a | b`, `$(x)`, `"$x"`, "`x`", `'`, `"`, `\`, `--flag=a b`, "a\nb", `~ *`} {
		f.Add(command)
	}
	sh, err := exec.LookPath("sh")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, command string) {
		got, err := words(command)
		if err != nil || strings.ContainsRune(command, 0) || !utf8.ValidString(command) {
			return
		}
		said, err := exec.CommandContext(t.Context(), sh, "-c", "printf '%s\\0' "+command+" .").Output()
		require.NoError(t, err, "%q", command)
		require.Equal(t, append(got, "."), strings.Split(strings.TrimSuffix(string(said), "\x00"), "\x00"), "%q", command)
	})
}
