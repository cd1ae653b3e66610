package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// reaction is the command of --on-change.
type reaction struct {
	argv   []string
	stderr io.Writer
}

// newReaction reads the command; nil for none. Whether the program is there is seen now, and not when it is needed.
func newReaction(command string, stderr io.Writer) (*reaction, error) {
	if command == "" {
		return nil, nil
	}
	argv, err := words(command)
	if err == nil && len(argv) == 0 {
		err = errors.New("it has no words")
	}
	if err == nil {
		_, err = exec.LookPath(argv[0])
	}
	if err != nil {
		return nil, usage("", "--on-change %q: %w", command, err)
	}
	return &reaction{argv, stderr}, nil
}

// run runs the command with the change on its stdin, until it ends or ctx does.
func (r *reaction) run(ctx context.Context, e event) error {
	var change bytes.Buffer
	if err := writeJSON(&change, e, ""); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, r.argv[0], r.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &change, r.stderr, r.stderr
	cmd.Env = append(os.Environ(), "CLANKER_QUESTION="+e.Question, "CLANKER_ANSWER_ID="+e.AnswerID, "CLANKER_STATUS="+string(e.Status),
		"CLANKER_VERDICT="+string(e.Verdict), fmt.Sprintf("CLANKER_CHANGED=%d", max(1, e.changes())))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", r.argv[0], err)
	}
	return nil
}

// shellOnly are the characters that mean more to a shell than themselves, where they are not quoted.
const shellOnly = "|&;<>()$`*?[]{}~#!\n"

// words splits a command as a shell does. What a shell would make more of than words is an error.
func words(command string) (found []string, err error) {
	for rest := strings.TrimLeft(command, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var word string
		if word, rest, err = firstWord(rest); err != nil {
			return nil, err
		}
		found = append(found, word)
	}
	return found, nil
}

func firstWord(text string) (word, rest string, err error) {
	var w strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || c == '\t':
			return w.String(), text[i:], nil
		case c == '\'':
			quoted, _, closed := strings.Cut(text[i+1:], "'")
			if !closed {
				return "", "", errQuote
			}
			w.WriteString(quoted)
			i += len(quoted) + 1
		case c == '"':
			n, err := quoted(&w, text[i+1:])
			if err != nil {
				return "", "", err
			}
			i += n
		case c == '\\' && i+1 < len(text) && text[i+1] != '\n':
			i++
			w.WriteByte(text[i])
		case c == '\\' || strings.IndexByte(shellOnly, c) >= 0:
			return "", "", fmt.Errorf("no shell runs it, and %q is for one: quote it, or write sh -c '...'", c)
		default:
			w.WriteByte(c)
		}
	}
	return w.String(), "", nil
}

var errQuote = errors.New("a quote is not closed")

// quoted writes what stands between double quotes, and returns how long that is with the one that closes.
func quoted(w *strings.Builder, text string) (int, error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '$' || c == '`' || strings.HasPrefix(text[i:], "\\\n"):
			return 0, fmt.Errorf("no shell runs it, and %q is for one: write it between '...', or write sh -c '...'", c)
		case c == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`", text[i+1]) >= 0:
			i++
			w.WriteByte(text[i])
		default:
			w.WriteByte(c)
		}
	}
	return 0, errQuote
}
