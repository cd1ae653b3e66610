package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

const eventStream = "text/event-stream"

// stream is the response to one POST. It is what mcp-go writes, plain JSON as a rule, until there is a notification to
// send: from then on it is a stream of events, of which the result is the last.
type stream struct {
	http.ResponseWriter             // the real one, guarded by mu
	own                 http.Header // as mcp-go sets them, which does not know of mu
	takesEvents         bool        // the client accepts a stream

	mu     sync.Mutex
	status int  // 0 before the header is written
	events bool // the header said that this is a stream
	frame  bool // what mcp-go writes is a message to be made an event
	bytes  int
}

func newStream(w http.ResponseWriter, r *http.Request) *stream {
	return &stream{ResponseWriter: w, own: w.Header().Clone(), takesEvents: accepts(r, eventStream)}
}

// notify sends a notification. It is dropped for a client that takes no stream.
func (s *stream) notify(n mcp.JSONRPCNotification) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.takesEvents || s.status != 0 && !s.events {
		return
	}
	message, err := json.Marshal(n)
	if err != nil { // only fixed types are sent
		return
	}
	if s.status == 0 {
		s.begin(http.StatusOK, http.Header{"Content-Type": {eventStream}, "Cache-Control": {"no-store"}, "X-Accel-Buffering": {"no"}})
		s.events = true
	}
	s.event(message)
}

// end sends no more notifications: the request is over, and what it was written to is no more.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takesEvents = false
}

// begin writes the header; mu is held.
func (s *stream) begin(status int, header http.Header) {
	maps.Copy(s.ResponseWriter.Header(), header)
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// event writes one message as an event; mu is held.
func (s *stream) event(message []byte) {
	n, _ := fmt.Fprintf(s.ResponseWriter, "event: message\ndata: %s\n\n", message) // fails when the client is gone
	s.bytes += n
	_ = http.NewResponseController(s.ResponseWriter).Flush()
}

// Header is what mcp-go sets; it is taken over when the header is written.
func (s *stream) Header() http.Header { return s.own }

// WriteHeader writes the header, unless the stream has begun: then a status has no place any more.
func (s *stream) WriteHeader(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status == 0 {
		s.events = s.own.Get("Content-Type") == eventStream
		s.begin(status, s.own)
		return
	}
	s.frame = s.events && s.own.Get("Content-Type") != eventStream
}

// Write writes what mcp-go does: once the stream has begun, a message in one piece becomes its event.
func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status == 0 {
		s.begin(http.StatusOK, s.own)
	}
	if s.frame {
		s.event(bytes.TrimSpace(p))
		return len(p), nil
	}
	n, err := s.ResponseWriter.Write(p)
	s.bytes += n
	return n, err
}

// Flush sends what was written so far.
func (s *stream) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = http.NewResponseController(s.ResponseWriter).Flush()
}

// Unwrap lets the deadlines of the connection be set.
func (s *stream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// written is how many bytes of the body were sent.
func (s *stream) written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// patient gives every write so long, so that a client which does not read ends its own request and holds up nothing else.
type patient struct {
	http.ResponseWriter
	limit time.Duration
}

// Write writes with a deadline of its own.
func (p patient) Write(b []byte) (int, error) {
	_ = http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(p.limit)) // recorders of tests have none
	return p.ResponseWriter.Write(b)
}

// Flush sends what was written so far.
func (p patient) Flush() { _ = http.NewResponseController(p.ResponseWriter).Flush() }

// Unwrap lets the other deadlines of the connection be set.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// accepts reports whether the client's Accept header names the media type, with another weight than 0.
func accepts(r *http.Request, media string) bool {
	for entry := range strings.SplitSeq(strings.Join(r.Header["Accept"], ","), ",") {
		name, params, _ := strings.Cut(entry, ";")
		if strings.EqualFold(strings.TrimSpace(name), media) {
			weight, given := strings.CutPrefix(strings.TrimSpace(params), "q=")
			q, err := strconv.ParseFloat(weight, 64)
			return !given || err != nil || q > 0
		}
	}
	return false
}
