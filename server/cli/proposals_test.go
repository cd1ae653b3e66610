package cli

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/policies/approval"
)

func TestATerminalShowsTheMiddleOfALongWord(t *testing.T) {
	t.Parallel()
	line := approval.SafeLine("4", `{"spec":{"a":"`+strings.Repeat("x", 300)+`","privileged":true,"b":"`+strings.Repeat("y", 300)+`"}}`)
	assert.NotContains(t, line.Text, "privileged")
	var b strings.Builder
	writeLine(&b, line)
	assert.Contains(t, b.String(), `"privileged":true`)
}
