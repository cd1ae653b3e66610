package command

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"clanker/adapters"
)

// stream reads what a program writes to one of its streams, and keeps and tells it redacted.
type stream struct {
	name    string
	pipe    *os.File
	raw     io.Writer // gets all as it is, and then nothing is kept
	room    int       // how much may still be kept, bytes
	secrets *strings.Replacer
	tell    func(adapters.Output)

	line    []byte // what came since the last line's end
	held    string // lines with a secret that may go on in the next
	kept    strings.Builder
	dropped int // bytes that were not kept
	masked  int // secrets
}

// read reads to the end of the stream.
func (s *stream) read() {
	defer func() { _ = s.pipe.Close() }()
	var to io.Writer = s
	if s.raw != nil {
		to = struct{ io.Writer }{s.raw} // only its Write: it may have limits there
	}
	_, err := io.Copy(to, s.pipe)
	if s.raw != nil && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		_, _ = io.Copy(io.Discard, s.pipe) // whoever asked for it does not want more; the program must not hang on it
		s.dropped++
	}
	if len(s.line) > 0 {
		s.add(string(s.line))
	}
	s.flush(true)
}

// Write takes a piece, and cuts it into lines. A line that does not fit is dropped whole, and with it all that follows: a
// part of it could end within a secret.
func (s *stream) Write(piece []byte) (int, error) {
	total := len(piece)
	for len(piece) > 0 {
		end := bytes.IndexByte(piece, '\n') + 1
		part := piece[:cmp.Or(end, len(piece))]
		piece = piece[len(part):]
		if s.dropped > 0 || len(part) > s.room {
			s.dropped += len(s.line) + len(part)
			s.line = nil
			continue
		}
		s.room -= len(part)
		if s.line = append(s.line, part...); end > 0 {
			s.add(string(s.line))
			s.line = s.line[:0]
		}
	}
	return total, nil
}

// add takes a line, and lets go of what is held unless a secret in it goes on.
func (s *stream) add(line string) {
	s.held += strings.ToValidUTF8(line, "\uFFFD")
	if open := s.open(); !open || len(s.held) > longestHeld {
		s.flush(open)
	}
}

// longestHeld is the most that one secret may be, in bytes; the longest private keys in use are two thirds of it.
const longestHeld = 8 << 10

// closers are what ends a value of several lines.
var closers = [...]string{`"`, "'", "]", "}"}

// open reports whether a secret that begins in what is held may go on in what follows it: whether it would be masked
// differently with something behind it.
func (s *stream) open() bool {
	clean := s.clean(s.held)
	const word = "abcdefghijklmnopqrstuvwx"
	for _, closer := range closers {
		if next := word + closer + "\n"; s.clean(s.held+next) != clean+next {
			return true
		}
	}
	for _, next := range [...]string{word + "\n", "value: " + word + "\n"} { // of a variable the name and the value are two lines
		if s.clean(s.held+next) != clean+next {
			return true
		}
	}
	return false
}

// flush keeps and tells what is held. A value that is still open is masked as if it ended here.
func (s *stream) flush(open bool) {
	if s.held == "" {
		return
	}
	clean := s.clean(s.held)
	for _, closer := range closers {
		if closed := s.clean(s.held + closer); open && closed != clean+closer {
			clean = closed + "\n"
			break
		}
	}
	s.masked += max(0, strings.Count(clean, adapters.Redacted)-strings.Count(s.held, adapters.Redacted))
	s.held = ""
	s.kept.WriteString(clean)
	s.tell(adapters.Output{Stream: s.name, Text: clean})
}

func (s *stream) clean(text string) string { return adapters.RedactText(s.secrets.Replace(text)) }

// text is what was kept, and how much was not.
func (s *stream) text() string {
	if s.dropped > 0 && s.raw == nil {
		fmt.Fprintf(&s.kept, "[%d more bytes were not kept]\n", s.dropped)
	}
	return s.kept.String()
}

// shortestSecret is the length, in bytes, from which on a value is masked: what is shorter is found in too many words.
const shortestSecret = 6

// masks replaces secret values, each line of them by itself, the longest first.
func masks(secrets []string) *strings.Replacer {
	var values []string
	for _, secret := range secrets {
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) >= shortestSecret {
				values = append(values, line)
			}
		}
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, value := range slices.Compact(values) {
		pairs = append(pairs, value, adapters.Redacted)
	}
	return strings.NewReplacer(pairs...)
}
