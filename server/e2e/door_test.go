//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
	"github.com/stretchr/testify/require"
)

// TestDoor attacks, floods, loads and restarts the door. Each part starts processes of its own. Where it is cheap, a part
// does the same to mcp-go without our guards: what does no harm there proves nothing here.
func TestDoor(t *testing.T) {
	p := build(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, program)
	}{
		{"browser", browser}, {"other user", otherUser}, {"messages", messages}, {"bodies", bodies}, {"connections", connections},
		{"pipeline", pipeline}, {"greedy", greedy}, {"abandoned sessions", abandoned}, {"streams", streams}, {"cancellation", cancellation},
		{"unread log", unreadLog}, {"restart", restart}, {"soak", soak},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, p) })
	}
}

// provider stands in for a Kubernetes API server: it counts the calls of the workspace, which come only when a tool runs.
type provider struct {
	kubeconfig string
	asked      atomic.Int64 // calls so far
	running    atomic.Int64 // calls that nobody has hung up on
	hold       chan bool    // closed: calls are answered
	release    func()       // closes it
}

// newProvider starts one that answers at once.
func newProvider(t testing.TB) *provider {
	t.Helper()
	p := newHeldProvider(t)
	p.release()
	return p
}

// newHeldProvider starts one whose calls wait until it is released, or the caller hangs up.
func newHeldProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{hold: make(chan bool), kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	p.release = sync.OnceFunc(func() { close(p.hold) })
	api := httptest.NewServer(p)
	t.Cleanup(func() { p.release(); api.Close() })
	require.NoError(t, os.WriteFile(p.kubeconfig, fmt.Appendf(nil, `
apiVersion: v1
kind: Config
current-context: counted
contexts: [{name: counted, context: {cluster: counted, user: counted}}]
clusters: [{name: counted, cluster: {server: %q}}]
users: [{name: counted, user: {token: CANARY-token}}]
`, api.URL), 0o600))
	return p
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.asked.Add(1)
	p.running.Add(1)
	defer p.running.Add(-1)
	_, _ = io.Copy(io.Discard, r.Body) // only behind the body is it noticed that the caller hangs up
	select {
	case <-p.hold:
	case <-r.Context().Done():
	}
	http.Error(w, "nothing here", http.StatusServiceUnavailable)
}

// unguarded is mcp-go with one tool, that of the question, which counts its calls.
type unguarded struct {
	url string
	ran atomic.Int64
}

// newUnguarded serves it on a free port of 127.0.0.1; wrap is what stands in front, if anything.
func newUnguarded(t testing.TB, wrap func(http.Handler) http.Handler, options ...mcpserver.StreamableHTTPOption) *unguarded {
	t.Helper()
	u := &unguarded{}
	m := mcpserver.NewMCPServer("unguarded", "1")
	m.AddTool(mcp.NewTool("clanker_route_question"), func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		u.ran.Add(1)
		return mcp.NewToolResultText(`"answerId"`), nil
	})
	var handler http.Handler = mcpserver.NewStreamableHTTPServer(m, append(options, mcpserver.WithStateLess(true))...)
	if wrap != nil {
		handler = wrap(handler)
	}
	mux := http.NewServeMux()
	mux.Handle("/mcp", handler)
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	u.url = web.URL + "/mcp"
	return u
}

// address is host:port of a URL.
func address(t testing.TB, of string) string {
	t.Helper()
	parsed, err := url.Parse(of)
	require.NoError(t, err)
	return parsed.Host
}

func port(t testing.TB, of string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address(t, of))
	require.NoError(t, err)
	return port
}

// eventually polls until done reports so, and fails with what it says otherwise.
func eventually(t testing.TB, within time.Duration, done func() (bool, string)) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.After(within)
	for {
		ok, says := done()
		if ok {
			return
		}
		select {
		case <-ticker.C:
		case <-timeout:
			require.Failf(t, "it did not happen", "within %s: %s", within, says)
		}
	}
}

// unlimited is the program with limits that a test's few clients do not reach.
func (p program) unlimited() program {
	p.more = []string{"CLANKER_LIMITS_RATE=100000", "CLANKER_LIMITS_BURST=100000", "CLANKER_LIMITS_RUNNING=1000"}
	return p
}

// figure reads a figure of the workspace's metrics.
func (s *workspace) figure(t testing.TB, name string) float64 {
	t.Helper()
	response, err := http.Get("http://" + address(t, s.url) + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode, "the workspace has no metrics")
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			require.NoError(t, err)
			return value
		}
	}
	require.Fail(t, "the metrics have no "+name)
	return 0
}

// descriptors counts the open files of the process, which are mostly connections.
func (s *workspace) descriptors(t testing.TB) int {
	t.Helper()
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.process.Pid))
	require.NoError(t, err)
	return len(open)
}

func (s *workspace) memory(t testing.TB) float64 {
	t.Helper()
	return resident(t, s.process.Pid, "VmRSS")
}
