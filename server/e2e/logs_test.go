//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unreadLog starts the workspace as a careless parent does, which holds the other end of its log and does not read it. What
// fits into the pipe is soon full; the workspace goes on, and still ends when it is asked to.
func unreadLog(t *testing.T, p program) {
	command := p.unlimited().command(nil, "mcp", "--demo", "--listen", "127.0.0.1:0", "--log-format", "json")
	read, wrote, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	command.Stderr = wrote
	require.NoError(t, command.Start())
	require.NoError(t, wrote.Close())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var listening struct{ URL string }
	for lines := bufio.NewScanner(read); listening.URL == "" && lines.Scan(); {
		require.NoError(t, json.Unmarshal(lines.Bytes(), &listening), "%s", lines.Bytes())
	}
	a := newAgent(listening.URL, "careless", "2026-07-28")
	a.http.Timeout = patience
	for i := range 2000 {
		got, err := a.ask(t.Context(), fmt.Sprint(i), demoQuestions[0].text)
		if !assert.NoError(t, err, "call %d", i) {
			break
		}
		require.Empty(t, demoQuestions[0].fault(got, fmt.Sprint(i)))
	}
	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-ended:
		assert.NoError(t, err)
	case <-time.After(patience):
		assert.Fail(t, "it does not end")
		require.NoError(t, command.Process.Kill())
		<-ended
	}
}
