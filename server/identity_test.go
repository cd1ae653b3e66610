package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhoAsksIsLogged(t *testing.T) {
	ask := callBody("clanker_route_question", question)
	named := func(name string) string {
		return strings.Replace(initialize, `"name":"t"`, fmt.Sprintf(`"name":%q`, name), 1)
	}
	require.Contains(t, initialize, `"name":"t"`)
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"named":      {[]string{named("claude-code"), ask}, "client=claude-code"},
		"unnamed":    {[]string{ask}, "client=unknown"},
		"long":       {[]string{named(strings.Repeat("x", 1000)), ask}, "client=" + strings.Repeat("x", maxClient) + " "},
		"half":       {[]string{named("x" + strings.Repeat("é", 100)), ask}, "client=x" + strings.Repeat("é", 31) + " "},
		"line break": {[]string{named("a\nlevel=ERROR"), ask}, `client="a\nlevel=ERROR"`},
	} {
		t.Run(name, func(t *testing.T) {
			s, log := newServer(echo, oneConnection)
			talk(t, s, c.lines...)
			assert.Contains(t, log.String(), "msg=call answer=01J tool=clanker_route_question")
			assert.Contains(t, log.String(), c.want)
			assert.Contains(t, log.String(), "status=ok")
		})
	}
}
