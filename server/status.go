package server

import (
	"encoding/json"
	"net/http"
	"os"
	"time"
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

// status answers the paths for people and machines that watch the workspace. It returns false for any other path.
func (s *Server) status(w http.ResponseWriter, r *http.Request) bool {
	var answer http.HandlerFunc
	switch r.URL.Path {
	case "/healthz":
		answer = func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Health()) }
	default:
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, r.URL.Path+" is read with GET")
		return true
	}
	answer(w, r)
	return true
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // fails when the client is gone
}
