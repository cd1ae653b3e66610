package cli

import (
	"regexp"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// hear REGEXP: waits until the workspace at $URL writes a line to stderr that matches.
func hear(ts *testscript.TestScript, _ bool, args []string) {
	s, wanted := running(ts)[ts.Getenv("URL")], regexp.MustCompile(args[0])
	for line := ""; !wanted.MatchString(line); {
		var err error
		line, err = s.stderr.ReadString('\n')
		ts.Check(err)
		s.said.WriteString(line)
	}
}

// sighup asks the workspace at $URL to load everything again.
func sighup(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(running(ts)[ts.Getenv("URL")].cmd.Process.Signal(syscall.SIGHUP))
}
