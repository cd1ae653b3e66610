package server

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// ServeHTTP serves MCP on a loopback listener (see [Listen]) until ctx ends, then stops taking requests, finishes what
// runs within half a minute, and returns nil. It closes the listener.
func (s *Server) ServeHTTP(ctx context.Context, l net.Listener) error {
	hosts, err := ownHosts(l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	own, err := s.ownUser(l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	running, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	web, stream := s.web(running, hosts)
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(own) }()
	select {
	case broken := <-failed:
		err = fmt.Errorf("serve on %s: %w", l.Addr(), broken)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(running, s.limits.grace)
	defer cancel()
	if late := stream.Shutdown(last); late != nil {
		s.log.WarnContext(ctx, "stopped before everything was answered", "waited", s.limits.grace, "error", late)
		return errors.Join(err, web.Close())
	}
	return err
}

// web puts the HTTP server and mcp-go's endpoint in it together; requests end when running does.
func (s *Server) web(running context.Context, hosts []string) (*http.Server, *mcpserver.StreamableHTTPServer) {
	web := &http.Server{
		ReadHeaderTimeout: s.limits.header, ReadTimeout: s.limits.read, WriteTimeout: s.limits.write, IdleTimeout: s.limits.idle, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return running },
	}
	ending, end := context.WithCancel(running)
	web.RegisterOnShutdown(end)
	known := newSessions(s.clients.sessions, s.metrics.Sessions)
	stream := mcpserver.NewStreamableHTTPServer(s.mcp, mcpserver.WithSessionIdManager(known), mcpserver.WithStreamableHTTPServer(web),
		mcpserver.WithSessionIdleTTL(s.limits.session), mcpserver.WithHeartbeatInterval(s.limits.session/4), // a session with an open stream is in use
		mcpserver.WithHTTPContextFunc(func(ctx context.Context, _ *http.Request) context.Context { return s.subscribing(ctx, ending) }), mcpserver.WithStreamableHTTPLogger(s.log))
	known.end = func(id string) { stream.ServeHTTP(nobody{}, farewell(running, hosts[0], id)) }
	web.Handler = s.guard(hosts, s.bearer(s.endpoint(known, stream)))
	return web, stream
}

// endpoint checks what HTTP says about a request and hands it to mcp-go.
func (s *Server) endpoint(known *sessions, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session := sessionOf(r)
		_, unknown := known.Validate(session)
		switch {
		case r.Method == http.MethodPost && !isJSON(r.Header.Get("Content-Type")):
			s.refuse(w, http.StatusUnsupportedMediaType, "contentType", "send the header Content-Type: application/json")
		case r.ContentLength > maxMessage:
			s.tooLarge(w, r)
		case s.status(w, r):
		case r.URL.Path != "/" && r.URL.Path != "/mcp":
			s.refuse(w, http.StatusNotFound, "path", "nothing is served here: MCP is on / and /mcp")
		case unknown != nil:
			s.refuse(w, http.StatusNotFound, "session", unknown.Error())
		case r.Method == http.MethodPost:
			s.post(w, r, next)
		case session != "" && ofSession(r):
			s.attend(w, r, known, next)
		default:
			w.Header().Set("Allow", http.MethodPost)
			s.refuse(w, http.StatusMethodNotAllowed, "method", "POST JSON-RPC messages here; GET (Accept: text/event-stream) and DELETE need the Mcp-Session-Id that initialize returned")
		}
	})
}

// ofSession reports whether the request listens to what the server says by itself, or ends the session.
func ofSession(r *http.Request) bool {
	return r.Method == http.MethodDelete || r.Method == http.MethodGet && accepts(r, eventStream)
}

// sessionOf is the session that the request names. A revision without sessions ignores the header of one, and mcp-go does.
func sessionOf(r *http.Request) string {
	if mcp.IsModernProtocol(r.Header.Get(mcp.HeaderProtocolVersion)) {
		return ""
	}
	return r.Header.Get(mcpserver.HeaderKeySessionID)
}

// attend listens to what the server says by itself, or ends the session. A stream ends with its session: mcp-go leaves it
// open, to say nothing any more and to hold up the end of the server. A session has as many as it may run requests.
func (s *Server) attend(w http.ResponseWriter, r *http.Request, known *sessions, next http.Handler) {
	id := sessionOf(r)
	leave, over := s.clients.enter("stream of "+id, r.Method == http.MethodGet)
	if over != nil {
		s.tooMany(w, message{}, over)
		return
	}
	defer leave()
	if r.Method == http.MethodGet {
		ctx, cancel := known.during(r.Context(), id)
		defer cancel()
		r = r.WithContext(ctx)
	}
	untimed(w)
	out := newStream(patient{w, s.limits.write}, r)
	defer out.end()
	if r.Method == http.MethodGet {
		defer s.watches.attach(id, out.notify)()
	}
	next.ServeHTTP(out, r)
}

