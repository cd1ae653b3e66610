package server

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// estate answers questions about something that changes, and tells in each answer whether it did since the one it is compared
// with.
type estate struct {
	mu      sync.Mutex
	version int
	asked   []router.Question
	seen    map[string]int // the version that an answer showed
}

func (e *estate) change() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.version++
}

// questions are those that were asked by the asker so far.
func (e *estate) questions(asker string) (of []router.Question) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, q := range e.asked {
		if q.Asker.ID == asker {
			of = append(of, q)
		}
	}
	return of
}

func (e *estate) answer(_ context.Context, q router.Question) (router.Answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, q)
	a := answerWith(q, router.StatusOK)
	if q.Text == "what is love" {
		a.Status, a.Summary, a.Warnings = router.StatusUnsupported, "No intent covers this question.", []string{"nearest intents: health.services"}
		return a, nil
	}
	a.AnswerID = fmt.Sprintf("01J%d", len(e.asked))
	if before, ok := e.seen[q.Since]; ok {
		a.Delta = &router.Delta{ComparedTo: q.Since, Changed: before != e.version}
	}
	if e.seen == nil {
		e.seen = map[string]int{}
	}
	e.seen[a.AnswerID] = e.version
	return a, nil
}

// told collects the URIs of the notifications that a subscriber got.
type told struct {
	mu   sync.Mutex
	uris []string
}

func (l *told) send(n mcp.JSONRPCNotification) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uris = append(l.uris, n.Params.AdditionalFields["uri"].(string))
}

func (l *told) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.uris
}

// watching runs a test in a bubble with the watches of an estate. All goroutines have to end with the test.
func watching(t *testing.T, test func(t *testing.T, w *watches, e *estate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := &estate{}
		s, _ := newServer(e.answer, oneConnection)
		test(t, s.watches, e)
	})
}

// pass lets so much of the bubble's time pass, and what is due then happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

const upURI = watchURI + "up?every=1m"

func TestSubscribersHearOfChangesOnly(t *testing.T) {
	watching(t, func(t *testing.T, w *watches, e *estate) {
		var heard told
		defer w.drop("a")
		defer w.attach("a", heard.send)()
		require.NoError(t, w.subscribe(t.Context(), w.session("a"), upURI))
		assert.Len(t, e.questions("watch"), 1, "it is asked at once")
		pass(10*time.Minute + time.Second)
		assert.Len(t, e.questions("watch"), 11)
		for _, q := range e.questions("watch") {
			assert.True(t, q.Unaided, "nobody pays for a model over and over")
		}
		assert.Empty(t, heard.all())
		e.change()
		pass(3 * time.Minute)
		assert.Equal(t, []string{upURI}, heard.all())
	})
}

// A hundred subscribers cost what one costs, and hear all of it.
func TestOneAskingForAll(t *testing.T) {
	watching(t, func(t *testing.T, w *watches, e *estate) {
		heard := make([]told, 100)
		var all sync.WaitGroup
		for i := range heard {
			id := fmt.Sprint(i)
			defer w.drop(id)
			defer w.attach(id, heard[i].send)()
			all.Go(func() { assert.NoError(t, w.subscribe(t.Context(), w.session(id), upURI)) })
		}
		all.Wait()
		assert.Len(t, e.questions("watch"), 1)
		e.change()
		pass(time.Minute + time.Second)
		assert.Len(t, e.questions("watch"), 2)
		for i := range heard {
			assert.Len(t, heard[i].all(), 1)
		}
	})
}

// Asking ends with the last subscription, however it ends.
func TestAskingStops(t *testing.T) {
	for name, leave := range map[string]func(w *watches, detach func()){
		"unsubscribed":       func(w *watches, _ func()) { w.unsubscribe(w.session("a"), upURI) },
		"the session ended":  func(w *watches, _ func()) { w.drop("a") },
		"its stream was cut": func(_ *watches, detach func()) { detach(); pass(deafness + time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			watching(t, func(t *testing.T, w *watches, e *estate) {
				var heard told
				detach := sync.OnceFunc(w.attach("a", heard.send))
				defer detach()
				require.NoError(t, w.subscribe(t.Context(), w.session("a"), upURI))
				leave(w, detach)
				pass(0)
				asked := len(e.questions("watch"))
				e.change()
				pass(time.Hour)
				assert.Len(t, e.questions("watch"), asked)
				assert.Empty(t, heard.all())
				assert.Empty(t, w.asked)
			})
		})
	}
}

