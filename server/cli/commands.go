package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"clanker/adapters"
)

// classified is one line of "clanker commands classify".
type classified struct {
	Class string `json:"class"` // read, sensitive_read, write, destroy; deny: it cannot be proposed
	Why   string `json:"why"`
}

func (a *app) commandsCommand() *cobra.Command {
	return group(&cobra.Command{Use: "commands", Short: "Show what the gate thinks of commands, without running any"}, a.classifyCommand())
}

func (a *app) classifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "classify",
		Short: "Say how far commands go: read, sensitive_read, write, destroy or deny",
		Long: "Read commands from stdin, one {\"argv\": [\"kubectl\", \"get\", \"pods\"]} on each line, and print {\"class\", \"why\"} for each.\n" +
			"Nothing is run and nothing is asked. Only class read may be allowed by policy; sensitive_read, write and destroy need a\n" +
			"person, and deny cannot be proposed at all.",
		Example: `  echo '{"argv": ["kubectl", "delete", "pvc", "data-0"]}' | clanker commands classify
  clanker commands classify < commands.jsonl > classes.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return a.classifyLines() },
	}
}

// classifyLines answers each line of stdin as it comes. A line may be of any length; one that is not understood is denied.
func (a *app) classifyLines() error {
	if isTerminal(a.stdin) {
		a.say("one {\"argv\": [...]} per line; ctrl-D ends\n")
	}
	lines := bufio.NewReader(a.stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			if err := writeJSON(a.stdout, classify(line), ""); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read commands from stdin: %w", err)
		}
	}
}

func classify(line []byte) classified {
	argv, err := readArgv(line)
	if err != nil {
		return classified{"deny", fmt.Sprintf("the line is not {\"argv\": [...]}: %v", err)}
	}
	c, err := adapters.ParseCommand(argv)
	if err != nil {
		return classified{"deny", err.Error()}
	}
	return classified{string(c.Class), c.Why}
}

// readArgv reads the argv of a line. Other keys are left alone, so that labelled lines can be read as they are.
func readArgv(line []byte) ([]string, error) {
	var command struct {
		Argv *[]string `json:"argv"`
	}
	if !utf8.Valid(line) {
		return nil, errors.New("it is not valid UTF-8")
	}
	if err := json.Unmarshal(line, &command); err != nil {
		return nil, err
	}
	if command.Argv == nil {
		return nil, errors.New("there is no argv")
	}
	return *command.Argv, nil
}
