package router

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestRepair asks misspelt questions: they go where the well spelt ones go, and say what was read differently.
//
//nolint:misspell // on purpose
func TestRepair(t *testing.T) {
	m := defaultMatcher(t)
	for _, test := range []struct{ question, meant, notes string }{
		{"list crashng pods", "list crashing pods", `read "crashng" as crashing`},
		{"nodse not ready", "nodes not ready", `read "nodse" as nodes`},
		{"wht's down", "what's down", `read "wht" as what`},
		{"wich pods are down", "which pods are down", `read "wich" as which`},
		{"Shwo all pods", "show all pods", `read "Shwo" as show`},
		{"lsit pods", "list pods", `read "lsit" as list`},
		{"are all podss running", "are all pods running", `read "podss" as pods`},
		{"pods in prodution", "pods in production", `read "prodution" as production`},
		{"what changed yesteray", "what changed yesterday", `read "yesteray" as yesterday`},
		{"what chnaged in the last 3 huors", "what changed in the last 3 hours", `read "chnaged" as changed; read "huors" as hours`},
		{"which deplyoments chnaged today", "which deployments changed today", `read "deplyoments" as deployments; read "chnaged" as changed`},
		// a "not" is neither lost nor invented
		{"pods nto running", "pods not running", `read "nto" as not`},
		{"pods witout limits", "pods without limits", `read "witout" as without`},
		{"list pods nevr restarted", "list pods never restarted", `read "nevr" as never`},
		{"pods excpet in staging", "pods except in staging", `read "excpet" as except`},
		{"is'nt checkout-api healthy", "isn't checkout-api healthy", ""},
		{"are't all pods running", "aren't all pods running", ""},
		{"n't healthy", "not healthy", ""},
		{"doenst checkout-api run", "doesn't checkout-api run", `read "doenst" as doesnt`},
		// what must not be done is not done by mistake
		{"delet pods", "delete pods", `read "delet" as delete`},
		{"restrat the checkout-api pods", "restart the checkout-api pods", `read "restrat" as restart`},
	} {
		got, want := m.Match(test.question, seenNames()), m.Match(test.meant, seenNames())
		assert.Equal(t, test.notes, strings.Join(got.Notes, "; "), test.question)
		got.Notes, want.Notes = nil, nil
		assert.Equal(t, spellMatch(want), spellMatch(got), test.question)
	}
}

// TestRepairLeaves asks for things that may well be called as they are written.
func TestRepairLeaves(t *testing.T) {
	m := defaultMatcher(t)
	for question, want := range map[string]string{
		"logs of deployment crashng":       "logs.of service=crashng",
		"logs of the pod named crashng":    "logs.of service=crashng",
		"is the 'crashng' service healthy": "health.of service=crashng",
		"is crashng-api healthy":           "health.of service=crashng-api",
		"pods in namespace defaul":         "inventory.list kind=pod namespace=defaul",
		"logs of deploymnt":                "logs.of service=deploymnt", // seen
		"is helth healthy":                 "health.of service=helth-api; read \"helth\" as helth-api",
		"is rabbitmq healthy":              "health.of service=rabbitmq",
	} {
		names := adapters.NewNames([]adapters.Name{{Name: "deploymnt", Kind: adapters.KindService}, {Name: "helth-api", Kind: adapters.KindService}})
		assert.Equal(t, want, spellMatch(m.Match(question, names)), question)
	}
}

func TestRepairIsNoGuess(t *testing.T) {
	lex := defaultMatcher(t).lex
	for _, word := range []string{
		"notes", "posts", "pots", "codes", "models", "polls", "puzzles", "clutter", "clashing", "cashing", "crushing", "crate", "creases",
		"tables", "scared", "stale", "statue", "vents", "hoists", "leaps", "faults", "falling", "filing", "ruining", "crowns", "stories",
		"trail", "casual", "alters", "reserve", "commits", "evicts", "remote", "expert", "massage", "demon", "lodging", "rolls", // words
		"thanos", "containerd", "readyz", "nodejs", "kafka", "grafana", "redis", "vault", // names
		"xrashing", "hervices", "rashing", // the first letter is right
		"crshng", "dployments2", "node-s", "pds", "podz", // two slips, digits, too short
	} {
		assert.Empty(t, lex.spelling.meant(lex, word), word)
	}
	assert.Equal(t, "nodes", lex.spelling.meant(lex, "ndoes"))
}

func TestWordsAreSorted(t *testing.T) {
	words := strings.Fields(english)
	require.Greater(t, len(words), 10_000)
	assert.True(t, slices.IsSorted(words))
	assert.Len(t, slices.Compact(slices.Clone(words)), len(words))
	assert.Equal(t, -1, slices.IndexFunc(words, func(word string) bool { return !allLetters(word) }))
}

// TestRepairCostsNothing holds what a question without a slip pays for it.
func TestRepairCostsNothing(t *testing.T) {
	lex := defaultMatcher(t).lex
	for _, word := range []string{"rabbitmq", "checkout-api", "frobnicate", "notes"} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { lex.spelling.meant(lex, word) }), word)
	}
}

func BenchmarkRepair(b *testing.B) {
	lex := defaultMatcher(b).lex
	for _, word := range []string{"rabbitmq", "crashng"} {
		b.Run(word, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				lex.spelling.meant(lex, word)
			}
		})
	}
}
