//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// restart stops the workspace under twenty clients and starts it again on the same port. They all go on, each with a new
// session; when it is asked to end, no answer is lost; and what runs is finished.
func restart(t *testing.T, p program) {
	p = p.unlimited()
	s := p.start(t, nil, "--demo")
	crowd := newCrowd(t, s.url, 20)
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGTERM} {
		crowd.goOn(t, 20)
		before := crowd.renewed()
		cut := crowd.cut.Load()
		began := time.Now()
		err := s.end(signal)
		took := time.Since(began)
		old := s.log
		s = p.start(t, nil, "--demo", "--listen", address(t, s.url))
		crowd.goOn(t, 20)
		renewed, lost := crowd.renewed(), crowd.lost(old.answers(t))
		t.Logf("%s: ended after %s; of %d answers %d lost, %d cut off", signal, took.Round(time.Millisecond), len(old.answers(t)), lost, crowd.cut.Load()-cut)
		for i := range renewed {
			assert.Greater(t, renewed[i], before[i], "client %d must be told that its session is gone, and open another", i)
		}
		if signal == syscall.SIGTERM {
			assert.NoError(t, err)
			assert.Zero(t, lost, "answers that were made and did not arrive")
			assert.Equal(t, cut, crowd.cut.Load(), "answers that were cut off")
		}
	}
	crowd.leave()
	t.Run("what runs is finished", func(t *testing.T) { finished(t, p) })
}

// finished asks the workspace to end while it waits for a provider.
func finished(t *testing.T, p program) {
	held := newHeldProvider(t)
	s := p.serve(t, held.kubeconfig)
	answer := make(chan error, 1)
	go func() {
		got, err := newAgent(s.url, "patient", "").ask(t.Context(), "patient", everything)
		if err == nil && got.ID != "patient" {
			err = fmt.Errorf("answer %v", got.ID)
		}
		answer <- err
	}()
	eventually(t, patience, func() (bool, string) { return held.running.Load() > 0, "the provider is not asked" })
	require.NoError(t, s.process.Signal(syscall.SIGTERM))
	eventually(t, patience, func() (bool, string) {
		conn, err := net.Dial("tcp", address(t, s.url))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil, "it still takes connections"
	})
	assert.Empty(t, answer)
	held.release()
	assert.NoError(t, <-answer)
	s.stopped = true
	assert.NoError(t, <-s.ended)
}

// crowd are clients that ask without end.
type crowd struct {
	customers []*customer
	cut       atomic.Int64 // answers of which only the beginning came
	leave     func()
}

// customer is one of them.
type customer struct {
	*agent
	right, renewals atomic.Int64
	mu              sync.Mutex
	answers         []string // ids, in order
}

func newCrowd(t *testing.T, url string, size int) *crowd {
	ctx, stop := context.WithCancel(t.Context())
	c := &crowd{}
	var wait sync.WaitGroup
	for i := range size {
		own := &customer{agent: newAgent(url, fmt.Sprint("customer-", i), revisions[i%4])}
		c.customers = append(c.customers, own)
		wait.Go(func() { own.keepAsking(ctx, t, &c.cut, i) })
	}
	c.leave = sync.OnceFunc(func() { stop(); wait.Wait() })
	t.Cleanup(c.leave)
	return c
}

// keepAsking does what a good client does: it tries again when there is nobody, and begins anew when its session is gone.
func (c *customer) keepAsking(ctx context.Context, t *testing.T, cut *atomic.Int64, offset int) {
	defer c.http.CloseIdleConnections()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for n := offset; ctx.Err() == nil; n++ {
		err := c.once(ctx, t, fmt.Sprint(c.name, "-", n), demoQuestions[n%len(demoQuestions)])
		gone, isStatus := errors.AsType[*refused](err)
		_, unreachable := errors.AsType[*url.Error](err)
		switch {
		case err == nil || ctx.Err() != nil:
			continue
		case isStatus && gone.status == http.StatusNotFound:
			c.session = ""
		case isStatus:
			assert.NoError(t, err)
		case !unreachable:
			cut.Add(1)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

func (c *customer) once(ctx context.Context, t *testing.T, id string, q demoQuestion) error {
	if c.session == "" {
		if err := c.open(ctx); err != nil {
			return err
		}
		c.renewals.Add(1)
	}
	got, err := c.ask(ctx, id, q.text)
	if err != nil {
		return err
	}
	assert.Empty(t, q.fault(got, id), "a wrong answer")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, got.Result.StructuredContent.AnswerID)
	c.right.Add(1)
	return nil
}

// goOn waits until every client has so many more answers.
func (c *crowd) goOn(t *testing.T, more int64) {
	t.Helper()
	var goals []int64
	for _, one := range c.customers {
		goals = append(goals, one.right.Load()+more)
	}
	eventually(t, patience, func() (bool, string) {
		for i, one := range c.customers {
			if one.right.Load() < goals[i] {
				return false, fmt.Sprintf("client %d has %d of %d answers", i, one.right.Load(), goals[i])
			}
		}
		return true, ""
	})
}

func (c *crowd) renewed() []int64 {
	var all []int64
	for _, one := range c.customers {
		all = append(all, one.renewals.Load())
	}
	return all
}

// lost counts the answers that were made and that nobody got.
func (c *crowd) lost(made []string) int {
	var got []string
	for _, one := range c.customers {
		one.mu.Lock()
		got = append(got, one.answers...)
		one.mu.Unlock()
	}
	slices.Sort(got)
	lost := 0
	for _, id := range made {
		if _, ok := slices.BinarySearch(got, id); !ok {
			lost++
		}
	}
	return lost
}
