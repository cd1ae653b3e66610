//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters/kubernetes/kubetest"
	"clanker/router"
)

const (
	watchedQuestion = "list deployments in the delivery namespace"
	watchedURI      = "clanker://watch/list%20deployments%20in%20the%20delivery%20namespace?every=1m"
)

// watcher waits for the rollout in its own way. It says when it is ready, and returns the answer that tells of it.
type watcher func(ctx context.Context, ready func()) (router.Answer, error)

// TestWatch rolls out a version on a real control plane while all that can watch does: the official clients over HTTP and, by
// way of the bridge, over stdio, and clanker watch. Each hears of it within its interval, and reads what changed.
func TestWatch(t *testing.T) {
	p := build(t)
	cluster, err := kubetest.New(t.Context(), kubetest.Options{Name: "prod-cluster", NoMetrics: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = cluster.Close() })
	admin := as(t, cluster, "admin")
	roll := func(image string) {
		require.NoError(t, cluster.Apply(t.Context(), version(t, image, "2")))
		require.NoError(t, cluster.WaitFor(t.Context(), "checkout-api", cluster.Available("delivery", "checkout-api")))
	}
	roll("v1.4.1")
	s := p.serve(t, admin)
	watchers := map[string]watcher{
		"sdk/http/2025-11-25":  sdkWatcher("2025-11-25", &sdk.StreamableClientTransport{Endpoint: s.url}),
		"sdk/http/2026-07-28":  sdkWatcher("2026-07-28", &sdk.StreamableClientTransport{Endpoint: s.url}),
		"sdk/stdio/2025-11-25": sdkWatcher("2025-11-25", &sdk.CommandTransport{Command: p.command([]string{admin}, "mcp", "--transport", "stdio")}),
		"sdk/stdio/2026-07-28": sdkWatcher("2026-07-28", &sdk.CommandTransport{Command: p.command([]string{admin}, "mcp", "--transport", "stdio")}),
		"typescript/http":      scriptWatcher(s.url),
		"clanker watch":        commandWatcher(p, admin),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var ready, done sync.WaitGroup
	ready.Add(len(watchers))
	for name, watch := range watchers {
		done.Go(func() {
			once := sync.OnceFunc(ready.Done)
			defer once() // lest the others wait for one that failed
			answer, err := watch(ctx, once)
			if assert.NoError(t, err, name) && assert.NotNil(t, answer.Delta, name) {
				assert.True(t, tells(*answer.Delta, "checkout-api", "v1.4.2"), "%s: %+v", name, answer.Delta)
			}
		})
	}
	ready.Wait()
	roll("v1.4.2")
	done.Wait()
}

// tells reports whether the delta says that the deployment has another image.
func tells(d router.Delta, name, image string) bool {
	for _, c := range d.Modified {
		if after := fmt.Sprint(c.After); c.Name == name && len(after) > len(image) && after[len(after)-len(image):] == image {
			return true
		}
	}
	return false
}

func sdkWatcher(revision string, transport sdk.Transport) watcher {
	return func(ctx context.Context, ready func()) (answer router.Answer, err error) {
		updated := make(chan string, 10)
		client := sdk.NewClient(&sdk.Implementation{Name: "official " + revision + fmt.Sprintf("%T", transport), Version: "1"}, &sdk.ClientOptions{
			ResourceUpdatedHandler: func(_ context.Context, n *sdk.ResourceUpdatedNotificationRequest) { updated <- n.Params.URI }})
		session, err := client.Connect(ctx, transport, &sdk.ClientSessionOptions{ProtocolVersion: revision})
		if err != nil {
			return answer, err
		}
		defer func() { err = errors.Join(err, session.Close()) }()
		if err := session.Subscribe(ctx, &sdk.SubscribeParams{URI: watchedURI}); err != nil {
			return answer, err
		}
		ready()
		select {
		case uri := <-updated:
			read, err := session.ReadResource(ctx, &sdk.ReadResourceParams{URI: uri})
			if err != nil {
				return answer, err
			}
			return answer, json.Unmarshal([]byte(read.Contents[0].Text), &answer)
		case <-ctx.Done():
			return answer, fmt.Errorf("nothing was heard: %w", ctx.Err())
		}
	}
}

// scriptWatcher watches with the TypeScript SDK.
func scriptWatcher(url string) watcher {
	return func(ctx context.Context, ready func()) (answer router.Answer, err error) {
		modules, err := filepath.Abs("../../.cache/conformance/node_modules")
		if err != nil {
			return answer, err
		}
		command := exec.CommandContext(ctx, filepath.Join(modules, ".bin/node"), "testdata/watch.mjs", modules, url, watchedURI)
		lines, end, err := twoLines(command, ready)
		if err != nil {
			return answer, err
		}
		return answer, errors.Join(json.Unmarshal(lines, &answer), end())
	}
}

// commandWatcher watches with clanker watch, whose lines of JSON have the delta of an answer where the answer has it, and ends
// it as ctrl-C does.
func commandWatcher(p program, kubeconfig string) watcher {
	return func(ctx context.Context, ready func()) (answer router.Answer, err error) {
		command := p.command([]string{kubeconfig}, "watch", watchedQuestion, "--every", "10s", "--output", "json")
		context.AfterFunc(ctx, func() { _ = command.Process.Kill() })
		line, end, err := twoLines(command, ready)
		if err != nil {
			return answer, err
		}
		err = json.Unmarshal(line, &answer)
		return answer, errors.Join(err, command.Process.Signal(syscall.SIGINT), end())
	}
}

// twoLines starts a command that prints a line when it is ready, and returns the second that it prints, and how to wait for its
// end.
func twoLines(command *exec.Cmd, ready func()) (second []byte, end func() error, err error) {
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	lines := bufio.NewReader(stdout)
	if _, err := lines.ReadBytes('\n'); err != nil {
		return nil, nil, errors.Join(err, command.Wait())
	}
	ready()
	if second, err = lines.ReadBytes('\n'); err != nil {
		return nil, nil, errors.Join(err, command.Wait())
	}
	return second, command.Wait, nil
}
