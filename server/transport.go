package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
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
	running, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	web, stream := s.web(running, hosts)
	failed := make(chan error, 1)
	go func() { failed <- web.Serve(l) }()
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serve on %s: %w", l.Addr(), err), stream.Shutdown(running))
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(running, s.limits.grace)
	defer cancel()
	if err := stream.Shutdown(last); err != nil {
		s.log.WarnContext(ctx, "stopped before everything was answered", "waited", s.limits.grace, "error", err)
		return web.Close()
	}
	return nil
}

// web puts the HTTP server and mcp-go's endpoint in it together; requests end when running does.
func (s *Server) web(running context.Context, hosts []string) (*http.Server, *mcpserver.StreamableHTTPServer) {
	web := &http.Server{
		ReadHeaderTimeout: s.limits.header, ReadTimeout: s.limits.read, IdleTimeout: s.limits.idle, MaxHeaderBytes: 64 << 10,
		ErrorLog:    slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return running },
	}
	known := &sessions{}
	stream := mcpserver.NewStreamableHTTPServer(s.mcp, mcpserver.WithSessionIdManager(known), mcpserver.WithStreamableHTTPServer(web),
		mcpserver.WithSessionIdleTTL(s.limits.session), mcpserver.WithHeartbeatInterval(s.limits.session/4), // a session with an open stream is in use
		mcpserver.WithStreamableHTTPLogger(s.log))
	web.Handler = guard(hosts, s.endpoint(known, stream))
	return web, stream
}

// endpoint checks what HTTP says about a request and hands it to mcp-go.
func (s *Server) endpoint(known *sessions, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		session := r.Header.Get(mcpserver.HeaderKeySessionID)
		_, unknown := known.Validate(session)
		switch {
		case r.Method == http.MethodPost && !isJSON(r.Header.Get("Content-Type")):
			refuse(w, http.StatusUnsupportedMediaType, "send the header Content-Type: application/json")
		case r.ContentLength > maxMessage:
			tooLarge(w, r)
		case s.status(w, r):
		case r.URL.Path != "/" && r.URL.Path != "/mcp":
			refuse(w, http.StatusNotFound, "nothing is served here: MCP is on / and /mcp")
		case unknown != nil:
			refuse(w, http.StatusNotFound, unknown.Error())
		case r.Method == http.MethodPost:
			s.post(w, r, next)
		case session != "" && (r.Method == http.MethodDelete || r.Method == http.MethodGet && accepts(r, "text/event-stream")):
			untimed(w)
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Allow", http.MethodPost)
			refuse(w, http.StatusMethodNotAllowed, "POST JSON-RPC messages here; GET (Accept: text/event-stream) and DELETE need the Mcp-Session-Id that initialize returned")
		}
	})
}

// post reads and checks a message before mcp-go, which reads without limit, sees it.
func (s *Server) post(w http.ResponseWriter, r *http.Request, next http.Handler) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		tooLarge(w, r)
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Sprintf("read the body: %v", err))
		return
	}
	m, refused := s.admit(raw)
	switch {
	case refused != nil && refused.Error.Code == mcp.INVALID_PARAMS:
		writeJSON(w, http.StatusOK, refused)
	case refused != nil:
		writeJSON(w, http.StatusBadRequest, refused)
	case m.method == string(mcp.MethodNotificationCancelled) && r.Header.Get(mcpserver.HeaderKeySessionID) == "":
		// Callers without a session share their request ids: none of them may cancel another's. They hang up instead.
		w.WriteHeader(http.StatusAccepted)
	default:
		untimed(w)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		next.ServeHTTP(w, r)
	}
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	return err == nil && media == "application/json" && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}

func accepts(r *http.Request, media string) bool {
	return strings.Contains(strings.Join(r.Header["Accept"], ","), media)
}

// untimed lifts the time limit for reading a request once it has been read: it would cut off a long answer.
func untimed(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // fails where there is no limit to lift
}

// tooLarge reads on for a while, so that a client which sends all before it reads gets the answer and not a reset.
func tooLarge(w http.ResponseWriter, r *http.Request) {
	_, _ = io.CopyN(io.Discard, r.Body, 64*maxMessage)
	w.Header().Set("Connection", "close")
	refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("a message has at most %d bytes", maxMessage))
}

// refuse answers a request that is not let through, as a JSON-RPC error, which is what MCP clients show.
func refuse(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, refusal(mcp.RequestId{}, mcp.INVALID_REQUEST, text))
}

