package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"clanker/router"
)

// TestMain lets the stories run this test binary as the clanker command, so that they are covered and race-checked.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"clanker": func() {
			os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, NewBuild("v1.2.3", "0123456789abcdef")))
		},
	})
}

var update = flag.Bool("update", false, "rewrite the expected output in the stories")

// TestScript tells the stories in testdata/script: what a person sees, one behaviour each. Beside the commands of
// testscript they have those below. No story sees this machine's kubeconfig or a cluster around it.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TERM", "xterm-256color")
			env.Values[runningKey{}] = map[string]*served{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": code, "terminal": terminal, "serve": serve, "post": post, "terminate": terminate, "valid": valid,
		},
	})
}

// code N COMMAND...: the command ends with exactly this exit code.
func code(ts *testscript.TestScript, _ bool, args []string) {
	got := exitCode(ts, ts.Exec(args[1], args[2:]...))
	if want, err := strconv.Atoi(args[0]); err != nil || want != got {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		ts.Check(err)
		return 0
	}
	return exit.ExitCode()
}

// terminal COMMAND...: runs the command on a terminal of 100 columns; stdout is all that it showed.
func terminal(ts *testscript.TestScript, _ bool, args []string) {
	cmd := command(ts, args)
	screen, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: 100})
	ts.Check(err)
	defer screen.Close()
	shown, _ := io.ReadAll(screen) // ends with EIO when the command does
	ts.Check(cmd.Wait())
	ts.Stdout().Write(shown)
}

func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	program, err := exec.LookPath(args[0])
	ts.Check(err)
	cmd := exec.Command(program, args[1:]...)
	for _, name := range []string{"HOME", "PATH", "TERM", "NO_COLOR", "KUBECONFIG", "GOCOVERDIR"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

// served is a workspace that a story started.
type served struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer // what it said after it said where it listens
	read   chan struct{} // closed when stderr is at its end
}

var listening = regexp.MustCompile(`http://127\.0\.0\.1:\d+/mcp`)

// serve ARGS...: starts clanker mcp on a free port, waits until it says where, and sets $URL and $ADDRESS.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	cmd := command(ts, append([]string{"clanker", "mcp", "--listen", "127.0.0.1:0"}, args...))
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	s := &served{cmd: cmd, stderr: &bytes.Buffer{}, read: make(chan struct{})}
	ts.Defer(func() { cmd.Process.Kill() })
	lines := bufio.NewReader(stderr)
	first, err := lines.ReadString('\n')
	ts.Check(err)
	url := listening.FindString(first)
	if url == "" {
		ts.Fatalf("clanker mcp said %q, not where it listens", first)
	}
	ts.Setenv("URL", url)
	ts.Setenv("ADDRESS", strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/mcp"))
	s.stderr.WriteString(first)
	go func() {
		defer close(s.read)
		io.Copy(s.stderr, lines)
	}()
	running(ts)[url] = s
}

// running holds the workspaces of a story by URL.
func running(ts *testscript.TestScript) map[string]*served {
	return ts.Value(runningKey{}).(map[string]*served)
}

type runningKey struct{}

// post FILE [URL]: posts the file to $URL or URL as JSON; stdout is the body of the answer.
func post(ts *testscript.TestScript, neg bool, args []string) {
	url := ts.Getenv("URL")
	if len(args) > 1 {
		url = args[1]
	}
	response, err := http.Post(url, "application/json", strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	ts.Stdout().Write(body)
	if neg == (response.StatusCode == http.StatusOK) {
		ts.Fatalf("status %s", response.Status)
	}
}

// terminate [SIGNAL]: asks the workspace at $URL to stop, waits until it did, and wants exit code 0; stderr is what it said.
func terminate(ts *testscript.TestScript, _ bool, args []string) {
	signal := syscall.SIGTERM
	if len(args) > 0 && args[0] == "INT" {
		signal = syscall.SIGINT
	}
	s := running(ts)[ts.Getenv("URL")]
	ts.Check(s.cmd.Process.Signal(signal))
	<-s.read
	ts.Check(s.cmd.Wait())
	ts.Stderr().Write(s.stderr.Bytes())
}

// valid FILE: the file is a valid clanker.answer/v1.
func valid(ts *testscript.TestScript, neg bool, args []string) {
	published, err := router.Schema()
	ts.Check(err)
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(published))
	ts.Check(err)
	compiler := jsonschema.NewCompiler()
	ts.Check(compiler.AddResource("answer.json", schema))
	compiled, err := compiler.Compile("answer.json")
	ts.Check(err)
	var answer any
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(decoder.Decode(&answer))
	if err := compiled.Validate(answer); (err == nil) == neg {
		ts.Fatalf("valid against the published schema: %v, error: %v", err == nil, err)
	}
}
