package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/policies"
	"clanker/router"
	"clanker/router/agent/agenttest"
)

// crossing is a provider where each read waits until four are there at once. Its queue is called what it was asked for.
type crossing struct {
	mu       sync.Mutex
	now, top int
	four     chan struct{}
}

var _ adapters.Adapter = (*crossing)(nil)

func (*crossing) Name() string { return "azure" }

func (*crossing) Kinds() []adapters.Kind { return []adapters.Kind{adapters.KindQueue} }

func (*crossing) Connections(context.Context) []adapters.Connection {
	return []adapters.Connection{{Provider: "azure", Name: "crossing"}}
}

func (c *crossing) List(ctx context.Context, q adapters.Query) ([]adapters.Resource, []adapters.Source, error) {
	c.enter(+1)
	defer c.enter(-1)
	select {
	case <-c.four:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	r := adapters.Resource{ID: adapters.NewID("azure", adapters.KindQueue, adapters.Scope{}, q.Name), Provider: "azure", Kind: adapters.KindQueue, Name: q.Name, Observed: agenttest.Clock()}
	return []adapters.Resource{r}, []adapters.Source{{Provider: "azure", At: agenttest.Clock(), Count: 1}}, nil
}

func (c *crossing) enter(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	if c.top = max(c.top, c.now); c.now == 4 {
		select {
		case <-c.four:
		default:
			close(c.four)
		}
	}
}

func TestToolsRunAtOnceAndAnswerInTheirOrder(t *testing.T) {
	var pairs []string
	for i := range mostCalls {
		pairs = append(pairs, "list_resources", fmt.Sprintf(`{"kinds":["queue"],"provider":"azure","name":"queue-%d"}`, i))
	}
	r := newRig(t, nil, calls(pairs...), says("done"))
	c := &crossing{four: make(chan struct{})}
	r.over(t, agenttest.Estate(t, demo.New, c))
	r.ask(t, router.Question{})
	for i, result := range r.actor.results(1) {
		assert.Contains(t, result.Content, fmt.Sprintf("/queue-%d ", i))
		assert.Equal(t, fmt.Sprintf("c%d", 2*i), result.ToolCallID)
	}
	assert.Equal(t, mostAtOnce, c.top, "at once")
}

// What was too much for one turn was not asked for: it is read when the model asks again.
func TestWhatWasTooMuchForOneTurnIsReadInTheNext(t *testing.T) {
	var pairs []string
	for i := range mostCalls {
		pairs = append(pairs, "list_resources", fmt.Sprintf(`{"kinds":["pod"],"name":"pod-%d"}`, i))
	}
	ninth := []string{"get_resource", `{"name":"session-cache"}`}
	r := newRig(t, nil, calls(append(pairs, ninth...)...), calls(ninth...), says("session-cache has OOMKilled pods"))
	a := r.ask(t, router.Question{})
	results := r.actor.results(2)
	require.Len(t, results, mostCalls+2)
	assert.Contains(t, results[mostCalls].Content, "not called: at most 8 tools")
	assert.Contains(t, results[mostCalls+1].Content, "1 resource (1 degraded)")
	assert.Equal(t, router.StatusOK, a.Status, a.Summary)

	r = newRig(t, nil, calls(append(pairs, ninth...)...), calls(append(pairs, ninth...)...), calls(append(pairs, ninth...)...), says("I give up."))
	assert.Contains(t, strings.Join(r.ask(t, router.Question{}).Warnings, ""), "it asked for the same again and again", "what is too much each time makes it no other")
}

// An empty turn is asked about once; one that was cut off before it said anything is not.
func TestSilenceIsAskedAboutOnce(t *testing.T) {
	for stop, want := range map[string]struct {
		turns  int
		status router.Status
	}{"stop": {3, router.StatusOK}, "length": {2, router.StatusError}} {
		silent := func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
			return response(" ", stop), nil
		}
		r := newRig(t, nil, calls("get_resource", cacheCall), silent, says("It is degraded."))
		assert.Equal(t, want.status, r.ask(t, router.Question{}).Status, stop)
		assert.Len(t, r.actor.seen, want.turns, stop)
	}
}

