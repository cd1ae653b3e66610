package intents

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

// TestQueryKinds holds what is read to what was asked for: of the kinds that an intent lists, the one that the question names.
func TestQueryKinds(t *testing.T) {
	in := one(t, `
- id: security.public
  topic: security
  description: What is public.
  examples: ["which [buckets](kind) are public"]
  patterns: ["public {kind}"]
  action: list
  query: {kinds: [bucket, database, "{kind}"]}
  answer: "{{len .Resources}}"
`)
	for _, test := range []struct {
		why   string
		slots Slots
		want  []adapters.Kind
	}{
		{"no kind is named: all that are listed", Slots{}, []adapters.Kind{adapters.KindBucket, adapters.KindDatabase}},
		{"one that is listed: that alone", Slots{"kind": "database"}, []adapters.Kind{adapters.KindDatabase}},
		{"one that is not: it as well", Slots{"kind": "queue"}, []adapters.Kind{adapters.KindBucket, adapters.KindDatabase, adapters.KindQueue}},
	} {
		assert.Equal(t, test.want, in.Query(test.slots, time.Time{}).Kinds, test.why)
	}
}
