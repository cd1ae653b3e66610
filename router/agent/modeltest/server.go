package modeltest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server plays a [Script] to who asks it in any wire format; see the package comment for its paths. It is an [http.Handler] and safe
// for concurrent use.
type Server struct {
	// URL is that of the server that [Start] made; who serves a [New] one may set it, for [Server.Base].
	URL string
	// Now is the clock; it may be set before the first request.
	Now func() time.Time

	mux     *http.ServeMux
	vendors []string
	held    chan struct{}
	release func()
	freed   chan struct{}

	mu       sync.Mutex // guards what follows
	script   Script
	played   []bool
	requests []Request
	faults   []string
}

// Request is a request that a [Server] got, whether it liked it or not.
type Request struct {
	At           time.Time
	Vendor       string
	Method, Path string
	Header       http.Header // without keys
	Body         []byte
	Model        string
	Stream       bool
	System       string   // instructions
	Tools        []string // names of those that the model may call, as sent: none if it was told to call none
	Last         string   // what was said since the model's last turn
	Turn         int      // index of the turn that answers it, [Obeyed], or [Refused]
}

// What answers a [Request] when it is no turn of the [Script].
const (
	Refused = -1 // it was refused, or asked for something else than a turn
	Obeyed  = -2 // the model did as a result of a tool told it
)

// Start serves a [Script] on a port of the loopback until the test ends. The test fails if there are [Server.Faults] then.
func Start(t testing.TB, script Script) *Server {
	t.Helper()
	s := New(script)
	listener := httptest.NewServer(s)
	s.URL = listener.URL
	t.Cleanup(func() {
		s.Release()
		listener.Close()
		for _, fault := range s.Faults() {
			t.Errorf("modeltest: %s", fault)
		}
	})
	return s
}

// New returns a server of a [Script], for those who serve it themselves.
func New(script Script) *Server {
	s := &Server{Now: time.Now, mux: http.NewServeMux(), script: script, played: make([]bool, len(script.Turns)),
		held: make(chan struct{}, 1000), freed: make(chan struct{})}
	s.release = sync.OnceFunc(func() { close(s.freed) })
	for _, h := range handlers() {
		s.mount(h)
	}
	return s
}

func (s *Server) mount(h handler) {
	prefix := "/" + h.vendor()
	s.vendors = append(s.vendors, h.vendor())
	for _, path := range h.paths() {
		s.mux.HandleFunc("POST "+prefix+path, func(w http.ResponseWriter, r *http.Request) { s.converse(w, r, h) })
	}
	for _, path := range h.lists() {
		s.mux.HandleFunc("GET "+prefix+path, func(w http.ResponseWriter, r *http.Request) { s.list(w, r, h) })
	}
}

// Base is what a person would set as the URL of a vendor: "anthropic", "cohere", "google", "ollama" or "openai".
func (s *Server) Base(vendor string) string {
	switch vendor {
	case "openai":
		return s.URL + "/openai/v1"
	case "cohere":
		return s.URL + "/cohere/compatibility/v1"
	default:
		return s.URL + "/" + vendor
	}
}

// Release lets answers go on that wait, now and later; see [Turn.Hold].
func (s *Server) Release() { s.release() }

// Held gets a value each time that an answer begins to wait.
func (s *Server) Held() <-chan struct{} { return s.held }

// Requests are those that it got so far, in their order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count says how many requests the model itself answered so far: neither lists nor what was refused.
func (s *Server) Count() int {
	n := 0
	for _, r := range s.Requests() {
		if r.Turn != Refused {
			n++
		}
	}
	return n
}

// Left says how many turns were not played yet; those that repeat count until they were played once.
func (s *Server) Left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, played := range s.played {
		if !played {
			n++
		}
	}
	return n
}

