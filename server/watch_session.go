package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// subscriber is who is told of changes: a session, or one stream of a revision without sessions.
type subscriber struct {
	client  string             // by which its questions are counted
	uris    map[string]*asking // that it subscribed to; guarded by the mu of the watches, like what follows
	streams int                // of a session, that are open
	deaf    *time.Timer        // ends the subscriptions of a session that has none

	mu      sync.Mutex
	changed map[string]bool // URIs that it is to be told of: each once, however often it changes until then
	wake    chan struct{}
}

func newSubscriber(client string) *subscriber {
	return &subscriber{client: client, uris: map[string]*asking{}, changed: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// tell notes that a question changed; the mu of the watches is held.
func (u *subscriber) tell(of *asking) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for uri, a := range u.uris {
		if a == of {
			u.changed[uri] = true
		}
	}
	u.rouse()
}

func (u *subscriber) rouse() {
	select {
	case u.wake <- struct{}{}:
	default: // somebody is about to look
	}
}

// deliver sends what there is to tell, until ctx ends. Several may do so: each notification is sent once.
func (u *subscriber) deliver(ctx context.Context, send delivery, meta map[string]any) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.wake:
		}
		if ctx.Err() != nil {
			u.rouse() // it is for another stream
			return
		}
		for _, uri := range u.take() {
			send(mcp.JSONRPCNotification{JSONRPC: mcp.JSONRPC_VERSION, Notification: mcp.Notification{Method: mcp.MethodNotificationResourceUpdated,
				Params: mcp.NotificationParams{Meta: meta, AdditionalFields: map[string]any{"uri": uri}}}})
		}
	}
}

func (u *subscriber) take() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	uris := slices.Sorted(maps.Keys(u.changed))
	clear(u.changed)
	return uris
}

// attach tells a session by send what changed, until detach is called.
func (w *watches) attach(id string, send delivery) (detach func()) {
	u := w.session(id)
	w.mu.Lock()
	defer w.mu.Unlock()
	u.streams++
	w.lapse(u)
	ctx, stop := context.WithCancel(context.Background())
	go u.deliver(ctx, send, nil)
	u.rouse() // for what came before
	return func() {
		stop()
		w.mu.Lock()
		defer w.mu.Unlock()
		u.streams--
		w.lapse(u)
	}
}

// subscribing gives a request that subscribes to resources, or takes that back, a session which can, as mcp-go wants it. One
// that listens ends when ending does.
func (s *Server) subscribing(ctx, ending context.Context) context.Context {
	r := requestOf(ctx)
	to := subscriptions{server: s, ctx: ctx}
	switch r.method {
	case mcp.MethodSubscriptionsListen:
		to.by = newSubscriber(r.client)
		ctx = until(ctx, ending)
		r.deliver = to.by.acknowledged(ctx, r.deliver)
		ctx = withRequest(ctx, r)
	case mcp.MethodResourcesSubscribe, mcp.MethodResourcesUnsubscribe:
		if id := mcpserver.ClientSessionFromContext(ctx).SessionID(); id != "" {
			to.by = s.watches.session(id)
		}
	default:
		return ctx
	}
	ctx = s.owning(ctx)
	switch session := mcpserver.ClientSessionFromContext(ctx).(type) {
	case requestOverHTTP:
		return s.mcp.WithContext(ctx, subscribingOverHTTP{session, to})
	case requestOverStdio:
		return s.mcp.WithContext(ctx, subscribingOverStdio{session, to})
	}
	return ctx
}

// until returns a context that ends with ending as well. It has to end by itself, too.
func until(ctx, ending context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ending, cancel)
	context.AfterFunc(ctx, func() { stop() })
	return ctx
}

// acknowledged sends what a stream of subscriptions has to say: the acknowledgement first, and only then what changed.
func (u *subscriber) acknowledged(ctx context.Context, send delivery) delivery {
	return func(n mcp.JSONRPCNotification) {
		send(n)
		if n.Method == mcp.MethodNotificationSubscriptionsAcknowledged {
			go u.deliver(ctx, send, n.Params.Meta) // which names the stream
		}
	}
}

type subscribingOverHTTP struct {
	requestOverHTTP
	subscriptions
}

type subscribingOverStdio struct {
	requestOverStdio
	subscriptions
}

var (
	_ mcpserver.SessionWithResourceSubscriptionsErr = subscribingOverHTTP{}
	_ mcpserver.SessionWithResourceSubscriptionsErr = subscribingOverStdio{}
)

// subscriptions are those that a request can change.
type subscriptions struct {
	server *Server
	ctx    context.Context
	by     *subscriber // nil when nobody could be told
}

// SubscribeToResourceErr subscribes; the error says why not. What never changes can be subscribed to, and is not told of.
func (s subscriptions) SubscribeToResourceErr(uri string) error {
	missing := s.server.missing(uri)
	switch {
	case missing != "":
		return errors.New(missing)
	case s.by == nil:
		return errors.New("changes are told on the stream of a session: initialize, and send the Mcp-Session-Id that it returned")
	case uri == providersURI:
		return fmt.Errorf("changes of %s are not told: read it, or watch a question, %s", uri, watchURI+"{question}")
	case strings.HasPrefix(uri, watchURI):
		return s.server.watches.subscribe(s.ctx, s.by, uri)
	}
	return nil
}

// SubscribeToResource is [subscriptions.SubscribeToResourceErr] for those who do not want to know.
func (s subscriptions) SubscribeToResource(uri string) { _ = s.SubscribeToResourceErr(uri) }

// UnsubscribeFromResource ends a subscription, if there is one.
func (s subscriptions) UnsubscribeFromResource(uri string) {
	if s.by != nil {
		s.server.watches.unsubscribe(s.by, uri)
	}
}

// SubscribedResources are the watched questions that the subscriber is told of, sorted.
func (s subscriptions) SubscribedResources() []string {
	if s.by == nil {
		return nil
	}
	s.server.watches.mu.Lock()
	defer s.server.watches.mu.Unlock()
	return slices.Sorted(maps.Keys(s.by.uris))
}

// IsSubscribedToResource reports whether the subscriber is told of it.
func (s subscriptions) IsSubscribedToResource(uri string) bool {
	return slices.Contains(s.SubscribedResources(), uri)
}
