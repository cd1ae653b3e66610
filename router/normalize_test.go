package router

import (
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/intents"
)

// tinyVocabulary is enough for the tests of the matcher's own rules.
const tinyVocabulary = `
concepts:
  healthy: [healthy, ok, up and running]
  unhealthy: [unhealthy, down, broken]
  show: [show, list, give me, search]
  serving: [services, apps]
  logs: [logs, log lines]
kinds: {pod: [pod, pods, po], deployment: [deployment, deployments, deploy], service: [service], volumeclaim: [persistent volume claims, pvc], node: [node, nodes], namespace: [namespace, namespaces], cache: [cache], job: [job]}
providerKinds: {digitalocean: {instance: [droplet, droplets]}}
providers: {aws: [aws, amazon web services], hetzner: [hetzner], kubernetes: [kubernetes, k8s]}
fillers: [please, can you, tell me, the, a, my, just, right now]
stopwords: [it]
nouns: [search]
`

const tinyIntents = `
- id: health.services
  topic: health
  description: Services that are not healthy.
  examples: [are all services in production healthy]
  patterns: ["(are|is) [all] @serving @healthy", "which @serving are @unhealthy", "is everything @healthy"]
  action: list
  answer: x
- id: health.of
  topic: health
  description: Whether one service is healthy.
  examples: [is checkout-api healthy]
  patterns: ["is {service} (@healthy|@unhealthy)", "is [it] @unhealthy"]
  needs: service
  action: list
  query: {name: "{service}"}
  answer: x
- id: inventory.list
  topic: inventory
  description: Things of a kind.
  examples: [show all pods in web]
  patterns: ["[@show] [all] {kind}", "how many {kind}"]
  action: list
  query: {kinds: ["{kind}"]}
  answer: x
- id: metrics.memory
  topic: metrics
  description: Pods above a share of their memory limit.
  examples: [pods using more than 80% memory]
  patterns: ["{kind} using more than {percent} memory", "top {count} {kind} by memory"]
  slots: {count: {default: 5}}
  action: metrics
  answer: x
- id: logs.of
  topic: logs
  description: What one workload wrote.
  examples: [logs of web-0 in the last hour, show me what the rabbitmq said yesterday evening]
  patterns: ["[@show] [last {count} lines of] @logs (of|for|from) {service}", "[@show] @logs", "find {text} in @logs of {service}"]
  needs: service
  action: logs
  query: {name: "{service}", log: {tail: "{count}", grep: "{text}"}}
  answer: x
`

func tinyMatcher(t testing.TB) *Matcher { return matcherOf(t, tinyIntents) }

func matcherOf(t testing.TB, text string) *Matcher {
	t.Helper()
	c, err := intents.Load(fstest.MapFS{"tiny.yaml": {Data: []byte(text)}, "vocabulary.yaml": {Data: []byte(tinyVocabulary)}})
	require.NoError(t, err)
	m, err := NewMatcher(c)
	require.NoError(t, err)
	return m
}

func TestTokenize(t *testing.T) {
	lex := tinyMatcher(t).lex
	tests := []struct{ text, want string }{
		{"Are all services in production healthy?", "are all services in production healthy"},
		{"what's wrong, isn't it?!", "what is wrong is not it"},
		{"whats up with my pods? dont know", "what is up with my pods do not know"},
		{"checkout-api's logs; they're fine", "checkout-api logs they are fine"},
		{"can't won't cannot", "can not will not can not"},
		{"app.kubernetes.io/name 10.0.0.1 v1.4.2 2025-08-02 13:45 80%", "app.kubernetes.io/name 10.0.0.1 v1.4.2 2025-08-02 13:45 80%"},
		{"deployment/app and rg/app", "deployment <app> and rg/app"},
		{"logs of 'bad pod' in \"Web\" `x-1`", "logs of <bad pod> in <web> <x-1>"},
		{"the pods' logs aren't 'quoted", "the pods logs are not quoted"},
		{"memory >80% and cpu <= 2", "memory more than 80% and cpu at most 2"},
		{"R&D (all of it) ... --namespace web", "r and d all of it namespace web"},
		{"ＦＵＬＬ ｗｉｄｔｈ", "full width"},
		{"po\u200bds\u202e in\u00a0web", "pods in web"},
		{"what’s “up”", "what is <up>"},
		{"a\x00b\xffc", "abc"},
		{"приве́т 世界", "приве́т 世界"},
		{"  \t\n ", ""},
		{"''\"\"", ""},
	}
	for _, test := range tests {
		text, ok := clean(test.text)
		require.True(t, ok)
		assert.Equal(t, test.want, spellTokens(lex.tokenize(text, nil)), test.text)
	}
}

func spellTokens(tokens []token) string {
	words := make([]string, len(tokens))
	for i, token := range tokens {
		if words[i] = token.text; token.quoted {
			words[i] = "<" + token.text + ">"
		}
	}
	return strings.Join(words, " ")
}

func TestTooLong(t *testing.T) {
	for _, text := range []string{strings.Repeat("a", 2001), strings.Repeat("ﷺ", 600), strings.Repeat("a ", 5000)} {
		_, ok := clean(text)
		assert.False(t, ok)
	}
}

func FuzzNormalize(f *testing.F) {
	for _, text := range []string{"what's up", "deployment/app", "'a b' \"c", "80% > 3", "\u202eevil\xff", "ﷺ", "a''b'", "@@@", "%%", "5%%", "n't", "ca'nt lsit pods, is'nt ok"} {
		f.Add(text)
	}
	m := tinyMatcher(f)
	f.Fuzz(func(t *testing.T, text string) {
		cleaned, ok := clean(text)
		if !ok {
			return
		}
		for _, token := range m.lex.tokenize(cleaned, nil) {
			assert.NotEmpty(t, token.text)
			assert.True(t, utf8.ValidString(token.text))
		}
		names := generatedNames(20)
		assert.Equal(t, m.Match(text, names), m.Match(text, names))
	})
}
