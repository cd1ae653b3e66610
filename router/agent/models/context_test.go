package models

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Ollama says how much it gives to the models that it runs; whoever else is reached as ollama says nothing, which is no failure.
func TestContextIsWhatOllamaGives(t *testing.T) {
	const running = `{"models":[{"name":"other:latest","context_length":2048},{"name":"gemma4:latest","context_length":4096},{"name":"gemma4:31b","context_length":32768},{"name":"huge:latest","context_length":99999999999}]}`
	for _, c := range []struct {
		ref, said string
		status    int
		want      int
	}{
		{ref: "ollama/gemma4", said: running, want: 4096},
		{ref: "ollama/gemma4:latest", said: running, want: 4096},
		{ref: "ollama/gemma4:31b", said: running, want: 32768},
		{ref: "ollama/huge", said: running, want: MostTokens},
		{ref: "ollama/gemma", said: running},
		{ref: "ollama/gemma4", said: `{"models":null}`},
		{ref: "ollama/gemma4", said: `{"models":[{"name":"gemma4:latest","context_length":-1}]}`},
		{ref: "ollama/gemma4", said: `{"models":`},
		{ref: "ollama/gemma4", said: running, status: http.StatusNotFound},
		{ref: "openai/gemma4", said: running},
	} {
		t.Run(fmt.Sprint(c.ref, c.said, c.status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "GET /api/ps", r.Method+" "+r.URL.Path)
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				fmt.Fprint(w, c.said)
			}))
			defer server.Close()
			models, err := New(Settings{Providers: map[string]Provider{"ollama": {URL: server.URL + "/v1"}, "openai": {URL: server.URL}}})
			require.NoError(t, err)
			model, err := models.Open(t.Context(), c.ref)
			require.NoError(t, err)
			assert.Equal(t, c.want, model.Context(t.Context()))
		})
	}
}
