package bridge

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkCall compares a question asked over HTTP, on a connection that is kept and on one of its own, with the same
// asked over stdio and handed over.
func BenchmarkCall(b *testing.B) {
	w := start(b, "one", "")
	over := func(client *http.Client) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				r, err := client.Post(w.URL+"/mcp", jsonMedia, strings.NewReader(ask(1)))
				require.NoError(b, err)
				_, err = io.ReadAll(r.Body)
				require.NoError(b, err)
				require.NoError(b, r.Body.Close())
			}
		}
	}
	b.Run("http-kept", over(&http.Client{Transport: &http.Transport{}}))
	b.Run("http-own", over(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}))
	b.Run("bridged", func(b *testing.B) {
		c := begin(b, placeOf(b, w), "")
		c.open()
		b.ResetTimer()
		for b.Loop() {
			c.send(ask(1))
			c.next()
		}
		c.end()
	})
}
