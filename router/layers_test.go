package router

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents"
)

// ours is an intent of a user, with the id, one example and one pattern.
func ours(id, example, pattern string) string {
	return "- id: " + id + "\n  topic: health\n  description: Ours.\n  examples: [\"" + example + "\"]\n  patterns: [\"" + pattern +
		"\"]\n  action: list\n  answer: x\n"
}

func overlaid(files fstest.MapFS) (*Matcher, error) {
	base := intents.Layer{Name: "built-in", Files: fstest.MapFS{"vocabulary.yaml": {Data: []byte(tinyVocabulary)}, "a.yaml": {Data: []byte(tinyIntents)}}}
	c, err := intents.LoadAll(base, intents.Layer{Name: "./team/", Files: files})
	if err != nil {
		return nil, err
	}
	return NewMatcher(c)
}

// TestOverlaidExamples tells a platform team what of theirs breaks what is built in, and how to go on.
func TestOverlaidExamples(t *testing.T) {
	for _, test := range []struct{ name, file, content, want string }{
		{"a pattern that takes a built-in example", "team.yaml", ours("team.health", "is orders-api healthy", "is {service} healthy"),
			`./team/team.yaml:4:15: intent "team.health": examples: "is orders-api healthy" fits intent "health.of" (built-in/a.yaml:9) as well; make this one's patterns say more, or override that intent: give yours its id
./team/team.yaml:5:15: intent "team.health": patterns: "is {service} healthy" takes the example "is checkout-api healthy" of intent "health.of" (built-in/a.yaml:9); make the pattern narrower, or override that intent: give yours its id`},
		{"overriding it", "team.yaml", ours("health.of", "is checkout-api healthy", "is {service} healthy"), ""},
		{"words that mean something else", "vocabulary.yaml", "fillers: [is, checkout-api, healthy]\n",
			`built-in/a.yaml:12:14: intent "health.of": examples: "is checkout-api healthy" goes to no intent: it asks nothing about your infrastructure; add a pattern for it; {time} takes a time range; or look for its words in a vocabulary.yaml that lies over it`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := overlaid(fstest.MapFS{test.file: {Data: []byte(test.content)}})
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorAs(t, err, new(intents.Errors))
			assert.Equal(t, test.want, err.Error())
		})
	}
}

// TestUse swaps the matcher while a question is being answered: it is answered as it began, the next one by the new one.
func TestUse(t *testing.T) {
	old, err := overlaid(fstest.MapFS{})
	require.NoError(t, err)
	both, err := overlaid(fstest.MapFS{"team.yaml": {Data: []byte(ours("team.mood", "how is the mood", "how is the mood"))}})
	require.NoError(t, err)
	w := &swapping{fake: shop()}
	r := New(old, w, Options{Now: func() time.Time { return noon }, Entropy: zeros{}})
	w.swap = func() { r.Use(both) }
	for _, want := range []Status{StatusUnsupported, StatusOK} {
		answer, err := r.Route(t.Context(), Question{Text: "how is the mood"})
		require.NoError(t, err)
		assert.Equal(t, want, answer.Status)
	}
}

// swapping swaps the matcher when it is asked for names, which is in the middle of a question.
type swapping struct {
	*fake
	swap func()
}

func (s *swapping) Names(ctx context.Context, fresh bool) adapters.Names {
	s.swap()
	return s.fake.Names(ctx, fresh)
}
