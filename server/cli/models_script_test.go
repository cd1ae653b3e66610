package cli

import (
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"clanker/router/agent/modeltest"
)

// model FILE: serves a model that plays the script in the file, as every vendor, and sets $MODEL to its URL.
// model done: it has played all of it, and was told nothing that it could not understand.
// model held: waits until it lets somebody wait for an answer.
func model(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value(modelKey{}).(*modelServer)
	switch args[0] {
	case "done":
		if faults := s.Faults(); len(faults) > 0 || s.Left() > 0 {
			ts.Fatalf("%d turns are left, faults: %s", s.Left(), strings.Join(faults, "; "))
		}
	case "held":
		<-s.Held()
	default:
		s.Server = playing(ts, args[0])
	}
}

// playing serves a script until the story ends.
func playing(ts *testscript.TestScript, file string) *modeltest.Server {
	script, err := modeltest.Load(ts.MkAbs(file))
	ts.Check(err)
	s := modeltest.New(script)
	listener := httptest.NewServer(s)
	ts.Defer(listener.Close)
	ts.Setenv("MODEL", listener.URL)
	return s
}

type modelServer struct{ *modeltest.Server }

type modelKey struct{}

// fill FILE: writes the variables of the story into the file, where $NAME stands for them.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
