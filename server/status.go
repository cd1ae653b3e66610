package server

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"os"
	"strings"
	"time"

	"clanker/server/reload"
)

// Health is what GET /healthz answers: which clanker this is. Anybody on this machine who may connect may know it: one
// process finds another by it.
type Health struct {
	Clanker  string    `json:"clanker"`  // version
	Instance string    `json:"instance"` // of this process, drawn at its start
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	Demo     bool      `json:"demo"`
}

// Health says which clanker this is.
func (s *Server) Health() Health {
	return Health{Clanker: s.build.Version, Instance: s.instance, PID: os.Getpid(), Started: s.started.UTC(), Demo: s.demo}
}

// Readiness is what GET /readyz answers.
type Readiness struct {
	Ready    bool             `json:"ready"`
	Problems []reload.Problem `json:"problems,omitempty"` // questions are answered nonetheless
}

// status answers the paths for people and machines that watch the workspace. It returns false for any other path.
func (s *Server) status(w http.ResponseWriter, r *http.Request) bool {
	answer := s.watched(r.URL.Path)
	switch {
	case answer == nil:
		return false
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		s.refuse(w, http.StatusMethodNotAllowed, "method", r.URL.Path+" is read with GET")
	default:
		answer.ServeHTTP(w, r)
	}
	return true
}

// watched is what answers on a path; nil for one that is not here.
func (s *Server) watched(path string) http.Handler {
	switch {
	case path == "/healthz":
		return says(func() any { return s.Health() })
	case path == "/readyz": // there is nothing to wait for: a server that listens has its intents
		return says(func() any { return Readiness{Ready: true, Problems: s.problems()} })
	case path == "/metrics" && s.metrics != nil:
		return s.metrics.Handler()
	case strings.HasPrefix(path, "/debug/pprof/") && s.profile:
		return profiles(strings.TrimPrefix(path, "/debug/pprof/"))
	}
	return nil
}

func says(body func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, body()) })
}

// profiles is the handler of one profile. Importing net/http/pprof for its side effect would serve them to everybody.
func profiles(name string) http.Handler {
	switch name {
	case "cmdline":
		return http.HandlerFunc(pprof.Cmdline)
	case "profile":
		return http.HandlerFunc(pprof.Profile)
	case "symbol":
		return http.HandlerFunc(pprof.Symbol)
	case "trace":
		return http.HandlerFunc(pprof.Trace)
	}
	return http.HandlerFunc(pprof.Index)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails when the client is gone
}