// post reads and checks a message before mcp-go, which reads without limit, sees it.
func (s *Server) post(w http.ResponseWriter, r *http.Request, next http.Handler) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		s.tooLarge(w, r)
		return
	}
	if err != nil {
		s.refuse(w, http.StatusBadRequest, "size", fmt.Sprintf("read the body: %v", err))
		return
	}
	m, refused := s.admit(raw)
	if refused != nil && mirrored(r, m) {
		s.metrics.Refused("json")
		writeJSON(w, refusedStatus(m, refused), refused)
		return
	}
	if reason, text := misplaced(r, m); reason != "" {
		s.refuse(w, http.StatusBadRequest, reason, text)
		return
	}
	leave, over := s.clients.enter(cmp.Or(sessionOf(r), m.client), m.asks())
	if over != nil {
		s.tooMany(w, m, over)
		return
	}
	defer leave()
	if m.cancelling() && sessionOf(r) == "" {
		// Callers without a session share their request ids: none of them may cancel another's. They hang up instead.
		w.WriteHeader(http.StatusAccepted)
		return
	}
	s.serve(w, r, m, raw, next)
}

// serve lets mcp-go answer a message that was let in.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, m message, raw []byte, next http.Handler) {
	untimed(w)
	out := newStream(patient{w, s.limits.write}, r)
	defer out.end()
	asked := incoming{mcp.MCPMethod(m.method), cmp.Or(sessionOf(r), m.client), out.notify}
	ctx, record := s.called(withRequest(r.Context(), asked), m, "http")
	defer func() { s.finish(ctx, record, out.written()) }() // after a panic too
	r = r.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(raw))
	next.ServeHTTP(out, r)
}

// tooMany refuses a message for the limits of its client.
func (s *Server) tooMany(w http.ResponseWriter, m message, over *excess) {
	s.metrics.Refused(over.reason)
	w.Header().Set("Retry-After", over.retryAfter())
	writeJSON(w, http.StatusTooManyRequests, over.refusal(m))
}

// refusedStatus is the HTTP status of a message that was not let in. What does not exist is an error of the protocol and
// not of HTTP, until the revision that wants both to say the same.
func refusedStatus(m message, refused *mcp.JSONRPCError) int {
	notThere := refused.Error.Code == mcp.INVALID_PARAMS || refused.Error.Code == mcp.RESOURCE_NOT_FOUND
	if notThere && !mcp.IsModernProtocol(m.version) {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// mirrored reports whether the headers repeat what the message says, as the revision without sessions wants them to. If they
// do not, that is what mcp-go tells the client.
func mirrored(r *http.Request, m message) bool {
	if !mcp.RequiresStandardHeaders(m.version) {
		return true
	}
	name, ok := mcp.DecodeHeaderValue(r.Header.Get(mcp.HeaderName))
	return ok && name == cmp.Or(m.tool, m.uri) && r.Header.Get(mcp.HeaderMethod) == m.method
}

// misplaced says what is wrong with a message where it is sent, for what mcp-go answers in plain text.
func misplaced(r *http.Request, m message) (reason, text string) {
	named := r.Header.Get(mcp.HeaderProtocolVersion)
	switch {
	case m.response && m.method == "" && sessionOf(r) == "":
		return "session", "an answer to a request of this server needs the Mcp-Session-Id of the session that it was asked in"
	case named != "" && !mcp.IsValidProtocolVersion(named) && m.method != string(mcp.MethodInitialize) && !mcp.IsModernProtocol(m.version):
		return "version", fmt.Sprintf("protocol revision %.40q is unknown: use one of %s", named, strings.Join(mcp.ValidProtocolVersions, ", "))
	}
	return "", ""
}

// farewell is a request that ends a session.
func farewell(ctx context.Context, host, id string) *http.Request {
	return (&http.Request{Method: http.MethodDelete, Host: host, URL: &url.URL{Path: "/mcp"}, Body: http.NoBody,
		Header: http.Header{mcpserver.HeaderKeySessionID: {id}}}).WithContext(ctx)
}

// nobody takes a response that no client waits for.
type nobody struct{}

func (nobody) Header() http.Header         { return http.Header{} }
func (nobody) WriteHeader(int)             {}
func (nobody) Write(p []byte) (int, error) { return len(p), nil }

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json" && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}

// untimed lifts the time limits of a request once it has been read: they would cut off a long answer. See [patient].
func untimed(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // fails where there is no limit to lift
	_ = control.SetWriteDeadline(time.Time{})
}

// tooLarge reads on for a while, so that a client which sends all before it reads gets the answer and not a reset. One that
// waits to be told to send is not.
func (s *Server) tooLarge(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") == "" {
		_, _ = io.CopyN(io.Discard, r.Body, 64*maxMessage)
	}
	w.Header().Set("Connection", "close")
	s.refuse(w, http.StatusRequestEntityTooLarge, "size", fmt.Sprintf("a message has at most %d bytes", maxMessage))
}
