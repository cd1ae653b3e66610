package cli

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// talk is a process on stdio that a story started.
type talk struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr strings.Builder
}

type talkKey struct{}

// converse ARGS...: starts clanker mcp --transport stdio, to be talked to.
func converse(ts *testscript.TestScript, _ bool, args []string) {
	c := ts.Value(talkKey{}).(*talk)
	*c = talk{}
	c.cmd = command(ts, append([]string{"clanker", "mcp", "--transport", "stdio"}, args...))
	c.cmd.Stderr = &c.stderr
	var err error
	c.in, err = c.cmd.StdinPipe()
	ts.Check(err)
	stdout, err := c.cmd.StdoutPipe()
	ts.Check(err)
	c.out = bufio.NewReader(stdout)
	ts.Check(c.cmd.Start())
	ts.Defer(func() { _ = c.cmd.Process.Kill() })
}

// say FILE: sends the lines of the file; stdout is one line that comes back.
func say(ts *testscript.TestScript, _ bool, args []string) {
	c := ts.Value(talkKey{}).(*talk)
	_, err := io.WriteString(c.in, ts.ReadFile(args[0]))
	ts.Check(err)
	line, err := c.out.ReadString('\n')
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), line)
}

// hangup: ends the input and waits for the end; stdout is what was still said, stderr all that was logged.
func hangup(ts *testscript.TestScript, _ bool, _ []string) {
	c := ts.Value(talkKey{}).(*talk)
	ts.Check(c.in.Close())
	rest, err := io.ReadAll(c.out)
	ts.Check(err)
	ts.Check(c.cmd.Wait())
	fmt.Fprint(ts.Stdout(), string(rest))
	fmt.Fprint(ts.Stderr(), c.stderr.String())
}

// crash TEXT: waits until the workspace at $URL has logged a line with the text, and ends it as kill -9 does; stderr is that
// line.
func crash(ts *testscript.TestScript, _ bool, args []string) {
	s := running(ts)[ts.Getenv("URL")]
	line := ""
	for !strings.Contains(line, args[0]) {
		var err error
		line, err = s.stderr.ReadString('\n')
		ts.Check(err)
	}
	fmt.Fprint(ts.Stderr(), line)
	ts.Check(s.cmd.Process.Kill())
	_ = s.cmd.Wait() // it was killed
}
