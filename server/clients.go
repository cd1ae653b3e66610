package server

import (
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"golang.org/x/time/rate"
)

// Limits bound what one client may do, so that one which runs wild leaves the others their turn. A client is a session, or
// the name that a request of a revision without sessions claims; all callers that give neither are one client. The zero
// value means [DefaultLimits].
type Limits struct {
	Rate     int // requests a second, in the long run
	Burst    int // requests at once, after a pause
	Running  int // requests that run at the same time
	Sessions int // open sessions of all clients; one more ends the one that was used longest ago
}

// DefaultLimits leave room for any agent, and for a script that asks in a loop.
func DefaultLimits() Limits { return Limits{Rate: 100, Burst: 200, Running: 32, Sessions: 1000} }

// mostClients is how many clients are kept apart; more of them share one allowance.
const mostClients = 4096

// clients counts what each client does.
type clients struct {
	now func() time.Time

	mu     sync.Mutex
	limits Limits
	known  map[string]*allowance
}

// allowance is what one client has left; it is guarded by the mu of its clients.
type allowance struct {
	pace    *rate.Limiter
	running int
}

func newClients(now func() time.Time, limits Limits) *clients {
	return &clients{now: now, limits: limits, known: map[string]*allowance{}}
}

// limit sets new limits, for the requests to come.
func (c *clients) limit(limits Limits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limits = limits
	for _, known := range c.known {
		known.pace.SetLimitAt(c.now(), rate.Limit(limits.Rate))
		known.pace.SetBurstAt(c.now(), limits.Burst)
	}
}

// excess says why a request has to wait.
type excess struct {
	reason string // rate or concurrency
	text   string
	retry  time.Duration
}

// enter counts a message of the client, and whether it is one that runs: what takes a request back does not, and has to get
// through when all that may run do. The caller calls leave when it has ended; with an excess there is nothing to leave.
func (c *clients) enter(name string, runs bool) (leave func(), over *excess) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from := c.find(name[:min(len(name), maxClient)])
	if runs && from.running >= c.limits.Running {
		return nil, &excess{"concurrency", fmt.Sprintf("%d requests of this client are running: wait for one of them to end", from.running), time.Second}
	}
	now := c.now()
	if slot := from.pace.ReserveN(now, 1); slot.DelayFrom(now) > 0 {
		retry := slot.DelayFrom(now)
		slot.CancelAt(now)
		return nil, &excess{"rate", fmt.Sprintf("more than %d requests a second from this client: slow down", c.limits.Rate), retry}
	}
	if !runs {
		return func() {}, nil
	}
	from.running++
	return sync.OnceFunc(func() { c.leave(from) }), nil
}

// find returns the client of that name; mu is held.
func (c *clients) find(name string) *allowance {
	if known, ok := c.known[name]; ok {
		return known
	}
	if len(c.known) >= mostClients {
		c.forget()
	}
	if len(c.known) >= mostClients {
		name = "" // crowded: the rest share what callers without a name have
	}
	if _, ok := c.known[name]; !ok {
		c.known[name] = &allowance{pace: rate.NewLimiter(rate.Limit(c.limits.Rate), c.limits.Burst)}
	}
	return c.known[name]
}

// forget drops the clients that have nothing running and their whole allowance again; mu is held.
func (c *clients) forget() {
	now := c.now()
	for name, known := range c.known {
		if known.running == 0 && known.pace.TokensAt(now) >= float64(c.limits.Burst) {
			delete(c.known, name)
		}
	}
}

func (c *clients) leave(from *allowance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	from.running--
}

// retryAfter is the value of that header: whole seconds, at least one.
func (e *excess) retryAfter() string { return strconv.Itoa(int(math.Ceil(max(1, e.retry.Seconds())))) }

// refusal says it in the protocol's words.
func (e *excess) refusal(m message) *mcp.JSONRPCError {
	return new(mcp.NewJSONRPCError(m.id, tooManyCode, fmt.Sprintf("%s; try again in %s s", e.text, e.retryAfter()),
		map[string]any{"reason": e.reason, "retryAfterMs": e.retry.Milliseconds()}))
}

// tooManyCode is the code of a refusal for [Limits], of those that MCP leaves to implementations (-32000 to -32019).
const tooManyCode = -32010

// sessions is how many sessions may be open.
func (c *clients) sessions() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limits.Sessions
}