func TestProgressIsTold(t *testing.T) {
	var steps []string
	r := newRig(t, func(s *Settings) { s.Limits.Steps = 1 }, calls("get_resource", cacheCall), says("It is degraded."))
	r.ask(t, router.Question{Step: func(text string) { steps = append(steps, text) }})
	assert.Equal(t, []string{"asking demo", "no intent covers this: a model looks into it", priced + " is thinking, step 1", "reading everything of session-cache", "asking demo",
		priced + " is thinking, step 2", priced + " is writing, 15 characters", "composing the answer"}, steps)
}

// What the model is told of the workspace is no invention of its own, nor are the names of the question.
func TestWhatTheModelIsToldIsKnown(t *testing.T) {
	a := newRig(t, nil, calls("get_resource", cacheCall), says("session-cache is degraded.\nacme-analytics and orders-postgres were not looked at.")).ask(t, router.Question{})
	assert.Equal(t, "acme-analytics and orders-postgres were not looked at.", a.Explanation)
	assert.Empty(t, a.Unverified)
}

func TestTheModelsOwnTimeIsTold(t *testing.T) {
	now := agenttest.Clock()
	slow := func(of turn) turn {
		return func(ctx context.Context, messages []llms.MessageContent, o llms.CallOptions) (*llms.ContentResponse, error) {
			now = now.Add(1500 * time.Millisecond)
			return of(ctx, messages, o)
		}
	}
	r := newRig(t, nil, slow(calls("get_resource", cacheCall)), slow(says("done")))
	r.agent.now = func() time.Time { return now }
	assert.InDelta(t, 3000, r.ask(t, router.Question{}).Usage.Model.ModelMs, 1e-6)
}

// What was read once is not read again, and the model is told so.
func TestTheSameIsReadOnce(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall), calls("get_resource", cacheCall), says("It is degraded."))
	a := r.ask(t, router.Question{})
	assert.Contains(t, r.actor.results(2)[1].Content, "you asked for exactly this before")
	once := newRig(t, nil, calls("get_resource", cacheCall), says("It is degraded.")).ask(t, router.Question{})
	assert.Len(t, a.Evidence, len(once.Evidence))
}

func TestHowInvestigationsAreNoted(t *testing.T) {
	refuses := func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		return response("No.", "refusal"), nil
	}
	for name, c := range map[string]struct {
		asker, booked string
		last          turn
		status        router.Status
	}{
		"an answer": {"ada", "ada", says("It is degraded."), router.StatusOK},
		"a part":    {policies.Unknown, "", calls("get_resource", cacheCall), router.StatusPartial},
		"nothing":   {"", "", refuses, router.StatusError},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *Settings) { s.Limits.Steps = 2 }, calls("get_resource", cacheCall), c.last, says("It is degraded."))
			noted := &notes{Books: r.books}
			r.agent.books = noted
			a := r.ask(t, router.Question{Asker: policies.Principal{ID: c.asker}})
			require.Len(t, noted.all, 1)
			i := noted.all[0]
			assert.Equal(t, []any{c.status, c.booked, priced}, []any{a.Status, i.Asker, i.Model})
			assert.Equal(t, a.Usage.Model.Input+a.Usage.Model.Output, i.Tokens.Sum())
			assert.Equal(t, a.Usage.Model.CostUSD, router.USD(i.Cost))
			spent, err := r.books.Spent(t.Context(), agenttest.Clock(), time.Time{}, c.booked)
			require.NoError(t, err)
			assert.Equal(t, []any{a.Usage.Model.Steps, a.Usage.Model.CostUSD}, []any{spent.Calls, router.USD(&spent.Cost)})
		})
	}
}

