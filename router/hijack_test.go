package router

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// Whoever may create a deployment chooses its name: one called like a word of the question must not take the question over.
func TestNamesThatAreWordsTakeNoQuestionOver(t *testing.T) {
	var named []adapters.Name
	for _, name := range []string{"production", "all", "the", "pods", "cluster", "everything", "healthy", "services", "is"} {
		named = append(named, adapters.Name{Name: name, Kind: adapters.KindDeployment, Provider: "kubernetes"})
	}
	m := defaultMatcher(t)
	for _, question := range []string{
		"is production healthy?", "are all pods healthy?", "is the cluster healthy?", "is everything healthy?", "are all services healthy?",
		"Are all services in production healthy?",
	} {
		honest, hijacked := m.Match(question, adapters.Names{}), m.Match(question, adapters.NewNames(named))
		require.Equal(t, Hit, honest.Outcome, question)
		if hijacked.Outcome != Hit {
			continue // asked back, which is safe
		}
		assert.Equal(t, honest.Hits[0].Intent.ID, hijacked.Hits[0].Intent.ID, question)
		assert.Equal(t, honest.Hits[0].Slots, hijacked.Hits[0].Slots, question)
	}
}

// A service that really is called like a word of the language is found where the question makes it a name.
func TestServicesCalledLikeWordsAreFoundWhereTheyAreMeant(t *testing.T) {
	names := adapters.NewNames([]adapters.Name{
		{Name: "redis", Kind: adapters.KindDeployment}, {Name: "gateway", Kind: adapters.KindService}, {Name: "healthy", Kind: adapters.KindDeployment},
		{Name: "all", Kind: adapters.KindDeployment},
	})
	m := defaultMatcher(t)
	for question, want := range map[string]string{
		"is redis healthy": "redis", "is the gateway down": "gateway", "logs of healthy": "healthy", `is "all" healthy`: "all",
	} {
		match := m.Match(question, names)
		if assert.Equal(t, Hit, match.Outcome, "%s: %s", question, match.Reason) {
			assert.Equal(t, want, match.Hits[0].Slots["service"], question)
		}
	}
}
