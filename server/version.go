package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/reload"
)

// Version is the structuredContent of clanker_version.
type Version struct {
	Version       string                `json:"version"`
	Commit        string                `json:"commit"`
	UptimeSeconds float64               `json:"uptimeSeconds"`
	Isolation     string                `json:"isolation,omitempty"` // how far the gate is meant to hold
	Connections   []adapters.Connection `json:"connections"`
	Problems      []reload.Problem      `json:"problems,omitempty"` // of what people edit
}

const versionSchema = `{"type":"object","required":["version","commit","uptimeSeconds","connections"],"properties":{` +
	`"version":{"type":"string"},"commit":{"type":"string"},"uptimeSeconds":{"type":"number"},"isolation":{"type":"string"},` +
	`"connections":{"type":"array","items":{"type":"object","required":["provider"],"properties":{` +
	`"provider":{"type":"string"},"name":{"type":"string"},"identity":{"type":"string"},"demo":{"type":"boolean"},` +
	`"problem":{"type":"object","required":["reason"],"properties":{"reason":{"type":"string"},"fix":{"type":"string"}}}}}},` +
	`"problems":{"type":"array","items":{"type":"object","required":["what","detail"],"properties":{"what":{"type":"string"},"detail":{"type":"string"}}}}}}`

// version answers clanker_version.
func (s *Server) version(ctx context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if _, err := object(call.Params.Arguments); err != nil {
		return invalid(ctx, err)
	}
	connections := s.connections(ctx)
	if ctx.Err() != nil {
		return failed(ctx, ctx.Err())
	}
	v := Version{Version: s.build.Version, Commit: s.build.Commit,
		UptimeSeconds: s.now().Sub(s.started).Truncate(time.Second).Seconds(), Isolation: s.isolation, Connections: connections, Problems: s.problems()}
	note(ctx, ended("ok"))
	return result(v, v.text(), false), nil
}

// connections asks for the connections and waits no longer than the limit, even when a driver ignores its context.
// Callers at the same time share one probe, so a driver that hangs costs one goroutine and not one for each call.
func (s *Server) connections(ctx context.Context) []adapters.Connection {
	ctx, cancel := context.WithTimeout(ctx, s.limits.probe)
	defer cancel()
	answer := s.probe.DoChan("connections", func() (any, error) { return s.probeConnections(context.WithoutCancel(ctx)), nil })
	select {
	case r := <-answer:
		return r.Val.([]adapters.Connection)
	case <-ctx.Done():
		return []adapters.Connection{troubled(adapters.TimedOut, fmt.Sprintf("no word within %s", s.limits.probe))}
	}
}

// probeConnections recovers by itself: it runs in a goroutine of its own, where a panic would end the process.
func (s *Server) probeConnections(ctx context.Context) (found []adapters.Connection) {
	defer func() {
		if problem := recover(); problem != nil {
			s.log.ErrorContext(ctx, "looking at the connections panicked", "panic", problem, "stack", string(debug.Stack()))
			found = []adapters.Connection{troubled(adapters.Internal, "the probe failed; the log has the details")}
		}
	}()
	// A little less than the caller waits, so that drivers which heed their context are heard.
	ctx, cancel := context.WithTimeout(ctx, s.limits.probe*4/5)
	defer cancel()
	if found = s.connect.Connections(ctx); found == nil {
		found = []adapters.Connection{}
	}
	return found
}

func troubled(reason adapters.Reason, detail string) adapters.Connection {
	return adapters.Connection{Provider: "clanker", Problem: &adapters.SourceError{
		Reason: reason, What: "connections", Detail: detail, Fix: "call clanker_version again, or run: clanker providers"}}
}

// text says the same as the object, a line for each connection.
func (v Version) text() string {
	working := 0
	lines := make([]string, 0, len(v.Connections))
	for _, c := range v.Connections {
		if c.Problem == nil {
			working++
		}
		lines = append(lines, connectionLine(c))
	}
	for _, p := range v.Problems {
		lines = append(lines, router.Printable(fmt.Sprintf("PROBLEM  %s since %s: %s (1 of %d); what was valid before is in use",
			p.What, p.Since.Format(time.RFC3339), p.Detail, p.Faults)))
	}
	head := fmt.Sprintf("clanker %s (%s), up %s, %d of %d connections work", v.Version, v.Commit,
		time.Duration(v.UptimeSeconds*float64(time.Second)), working, len(v.Connections))
	if v.Isolation != "" {
		head += ", gate: " + router.Printable(v.Isolation)
	}
	return strings.Join(append([]string{head}, lines...), "\n")
}

func connectionLine(c adapters.Connection) string {
	words := []string{c.Provider}
	add := func(before, word string) {
		if word != "" {
			words = append(words, before+word)
		}
	}
	add("", c.Name)
	if c.Demo {
		add("", "(demo: invented data)")
	}
	if c.Default {
		add("", "(default)")
	}
	if c.Problem == nil {
		add("", "ok")
	}
	add("as ", c.Identity)
	add("", c.Detail)
	if c.Problem != nil {
		add("PROBLEM ", c.Problem.Error())
		add("fix: ", c.Problem.Fix)
	}
	return router.Printable(strings.Join(words, "  "))
}
