//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// journal is what a process has logged so far.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
	urls chan string // gets the URL when it listens, and is closed when there is no more
}

func newJournal() *journal { return &journal{urls: make(chan string, 1)} }

// keep reads the log to its end.
func (j *journal) keep(log io.Reader) {
	defer close(j.urls)
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		j.mu.Lock()
		j.text.Write(line)
		j.mu.Unlock()
		var record struct{ URL string }
		if bytes.Contains(line, []byte(`"listening"`)) && json.Unmarshal(line, &record) == nil && record.URL != "" {
			j.urls <- record.URL
		}
	}
}

// listening waits until the process says where.
func (j *journal) listening(t testing.TB) string {
	t.Helper()
	select {
	case url := <-j.urls:
		require.NotEmpty(t, url, "the process ended; it logged:\n%s", j)
		return url
	case <-time.After(30 * time.Second):
		require.Fail(t, "the workspace does not say that it listens", "%s", j)
		return ""
	}
}

// String is everything logged so far.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// answers are the ids of the answers that were logged.
func (j *journal) answers(t testing.TB) []string {
	t.Helper()
	var ids []string
	for line := range bytes.Lines([]byte(j.String())) {
		var record struct{ Answer string }
		require.NoError(t, json.Unmarshal(line, &record), "every line of the log is one JSON object: %s", line)
		if record.Answer != "" {
			ids = append(ids, record.Answer)
		}
	}
	return ids
}
