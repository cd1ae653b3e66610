package telemetry

import (
	"fmt"
	"os"
	"time"
)

// hasty writes to a file that may be a pipe whose reader no longer reads, as parents do that start a server and forget its
// log. It waits a second, once; then lines are lost, and counted, until there is room again: a log that nobody reads must
// not stop the workspace. The handler of the log writes one line at a time.
type hasty struct {
	to    *os.File
	gap   string // what is written, of the number of lines that are missing
	stuck bool
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
	if w.lost > 0 && writable(w.to, 0) {
		if _, err := fmt.Fprintf(w.to, w.gap, w.lost); err != nil {
			return 0, err
		}
		w.stuck, w.lost = false, 0
	}
	for rest := line; len(rest) > 0; {
		n := min(len(rest), piece)
		if !w.ready() {
			w.lost++
			return len(line), nil
		}
		if _, err := w.to.Write(rest[:n]); err != nil {
			return 0, err
		}
		rest = rest[n:]
	}
	return len(line), nil
}

func (w *hasty) ready() bool {
	wait := time.Second
	if w.stuck {
		wait = 0
	}
	w.stuck = !writable(w.to, wait)
	return !w.stuck
}
