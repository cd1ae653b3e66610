package server

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"clanker/router"
	"clanker/server/telemetry"
)

// record is what becomes of one tool call, for its line in the log.
type record struct {
	started time.Time

	mu   sync.Mutex
	line telemetry.Line
}

type recordKey struct{}

// called begins the record of a request that calls a tool; nil for any other.
func (s *Server) called(ctx context.Context, m message, transport string) (context.Context, *record) {
	if !m.asks() || m.method != string(mcp.MethodToolsCall) || !slices.Contains(s.names, m.tool) {
		return ctx, nil
	}
	s.metrics.Running(1)
	r := &record{started: s.now(), line: telemetry.Line{Tool: m.tool, Transport: transport, Status: string(router.StatusError)}}
	return context.WithValue(ctx, recordKey{}, r), r
}

// note changes the line of the call that ctx belongs to, if it is one.
func note(ctx context.Context, change func(*telemetry.Line)) {
	if r, ok := ctx.Value(recordKey{}).(*record); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		change(&r.line)
	}
}

// cancelled reports whether the caller took the call back.
func (r *record) cancelled() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.line.Status == cancelled
}

const cancelled = "cancelled"

func ended(status string) func(*telemetry.Line) {
	return func(l *telemetry.Line) { l.Status = status }
}

func answered(a router.Answer) func(*telemetry.Line) {
	return func(l *telemetry.Line) {
		l.Answer, l.Intent, l.Status = a.AnswerID, "none", string(a.Status)
		if a.Intent != nil {
			l.Intent = a.Intent.ID
		}
	}
}

// finish writes the line of a call whose answer of so many bytes has been sent, and counts it.
func (s *Server) finish(ctx context.Context, r *record, bytes int) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.Took, r.line.Bytes = s.now().Sub(r.started), bytes
	s.metrics.Running(-1)
	s.metrics.Call(r.line.Tool, r.line.Status, r.line.Took, bytes)
	r.line.Log(context.WithoutCancel(ctx), s.log)
}
