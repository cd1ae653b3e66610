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
func model(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "done" {
		s := ts.Value(modelKey{}).(*modelServer).Server
		if faults := s.Faults(); len(faults) > 0 || s.Left() > 0 {
			ts.Fatalf("%d turns are left, faults: %s", s.Left(), strings.Join(faults, "; "))
		}
		return
	}
	script, err := modeltest.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	s := modeltest.New(script)
	listener := httptest.NewServer(s)
	ts.Defer(listener.Close)
	ts.Value(modelKey{}).(*modelServer).Server = s
	ts.Setenv("MODEL", listener.URL)
}

type modelServer struct{ *modeltest.Server }

type modelKey struct{}

// fill FILE: writes the variables of the story into the file, where $NAME stands for them.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	text := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
