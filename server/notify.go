package server

import (
	"context"
	"sync"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// delivery sends a notification to whoever made the request, before its result.
type delivery func(mcp.JSONRPCNotification)

// incoming is what is known of the request that a context belongs to.
type incoming struct {
	method  mcp.MCPMethod
	client  string // by which its requests are counted
	deliver delivery
}

type requestKey struct{}

func withRequest(ctx context.Context, r incoming) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

func requestOf(ctx context.Context) incoming {
	r, _ := ctx.Value(requestKey{}).(incoming)
	return r
}

// owning gives a request a notification channel of its own, which [flush] empties before the result leaves.
//
// mcp-go has one channel for a whole session: a notification may end up on the stream of another request of the session,
// and the last one before a result is dropped when its forwarder holds it while the result is written
// (https://github.com/mark3labs/mcp-go/pull/969).
func (s *Server) owning(ctx context.Context) context.Context {
	deliver := requestOf(ctx).deliver
	own := &outbox{deliver: deliver}
	session := own.session(mcpserver.ClientSessionFromContext(ctx))
	if deliver == nil || session == nil {
		return ctx
	}
	return context.WithValue(s.mcp.WithContext(ctx, session), outboxKey{}, own)
}

type outboxKey struct{}

// flush returns when all that the request of ctx said so far is delivered.
func flush(ctx context.Context) {
	if own, ok := ctx.Value(outboxKey{}).(*outbox); ok {
		own.flush()
	}
}

// ownNotifications is [Server.owning] for every tool call.
func (s *Server) ownNotifications(next mcpserver.ToolHandlerFunc) mcpserver.ToolHandlerFunc {
	return func(ctx context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		ctx = s.owning(ctx)
		defer flush(ctx)
		return next(ctx, call)
	}
}

// hooks deliver the acknowledgement of subscriptions, which may be the last notification before a result, and end those of a
// session with it.
func (s *Server) hooks() *mcpserver.Hooks {
	hooks := &mcpserver.Hooks{}
	hooks.AddOnUnregisterSession(func(_ context.Context, session mcpserver.ClientSession) { s.watches.drop(session.SessionID()) })
	hooks.AddAfterSubscriptionsListen(func(ctx context.Context, _ any, _ *mcp.SubscriptionsListenRequest, _ *mcp.SubscriptionsListenResult) {
		flush(ctx)
	})
	return hooks
}

// outbox is the notifications of one request.
type outbox struct {
	deliver delivery
	start   sync.Once
	queue   chan mcp.JSONRPCNotification // never closed: what is sent after the result goes nowhere
	ending  chan struct{}
	drained chan struct{}
}

func (o *outbox) channel() chan<- mcp.JSONRPCNotification {
	o.start.Do(func() {
		o.queue, o.ending, o.drained = make(chan mcp.JSONRPCNotification, 256), make(chan struct{}), make(chan struct{})
		go o.pump()
	})
	return o.queue
}

func (o *outbox) pump() {
	defer close(o.drained)
	for {
		select {
		case n := <-o.queue:
			o.deliver(n)
		case <-o.ending:
			o.rest()
			return
		}
	}
}

func (o *outbox) rest() {
	for {
		select {
		case n := <-o.queue:
			o.deliver(n)
		default:
			return
		}
	}
}

// flush returns when all that was sent so far is delivered.
func (o *outbox) flush() {
	o.start.Do(func() {}) // from here on nothing starts
	if o.queue == nil {
		return
	}
	close(o.ending)
	<-o.drained
}

// session returns the session as the request sees it, with this outbox for its notifications; nil for one that mcp-go made
// in another way than this server does.
func (o *outbox) session(s mcpserver.ClientSession) mcpserver.ClientSession {
	switch s := s.(type) {
	case httpSession:
		return requestOverHTTP{s, o}
	case *mcpserver.InProcessSession:
		return requestOverStdio{s, o}
	}
	return nil
}

// httpSession is all that mcp-go's session over HTTP can do, so that a request's view of it can do it as well.
type httpSession interface {
	mcpserver.SessionWithLogging
	mcpserver.SessionWithClientInfo
	mcpserver.SessionWithSampling
	mcpserver.SessionWithElicitation
	mcpserver.SessionWithRoots
	mcpserver.SessionWithTools
	mcpserver.SessionWithResources
	mcpserver.SessionWithResourceTemplates
	mcpserver.SessionWithStreamableHTTPConfig
	mcpserver.SessionWithSubscriptionFilter
}

type requestOverHTTP struct {
	httpSession
	own *outbox
}

// NotificationChannel is the request's own.
func (r requestOverHTTP) NotificationChannel() chan<- mcp.JSONRPCNotification { return r.own.channel() }

// UpgradeToSSEWhenReceiveNotification does nothing: it would turn every later answer of the session into a stream, and
// [stream] begins one when there is something to send.
func (r requestOverHTTP) UpgradeToSSEWhenReceiveNotification() {}

type requestOverStdio struct {
	*mcpserver.InProcessSession
	own *outbox
}

// NotificationChannel is the request's own.
func (r requestOverStdio) NotificationChannel() chan<- mcp.JSONRPCNotification {
	return r.own.channel()
}
