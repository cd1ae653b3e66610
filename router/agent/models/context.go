package models

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Context is how many tokens the model takes, in and out, where only its server knows; 0 where it does not say. Ollama alone is asked: it
// gives a model far fewer than that could take, and cuts what is longer without a word, the question first. It knows as soon as the
// model has answered once.
func (m *Model) Context(ctx context.Context) int {
	if m.context == nil {
		return 0
	}
	return m.context(ctx)
}

// FixContext is what to do where there is more than a model, PROVIDER/MODEL, takes.
func FixContext(name string) string {
	const fix = "ask for less at once, or choose a model with a larger context"
	if strings.HasPrefix(name, ollama+"/") {
		return "give Ollama's models a larger context (OLLAMA_CONTEXT_LENGTH=32768 ollama serve), " + fix
	}
	return fix
}

// given is how many tokens Ollama gives a model that it runs; 0 where it does not say, as others that speak like it do not.
func (m *Models) given(ctx context.Context, at endpoint, model string) int {
	ctx, done := context.WithTimeout(ctx, 2*time.Second)
	defer done()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.url("/api/ps"), nil)
	if err != nil {
		return 0
	}
	response, err := (&transport{next: m.client, at: at, model: model, now: m.now}).RoundTrip(r)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	var running struct {
		Models []struct {
			Name   string `json:"name"`
			Tokens int    `json:"context_length"`
		} `json:"models"`
	}
	if json.NewDecoder(response.Body).Decode(&running) != nil {
		return 0
	}
	for _, one := range running.Models {
		if one.Name == model || one.Name == model+":latest" {
			return min(max(one.Tokens, 0), MostTokens)
		}
	}
	return 0
}