// What changes while a stream is cut is told on the next one, once.
func TestAStreamThatIsOpenedAgain(t *testing.T) {
	watching(t, func(t *testing.T, w *watches, e *estate) {
		var first, second told
		defer w.drop("a")
		detach := w.attach("a", first.send)
		const every10s = watchURI + "up?every=10s"
		w.least = 10 * time.Second
		require.NoError(t, w.subscribe(t.Context(), w.session("a"), every10s))
		detach()
		for range 3 {
			e.change()
			pass(11 * time.Second)
		}
		defer w.attach("a", second.send)()
		synctest.Wait()
		assert.Empty(t, first.all())
		assert.Equal(t, []string{every10s}, second.all())
	})
}

func TestSubscriptionsThatAreRefused(t *testing.T) {
	watching(t, func(t *testing.T, w *watches, e *estate) {
		defer w.attach("a", (&told{}).send)()
		defer w.drop("a")
		for uri, want := range map[string]string{
			watchURI + "what%20is%20love": "nearest intents: health.services",
			watchURI + "up?every=59s":     "every 1m0s at most",
			watchURI:                      "has no question",
		} {
			assert.ErrorContains(t, w.subscribe(t.Context(), w.session("a"), uri), want)
		}
		synctest.Wait()
		assert.Empty(t, w.asked)
		assert.Empty(t, w.session("a").uris)
	})
}

func TestBoundsOfSubscriptions(t *testing.T) {
	watching(t, func(t *testing.T, w *watches, e *estate) {
		subscribe := func(client string, question int) error {
			return w.subscribe(t.Context(), w.session(client), fmt.Sprintf("%sq%d", watchURI, question))
		}
		for client := range 5 {
			id := fmt.Sprint(client)
			defer w.drop(id)
			for i := range mostOfOne {
				require.NoError(t, subscribe(id, 100*client+i))
			}
			require.NoError(t, subscribe(id, 100*client), "what it has it may ask for again")
			assert.ErrorContains(t, subscribe(id, 99), "this client watches 20 questions")
		}
		defer w.drop("late")
		assert.ErrorContains(t, subscribe("late", 99), "100 questions are watched")
		require.NoError(t, subscribe("late", 0), "what others watch costs nothing")
		w.drop("1")
		assert.NoError(t, subscribe("late", 99))
	})
}

// Who gives up before there is an answer leaves nothing behind, and takes nothing from the others.
func TestSubscribersWhoGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan bool)
		s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
			select {
			case <-answer:
				return answerWith(q, router.StatusOK), nil
			case <-ctx.Done():
				return router.Answer{}, ctx.Err()
			}
		}, oneConnection)
		w := s.watches
		defer w.drop("b")
		ctx, giveUp := context.WithCancel(t.Context())
		results := make(chan error, 2)
		go func() { results <- w.subscribe(ctx, w.session("a"), upURI) }()
		go func() { results <- w.subscribe(t.Context(), w.session("b"), upURI) }()
		synctest.Wait()
		giveUp()
		require.ErrorIs(t, <-results, context.Canceled)
		answer <- true
		require.NoError(t, <-results)
		assert.Empty(t, w.session("a").uris)

		go func() { results <- w.subscribe(t.Context(), w.session("c"), watchURI+"down") }()
		synctest.Wait()
		w.drop("c")
		assert.ErrorContains(t, <-results, "ended before there was an answer")
	})
}

// A router that panics is a line in the log, and the next round comes.
func TestAWatchedQuestionThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		s, log := newServer(func(_ context.Context, q router.Question) (router.Answer, error) {
			if asked++; asked == 2 {
				panic("secret")
			}
			return answerWith(q, router.StatusOK), nil
		}, oneConnection)
		defer s.watches.drop("a")
		defer s.watches.attach("a", (&told{}).send)()
		require.NoError(t, s.watches.subscribe(t.Context(), s.watches.session("a"), upURI))
		pass(2*time.Minute + time.Second)
		synctest.Wait()
		assert.Equal(t, 3, asked)
		assert.Contains(t, log.String(), "a watched question panicked")
	})
}

// Who watches a question reads what changed since it subscribed, then since it last read.
func TestWhatAWatcherReadsIsComparedWith(t *testing.T) {
	watching(t, func(t *testing.T, w *watches, e *estate) {
		defer w.attach("a", (&told{}).send)()
		defer w.drop("a")
		assert.Empty(t, w.since("a", "up"))
		require.NoError(t, w.subscribe(t.Context(), w.session("a"), upURI))
		pass(5*time.Minute + time.Second)
		assert.Equal(t, "01J1", w.since("a", "up"))
		assert.Empty(t, w.since("b", "up"))
		w.read("a", "up", router.Answer{AnswerID: "01Jx", Status: router.StatusOK})
		assert.Equal(t, "01Jx", w.since("a", "up"))
		w.read("a", "up", router.Answer{AnswerID: "01Jy", Status: router.StatusError})
		assert.Equal(t, "01Jx", w.since("a", "up"), "what read nothing is nothing to compare with")
	})
}
