package models

import "strings"

// contextOf is how many tokens a model takes at least, as its vendor said by 2026-11; 0 where that is unknown, as of what runs in an
// Ollama, which decides that itself.
func contextOf(provider, model string) int {
	for _, c := range []struct {
		provider, prefix string // the first that fits counts
		tokens           int
	}{
		{"anthropic", "claude-", 200_000},
		{"cohere", "command-a", 256_000},
		{"cohere", "command-r", 128_000},
		{google, "gemini-", 1_048_576},
		{"openai", "gpt-5", 400_000},
		{"openai", "gpt-4.1", 1_047_576},
		{"openai", "gpt-4o", 128_000},
		{"openai", "o3", 200_000},
		{"openai", "o4", 200_000},
	} {
		if provider == c.provider && strings.HasPrefix(model, c.prefix) {
			return c.tokens
		}
	}
	return 0
}
