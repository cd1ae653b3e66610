package telemetry

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// hasty writes to a file that may be a pipe whose reader no longer reads, as parents do that start a server and forget its
// log. It waits a second, once; then lines are lost, and counted, until there is room again: a log that nobody reads must
// not stop the workspace. A line that is begun is ended before the next. The handler of the log writes one line at a time.
type hasty struct {
	to    *os.File
	gap   string // what is written, of the number of lines that are missing
	rest  []byte // of the line that is being written
	stuck bool   // since the last line that was written
	lost  int
}

// gap says in a format that so many lines are missing.
func gap(f Format) string {
	if f == JSON {
		return `{"level":"WARN","msg":"the log was not read","lost":%d}` + "\n"
	}
	return "level=WARN msg=\"the log was not read\" lost=%d\n"
}

func (w *hasty) Write(line []byte) (int, error) {
	err := w.flush()
	if err == nil && len(w.rest) == 0 && w.lost > 0 {
		w.rest, w.lost = fmt.Appendf(nil, w.gap, w.lost), 0
		err = w.flush()
	}
	if err != nil || len(w.rest) > 0 {
		w.lost++
		return len(line), err
	}
	w.rest, w.stuck = line, false
	err = w.flush()
	w.rest = bytes.Clone(w.rest) // the line is the caller's
	return len(line), err
}

// flush writes as much as there is room for.
func (w *hasty) flush() error {
	for len(w.rest) > 0 && w.ready() {
		n, err := write(w.to, w.rest[:min(len(w.rest), piece)])
		if err != nil {
			return fmt.Errorf("write to the log: %w", err)
		}
		w.rest = w.rest[n:]
	}
	return nil
}

func (w *hasty) ready() bool {
	wait := time.Second
	if w.stuck {
		wait = 0
	}
	ready := writable(w.to, wait)
	w.stuck = w.stuck || !ready
	return ready
}