// An investigation that cannot be noted is an answer all the same; one that was given up is none to learn from.
func TestWhatIsNotNoted(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall), says("It is degraded."))
	r.agent.books = deaf{r.books}
	a := r.ask(t, router.Question{})
	assert.Equal(t, router.StatusOK, a.Status)
	assert.Contains(t, strings.Join(a.Warnings, "\n"), "this question could not be noted, so no intent will be made of it: disk full")
	assert.Contains(t, strings.Join(a.Warnings, "\n"), "what the model cost could not be kept, so the most that it can have cost counts: disk full")

	ctx, cancel := context.WithCancel(t.Context())
	r = newRig(t, nil, func(context.Context, []llms.MessageContent, llms.CallOptions) (*llms.ContentResponse, error) {
		cancel()
		return response("", "stop"), context.Canceled
	})
	noted := &notes{Books: r.books}
	r.agent.books = noted
	_, err := r.router.Route(ctx, router.Question{Text: twist})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, noted.all)
}

// deaf are books that can only be reserved in.
type deaf struct{ Books }

func (deaf) Settle(context.Context, string, router.Tokens, router.Cost) error {
	return errors.New("disk full")
}

func (deaf) Note(context.Context, router.Investigation) error { return errors.New("disk full") }

// The limit of a day counts what was spent since midnight (UTC), by whomever and on whatever, and nothing before.
func TestADayBeginsAtMidnight(t *testing.T) {
	midnight := agenttest.Clock().Truncate(24 * time.Hour)
	for at, want := range map[time.Time]router.Status{midnight: router.StatusError, midnight.Add(-time.Second): router.StatusOK} {
		r := newRig(t, nil, calls("get_resource", cacheCall), says("It is degraded."))
		earlier := router.Spend{ID: "earlier", Asker: "somebody", Model: "openai/gpt-5.4", At: at, Cost: r.settings.Limits.Daily}
		require.NoError(t, r.books.Reserve(t.Context(), earlier, router.SpendLimit{}))
		assert.Equal(t, want, r.ask(t, router.Question{}).Status, at)
	}
}

// What nobody knows the price of is not free, on the answer, in the books and in the note.
func TestUnknownIsNotNothing(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall), says("It is degraded."))
	noted := &notes{Books: r.books}
	r.agent.books = noted
	assert.Equal(t, "unknown", r.ask(t, router.Question{Model: "openai/of-my-own"}).Usage.Model.CostUSD)
	spent, err := r.books.Spent(t.Context(), agenttest.Clock(), time.Time{}, "")
	require.NoError(t, err)
	assert.Equal(t, router.Tokens{In: 2000, Out: 200, Cached: 600}, spent.Unpriced)
	assert.Nil(t, noted.all[0].Cost)
}

func TestOldPricesAreTold(t *testing.T) {
	r := newRig(t, nil, calls("get_resource", cacheCall), says("It is degraded."))
	r.agent.now = func() time.Time { return agenttest.Clock().AddDate(1, 0, 0) }
	assert.Regexp(t, `the cost is reckoned with prices of 2026-\d\d-\d\d: see models.prices`, strings.Join(r.ask(t, router.Question{}).Warnings, "\n"))
}

func TestConnected(t *testing.T) {
	thirteen := make([]adapters.Connection, mostConnected+1)
	for i := range thirteen {
		thirteen[i] = adapters.Connection{Provider: "aws", Name: fmt.Sprint(i)}
	}
	assert.Equal(t, "nothing", connected(nil))
	assert.Equal(t, "aws prod (cannot be read: expiredCredentials), kubernetes ab",
		connected([]adapters.Connection{{Provider: "aws", Name: "prod", Problem: &adapters.SourceError{Reason: adapters.ExpiredCredentials}}, {Provider: "kubernetes", Name: "a\x1b[2Jb"}}))
	assert.Regexp(t, `aws 0, .*aws 11, 1 more$`, connected(thirteen))
}
