//go:build unix

package telemetry

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A log that is read again after a while has whole lines only, and says how many are missing.
func TestALogThatIsNotReadLosesWholeLines(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close() //nolint:errcheck // it was only read
	w := &hasty{to: write, gap: gap(JSON)}
	l := slog.New(slog.NewJSONHandler(w, nil))
	const each, logging = 40, 8
	long := strings.Repeat("x", 9000) // of which a pipe has no room for a whole number
	var wait sync.WaitGroup
	for range logging {
		wait.Go(func() {
			for range each {
				l.Info("m", "k", long)
			}
		})
	}
	wait.Wait()
	var got, lost int
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewReader(read); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				assert.ErrorIs(t, err, io.EOF)
				assert.Empty(t, line)
				return
			}
			record := parseJSON(line)
			assert.NotContains(t, record, "unreadable", "%.100q", line)
			if missing, ok := record["lost"].(float64); ok {
				lost += int(missing)
			} else {
				got++
			}
		}
	}()
	after := 0
	assert.Eventually(t, func() bool {
		after++
		l.Info("after")
		return len(w.rest) == 0 && w.lost == 0
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, write.Close())
	<-ended
	assert.Positive(t, lost)
	assert.Equal(t, logging*each+after, got+lost, "every line is there, or counted")
}

// Writing to standard error whose reader has closed it would end a process of Go.
func TestALogWhoseReaderIsGoneEndsNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv("CLANKER_TEST_LOGS") != "" {
		l, err := NewLogger(os.Stderr, Options{Format: Text})
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, os.Stdin)
		require.NoError(t, err)
		require.Error(t, l.Handler().Handle(t.Context(), slog.Record{Message: "nobody reads this"}))
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "CLANKER_TEST_LOGS=1")
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	stderr, err := child.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	require.NoError(t, stderr.Close())
	require.NoError(t, stdin.Close())
	assert.NoError(t, child.Wait())
}
