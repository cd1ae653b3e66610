package server

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// progress tells a client that asked for it, once a second, how long its call has been running and what is being done.
type progress struct {
	mu    sync.Mutex
	doing string
}

// reporting calls run with a function that takes the steps it reaches, nil when nobody wants to know them. The client hears
// the latest step every second while run lasts, if it gave a progress token, and nothing afterwards.
func (s *Server) reporting(ctx context.Context, request mcp.CallToolRequest, run func(step func(string))) {
	meta := request.Params.Meta
	if meta == nil || meta.ProgressToken == nil {
		run(s.debug(ctx))
		return
	}
	p := &progress{doing: "starting"}
	ended, reported := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(reported)
		s.report(ctx, p, meta.ProgressToken, ended)
	}()
	defer func() { close(ended); <-reported }()
	run(func(doing string) {
		p.reached(doing)
		s.tell(ctx, mcp.LoggingLevelDebug, doing)
	})
}

// debug returns a function that sends the client each step as a log message, nil if it does not want that level.
func (s *Server) debug(ctx context.Context) func(string) {
	if !mcp.LoggingLevelDebug.ShouldSendTo(levelOf(ctx)) {
		return nil
	}
	return func(doing string) { s.tell(ctx, mcp.LoggingLevelDebug, doing) }
}

// report sends a notification at every tick until ended closes or ctx ends.
func (s *Server) report(ctx context.Context, p *progress, token mcp.ProgressToken, ended <-chan struct{}) {
	ticker := time.NewTicker(s.limits.progress)
	defer ticker.Stop()
	for tick := 1; ; tick++ {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			return
		case <-ticker.C:
			// It fails for a client that never finished its handshake, which then hears no progress.
			_ = s.mcp.SendNotificationToClient(ctx, string(mcp.MethodNotificationProgress), map[string]any{
				"progressToken": token, "progress": float64(tick), "message": p.current()})
		}
	}
}

func (p *progress) reached(doing string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing = doing
}

func (p *progress) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doing
}

// tell sends the client a log message about its own call, if it wants that level.
func (s *Server) tell(ctx context.Context, level mcp.LoggingLevel, text string) {
	if level.ShouldSendTo(levelOf(ctx)) {
		// It fails for a client that never finished its handshake.
		_ = s.mcp.SendLogMessageToClient(ctx, mcp.NewLoggingMessageNotification(level, "clanker", text))
	}
}

// levelOf is the least severe log message that the client wants: what its session set, or what a request of a revision
// without sessions says. Callers without a session, who would all share one level, want none.
func levelOf(ctx context.Context) mcp.LoggingLevel {
	if info := mcpserver.RequestProtocolInfoFromContext(ctx); info != nil && info.Modern {
		return cmp.Or(info.LogLevel, silent)
	}
	if session, ok := mcpserver.ClientSessionFromContext(ctx).(mcpserver.SessionWithLogging); ok && session.SessionID() != "" {
		return session.GetLogLevel()
	}
	return silent
}

// silent is a level that nothing is sent at: nothing here is an emergency.
const silent = mcp.LoggingLevelEmergency
