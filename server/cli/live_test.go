package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hear REGEXP: waits until the workspace at $URL writes a line to stderr that matches. One that does not within a while is
// killed, which ends the story; with the race detector, a folder of intents takes long to learn.
func hear(ts *testscript.TestScript, _ bool, args []string) {
	s, wanted := running(ts)[ts.Getenv("URL")], regexp.MustCompile(args[0])
	patience := time.AfterFunc(10*time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer patience.Stop()
	for line := ""; !wanted.MatchString(line); {
		var err error
		if line, err = s.stderr.ReadString('\n'); err != nil {
			ts.Fatalf("%q was not heard; this was:\n%s", args[0], s.said.String())
		}
		s.said.WriteString(line)
	}
}

// sighup asks the workspace at $URL to load everything again.
func sighup(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Check(running(ts)[ts.Getenv("URL")].cmd.Process.Signal(syscall.SIGHUP))
}

// get PATH: reads it from the workspace at $ADDRESS, with the token in $TOKEN if there is one; stdout is the body.
func get(ts *testscript.TestScript, neg bool, args []string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+ts.Getenv("ADDRESS")+args[0], nil)
	ts.Check(err)
	if token := ts.Getenv("TOKEN"); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), string(body))
	if neg == (response.StatusCode == http.StatusOK) {
		ts.Fatalf("status %s", response.Status)
	}
}

// add FILE TEXT: appends a line to the file, as an editor that does not rename would.
func add(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	_, err = file.WriteString(args[1] + "\n")
	ts.Check(errors.Join(err, file.Close()))
}
