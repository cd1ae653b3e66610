//go:build unix

package kubernetes

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// soon is more than anything here takes, and far less than the deadlines of the driver.
const soon = 10 * time.Second

// until fails the test unless the channel is closed or brings something soon.
func until[T any](t *testing.T, what string, c <-chan T) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(soon):
		t.Fatal("in vain waited for " + what)
	}
}

// hanging makes the API server hang in every request that the path is part of, before it answers or in the middle of its
// answer, and tells when such a request came and when the client has left it.
func (api *fakeAPI) hanging(path, said string) (came, left chan struct{}) {
	came, left = make(chan struct{}, 100), make(chan struct{}, 100)
	api.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, path) {
			return false
		}
		if said != "" {
			_, _ = io.WriteString(w, said)
			_ = http.NewResponseController(w).Flush()
		}
		came <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
		return true
	}
	return came, left
}

// TestCancelledReadsLeaveTheServer: a read that nobody waits for ends at once, on the wire too, and leaves no goroutine.
func TestCancelledReadsLeaveTheServer(t *testing.T) {
	list := func(ctx context.Context, d *Driver) { _, _, _ = d.List(ctx, adapters.Query{}) }
	for name, c := range map[string]struct {
		path, said string
		read       func(context.Context, *Driver)
	}{
		"list":                      {"/pods", "", list},
		"list, in the middle of it": {"/pods", `{"kind":"PodList","apiVersion":"v1","items":[`, list},
		"names":                     {"/deployments", "", func(ctx context.Context, d *Driver) { _, _, _ = d.List(ctx, adapters.Query{NamesOnly: true}) }},
		"changes":                   {"/replicasets", "", func(ctx context.Context, d *Driver) { _, _, _ = d.Changes(ctx, adapters.Query{}) }},
		"logs": {"/log", "", func(ctx context.Context, d *Driver) {
			_, _, _ = d.Logs(ctx, adapters.Query{Name: "checkout-api"})
		}},
		"logs, in the middle of a line": {"/log", "2026-11-22T12:00:00Z line\n2026-11", func(ctx context.Context, d *Driver) {
			_, _, _ = d.Logs(ctx, adapters.Query{Name: "checkout-api"})
		}},
		"connections": {"/version", "", func(ctx context.Context, d *Driver) { d.Connections(ctx) }},
		"who I am":    {"/selfsubjectreviews", "", func(ctx context.Context, d *Driver) { d.Connections(ctx) }},
	} {
		t.Run(name, func(t *testing.T) {
			api := newFakeAPI(t, estateObjects()...)
			d := driverFor(t, api)
			came, left := api.hanging(c.path, c.said)
			cancelled := func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				done := make(chan struct{})
				go func() { c.read(ctx, d); close(done) }()
				until(t, "the request", came)
				cancel()
				until(t, "the read to end", done)
				until(t, "the server to be left", left)
			}
			cancelled() // connects, which takes goroutines that stay
			before := runtime.NumGoroutine()
			const reads = 10
			for range reads {
				cancelled()
			}
			assert.Eventually(t, func() bool { return runtime.NumGoroutine() < before+reads }, soon, 10*time.Millisecond, "a goroutine stays of each read")
		})
	}
}

// TestCancelledReadsKillThePlugin: a credential plugin that hangs is killed with all that it started.
func TestCancelledReadsKillThePlugin(t *testing.T) {
	for name, body := range map[string]string{"by itself": "exec sleep 300", "in a child": "sleep 300; echo", "in the background": "sleep 300 & wait"} {
		t.Run(name, func(t *testing.T) {
			api := newFakeAPI(t)
			script := pluginScript(t, "aws", "exec 3>\"$0.alive\"\necho up >&3\n"+body)
			require.NoError(t, syscall.Mkfifo(script+".alive", 0o600))
			d := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, "")})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done, dead := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				_, sources, _ := d.List(ctx, namespacesOnly)
				assert.Equal(t, adapters.TimedOut, sources[0].Error.Reason)
			}()
			alive, err := os.Open(script + ".alive") // ends when all who could write to it have ended
			require.NoError(t, err)
			defer alive.Close() //nolint:errcheck // it was only read
			reader := bufio.NewReader(alive)
			_, err = reader.ReadString('\n')
			require.NoError(t, err)
			go func() { _, _ = io.Copy(io.Discard, reader); close(dead) }()
			cancel()
			until(t, "the read to end", done)
			until(t, "the plugin to end", dead)
		})
	}
}

// TestPluginsHaveNoTerminal: a plugin is a session of its own, so that nothing it does waits for somebody at our terminal.
func TestPluginsHaveNoTerminal(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	script := pluginScript(t, "tool", `[ $(uname) != Linux ] || [ $(ps -o sid= -p $$) = $$ ] || exit 4
`+says("good", ""))
	_, sources, err := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, "")}).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Nil(t, sources[0].Error)
}

// TestPluginsMayLeaveSomethingBehind: a cache of credentials, say, that still holds the pipes is no failure.
func TestPluginsMayLeaveSomethingBehind(t *testing.T) {
	api := newFakeAPI(t, estateObjects()...)
	api.token = "good"
	script := pluginScript(t, "tool", "sleep 5 &\n"+says("good", ""))
	found, sources, err := Open(Options{Kubeconfig: pluginConfig(t, api.clusterEntry(), script, "")}).List(t.Context(), namespacesOnly)
	require.NoError(t, err)
	assert.Nil(t, sources[0].Error)
	assert.Len(t, found, 2)
}
