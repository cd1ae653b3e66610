package adapters_test

import (
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

func TestNoise(t *testing.T) {
	t.Parallel()
	for _, field := range []string{"restarts", "age", "age_days", "key_age", "observed_generation", "heartbeat_time", "last_heartbeat_time",
		"label.pod-template-hash", "label.controller-revision-hash", "metrics"} {
		assert.True(t, adapters.Noise(field), field)
	}
	for _, field := range []string{"image", "storage", "replicas", "ready", "health", "resource", "restarted_at", "revision", "label.age", "env.AGE", "last_modified", ""} {
		assert.False(t, adapters.Noise(field), field)
	}
}

func TestNoiseMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, field string
		want           bool
	}{
		{"ready", "ready", true}, {"ready", "already", false}, {"label.*", "label.team/x", true}, {"*", "", true}, {"", "image", false},
		{"a*b*c", "abc", true}, {"a*b*c", "acb", false}, {"*hash*", "a-hash-b", true}, {"aa*a", "aa", false}, {"a*aa", "aaa", true}, {"a**b", "ab", true},
	} {
		assert.Equal(t, c.want, adapters.Noise(c.field, "other", c.pattern), "%s %s", c.pattern, c.field)
	}
}

// A glob is what a glob of the standard library is, where that has the same alphabet.
func FuzzNoise(f *testing.F) {
	f.Add("a*b", "axb")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if strings.ContainsAny(pattern, `?[]\/`) || strings.Contains(text, "/") || adapters.Noise(text) {
			return
		}
		want, err := path.Match(pattern, text)
		assert.NoError(t, err)
		assert.Equal(t, want, adapters.Noise(text, pattern))
	})
}
