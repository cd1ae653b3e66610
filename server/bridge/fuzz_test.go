package bridge

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/server"
)

// server0 is a client for workspaces.
func server0() *http.Client { return server.LocalClient() }

func FuzzLook(f *testing.F) {
	for _, line := range []string{hello, ready, ask(1), `{"id":null}`, `[]`, `x`, `{"params":[]}`} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		m := look(line)
		assert.False(t, m.request() && !m.answerable())
		value := headerValue(m.name())
		assert.False(t, strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }), value)
		assert.True(t, json.Valid(failure(m, assert.AnError)))
	})
}

func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("data: {}\n\n: x\r\nevent: y\ndata:a\ndata: b\r\n\r\ndata: cut"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		require.NoError(t, readEvents(bytes.NewReader(stream), func(data []byte) error {
			assert.NotEmpty(t, data)
			assert.Contains(t, string(stream), strings.Split(string(data), "\n")[0])
			return nil
		}))
	})
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(`{"url":"http://127.0.0.1:1/mcp","instance":"x","pid":1}`))
	f.Add([]byte(`{"url":"http://[::1]:1/mcp","instance":"x","started":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := parseRecord(text); err == nil {
			assert.True(t, strings.HasPrefix(strings.ToLower(r.URL), "http://"), r.URL)
		}
	})
}
