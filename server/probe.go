package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"clanker/server/peer"
)

// ErrUnreachable means that no connection came about: nothing of a request has been sent.
var ErrUnreachable = errors.New("no connection")

// LocalClient returns a client for the workspaces of this user on this machine. It knows no proxy, follows no redirect, and
// on Linux sends nothing to a process of another user, see [peer.Dial]. Its errors are [ErrUnreachable] if it did not get
// that far.
func LocalClient() *http.Client {
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := peer.Dial(ctx, network, addr)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
		return conn, nil
	}
	return &http.Client{
		// A connection for each request: one that is kept may just be ending, and then nobody knows what arrived on it.
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// probeWithin is how long a workspace may take to say which one it is.
const probeWithin = 2 * time.Second

// Probe asks what listens on a loopback address which clanker it is. The error says why it is none.
func Probe(ctx context.Context, client *http.Client, addr string) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/healthz", nil)
	if err != nil {
		return Health{}, fmt.Errorf("probe %s: %w", addr, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return Health{}, fmt.Errorf("probe %s: %w", addr, err)
	}
	var health Health
	err = json.NewDecoder(io.LimitReader(response.Body, 4<<10)).Decode(&health)
	_ = response.Body.Close() // it was read
	if err != nil || response.StatusCode != http.StatusOK || health.Clanker == "" || health.Instance == "" || health.PID <= 0 {
		return Health{}, fmt.Errorf("probe %s: GET /healthz answers %s and not as a clanker does", addr, response.Status)
	}
	return health, nil
}

// taken says who has the port.
func taken(addr string) error {
	health, err := Probe(context.Background(), LocalClient(), addr)
	if err != nil {
		return fmt.Errorf("the port is taken, and not by a clanker of yours (%w): choose another one (0 picks a free one)", err)
	}
	estate := ""
	if health.Demo {
		estate = " with the demo estate"
	}
	return fmt.Errorf("the port is taken by clanker %.40s%s, pid %d, since %s: agents can use it as it is, at http://%s/mcp; stop it with: kill %d; or choose another port (0 picks a free one)",
		health.Clanker, estate, health.PID, health.Started.UTC().Format(time.RFC3339), addr, health.PID)
}
