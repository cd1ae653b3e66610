package cli

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTheCodeIsForPeople: an agent's program reads the standard error of what it started.
func TestTheCodeIsForPeople(t *testing.T) {
	t.Parallel()
	for _, led := range []bool{false, true} {
		var said bytes.Buffer
		h := &gatehouse{app: &app{led: led, stderr: &said, log: slog.New(slog.NewTextHandler(&said, nil))}}
		h.announce("abcd-efgh")
		assert.NotEqual(t, led, bytes.Contains(said.Bytes(), []byte("abcd")), "%v: %s", led, said.String())
	}
}
