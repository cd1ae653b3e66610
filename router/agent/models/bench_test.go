package models

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/router/agent/modeltest"
)

// BenchmarkAsk measures what a turn costs here: with the loopback and the scripted server, and without them.
func BenchmarkAsk(b *testing.B) {
	for _, ref := range everyone {
		b.Run(ref, func(b *testing.B) {
			server := modeltest.New(modeltest.Script{Turns: []modeltest.Turn{{Text: "Fine.", Calls: []modeltest.Call{{Tool: "pods", Arguments: `{"scope":"prod"}`}}, Repeat: true}}})
			m, _ := connect(b, "http://127.0.0.1:9")
			for name, p := range m.settings.Providers {
				p.URL = "http://127.0.0.1:9" + server.Base(name)
				m.settings.Providers[name] = p
			}
			var away time.Duration
			m.client = inProcess{server, &away}
			model, err := m.Open(b.Context(), ref)
			require.NoError(b, err)
			c := begun()
			for b.Loop() {
				reply, err := model.Ask(b.Context(), c, both, 500, nil)
				require.NoError(b, err)
				if len(c) < 60 {
					c.turn(reply, func(string) string { return strings.Repeat("a line of what was read\n", 80) })
				}
			}
			b.ReportMetric(float64((b.Elapsed()-away).Microseconds())/float64(b.N), "own-µs/op")
		})
	}
}

// inProcess answers without a network, and notes how long that takes.
type inProcess struct {
	server http.Handler
	away   *time.Duration
}

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	defer func() { *p.away += time.Since(began) }()
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	return w.Result(), nil
}
