package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

// propose ARGV...: sends a command to the workspace at $URL as an agent does; stdout is what the agent reads, and $ID and $PHRASE
// are those of the proposal. With ! it must be refused.
func propose(ts *testscript.TestScript, neg bool, args []string) {
	runCommand(ts, neg, map[string]any{"argv": args, "reason": "the story needs it"})
}

// outcome [ID]: reads the proposal $ID, or another one, as an agent does.
func outcome(ts *testscript.TestScript, neg bool, args []string) {
	runCommand(ts, neg, map[string]any{"proposalId": append(args, ts.Getenv("ID"))[0]})
}

func runCommand(ts *testscript.TestScript, neg bool, arguments map[string]any) {
	call, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
		"params": map[string]any{"name": "clanker_run_command", "arguments": arguments}})
	ts.Check(err)
	response, err := http.Post(ts.Getenv("URL"), "application/json", bytes.NewReader(call))
	ts.Check(err)
	defer response.Body.Close()
	var answer struct {
		Result struct {
			IsError           bool
			Content           []struct{ Text string }
			StructuredContent struct{ ProposalID, Phrase string }
		}
	}
	ts.Check(json.NewDecoder(response.Body).Decode(&answer))
	for _, content := range answer.Result.Content {
		fmt.Fprintln(ts.Stdout(), content.Text)
	}
	if neg != answer.Result.IsError {
		ts.Fatalf("refused: %v: %v", answer.Result.IsError, answer.Result.Content)
	}
	if made := answer.Result.StructuredContent; made.ProposalID != "" {
		ts.Setenv("ID", made.ProposalID)
		ts.Setenv("PHRASE", made.Phrase)
	}
}

// keep NAME REGEXP: keeps the first group of what the last command wrote to stdout as $NAME; with -heard, of what the
// workspace at $URL has said so far.
func keep(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	if args[0] == "-heard" {
		args, text = args[1:], running(ts)[ts.Getenv("URL")].said.String()
	}
	found := regexp.MustCompile("(?m)"+args[1]).FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		ts.Fatalf("nothing in it is like %q:\n%s", args[1], text)
	}
	ts.Setenv(args[0], found[len(found)-1][1])
}