// Faults are what a client did wrong: requests that the vendor would call invalid, that are not as a turn expects them, or that no turn
// is left for. A wrong key and an unknown model are none: people have those.
func (s *Server) Faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// ServeHTTP answers one request. An answer that is to be cut ends in a panic with [http.ErrAbortHandler], as [http.Server] wants it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); !slices.Contains(s.vendors, first) {
		r = r.Clone(r.Context())
		r.URL.Path = "/" + guess(r) + r.URL.Path
	}
	s.mux.ServeHTTP(w, r)
}

// guess says which vendor is meant by a path that names none.
func guess(r *http.Request) string {
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1beta"):
		return "google"
	case strings.HasPrefix(r.URL.Path, "/compatibility"):
		return "cohere"
	case strings.HasPrefix(r.URL.Path, "/api"):
		return "ollama"
	case r.URL.Path == "/v1/messages" || r.Header.Get("Anthropic-Version") != "":
		return "anthropic"
	default:
		return "openai"
	}
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, h handler) {
	s.record(r, h, nil, nil, Refused)
	if f := h.admit(r.Header, s.script.Key); f != nil {
		fail(w, h, *f, &chat{})
		return
	}
	models := s.script.Models
	if len(models) == 0 {
		models = []string{AnyModel}
	}
	send(w, http.StatusOK, nil, encoded(h.list(strings.TrimPrefix(r.URL.Path, "/"+h.vendor()), models)))
}

// most is how long a request may be, in bytes.
const most = 32 << 20

func (s *Server) converse(w http.ResponseWriter, r *http.Request, h handler) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		fail(w, h, Failure{Kind: BadRequest, Status: http.StatusRequestEntityTooLarge, Message: "the request is too large"}, &chat{})
		return
	}
	c, does, at, f := s.consider(r, h, body)
	n := s.record(r, h, body, c, at)
	if f != nil {
		fail(w, h, *f, c)
		return
	}
	s.perform(w, r, h, c, s.act(c, does, n))
}

// consider reads a request and decides what to do about it.
func (s *Server) consider(r *http.Request, h handler, body []byte) (*chat, Turn, int, *Failure) {
	c, wrong := h.read(r, body)
	if f := h.admit(r.Header, s.script.Key); f != nil {
		return c, Turn{}, Refused, f
	}
	if wrong != nil {
		s.fault("%s: %s", h.vendor(), wrong.Message)
		return c, Turn{}, Refused, wrong
	}
	if len(s.script.Models) > 0 && !slices.Contains(s.script.Models, c.model) {
		return c, Turn{}, Refused, &Failure{Kind: UnknownModel}
	}
	does, at, err := s.turn(c)
	if err != nil {
		s.fault("%s: %v", h.vendor(), err)
		return c, Turn{}, Refused, &Failure{Kind: Broken, Message: "modeltest: " + err.Error()}
	}
	return c, does, at, does.Error
}

func (s *Server) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// record keeps a request, and counts it.
func (s *Server) record(r *http.Request, h handler, body []byte, c *chat, turn int) (n int) {
	req := Request{At: s.Now(), Vendor: h.vendor(), Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Body: body, Turn: turn}
	maps.DeleteFunc(req.Header, func(name string, _ []string) bool {
		return slices.Contains([]string{"Authorization", "X-Api-Key", "X-Goog-Api-Key", "Cookie"}, name)
	})
	if c != nil {
		req.Model, req.Stream, req.System, req.Tools, req.Last = c.model, c.stream, c.system, c.tools, texts(c.last())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	return len(s.requests)
}

func fail(w http.ResponseWriter, h handler, f Failure, c *chat) {
	status, header, body := h.fail(f, c)
	if at := f.Retry.At; !at.IsZero() { // a date has no other place, whoever the vendor is
		w.Header().Set("Retry-After", at.UTC().Format(http.TimeFormat))
	}
	send(w, status, header, encoded(body))
}

func send(w http.ResponseWriter, status int, header http.Header, body []byte) {
	maps.Copy(w.Header(), header)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked may have gone
}
