//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// soak lets fifty clients of all revisions ask at once, for as long as the variable SOAK says. Half of them keep breaking
// off. All answers that come are right, and when the clients have gone nothing of them is left.
func soak(t *testing.T, p program) {
	length := time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		length, err = time.ParseDuration(text)
		require.NoError(t, err, "SOAK is a duration such as 60s")
	}
	s := p.unlimited().start(t, nil, "--demo")
	s.stillServes(t)
	files, goroutines, memory := s.descriptors(t), s.figure(t, "go_goroutines"), s.memory(t)

	warm := visit(t, s, length/6)
	warmed := s.memory(t)
	load := visit(t, s, length-length/6)

	t.Logf("%d answers in %s, %.0f a second; p50 %s, p99 %s; %d calls broken off, %d sessions ended, %d cancelled; warm-up %d answers",
		len(load.took), length-length/6, float64(len(load.took))/(length-length/6).Seconds(), load.quantile(50), load.quantile(99),
		load.broken, load.ended, load.cancelled, len(warm.took))
	t.Logf("resident: %.1f MiB idle, %.1f warmed up, %.1f at the end, %.1f at most", memory, warmed, s.memory(t), resident(t, s.process.Pid, "VmHWM"))
	assert.Empty(t, slices.Concat(warm.faults, load.faults)[:min(10, len(warm.faults)+len(load.faults))], "wrong answers")
	eventually(t, patience, func() (bool, string) {
		open, running, calls := s.descriptors(t), s.figure(t, "go_goroutines"), s.figure(t, "clanker_calls_running")
		return open <= files+5 && running <= goroutines+10 && calls == 0,
			fmt.Sprintf("%d files are open, there were %d; %.0f goroutines, there were %.0f; %.0f calls", open, files, running, goroutines, calls)
	})
	t.Logf("goroutines: %.0f before, %.0f after; files: %d and %d", goroutines, s.figure(t, "go_goroutines"), files, s.descriptors(t))
	assert.Less(t, s.memory(t), warmed+50)
}

// visits are what one or all of the clients have seen.
type visits struct {
	took                     []time.Duration // of those that were waited for
	broken, ended, cancelled int
	faults                   []string
}

func (v *visits) quantile(percent int) time.Duration {
	slices.Sort(v.took)
	return v.took[len(v.took)*percent/100].Round(10 * time.Microsecond)
}

// visit lets the clients come, ask for so long, and go.
func visit(t *testing.T, s *workspace, length time.Duration) *visits {
	t.Helper()
	end := time.Now().Add(length)
	all := make([]visits, 50)
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			v := &visitor{agent: newAgent(s.url, fmt.Sprint("visitor-", i), revisions[i%len(revisions)]), visits: &all[i],
				random: rand.New(rand.NewPCG(1, uint64(i))), breaks: i%2 == 0 != (i%12 < 6), listens: i%3 == 0, number: i}
			v.stay(t.Context(), end)
		})
	}
	wait.Wait()
	sum := &visits{}
	for _, v := range all {
		sum.took = append(sum.took, v.took...)
		sum.faults = append(sum.faults, v.faults...)
		sum.broken, sum.ended, sum.cancelled = sum.broken+v.broken, sum.ended+v.ended, sum.cancelled+v.cancelled
	}
	require.NotEmpty(t, sum.took)
	return sum
}

// visitor is one client.
type visitor struct {
	*agent
	*visits
	random          *rand.Rand
	breaks, listens bool // breaks off every second question; keeps the stream of its session open
	number          int
	hangUp          func() // ends the stream
}

// stay asks until the end.
func (v *visitor) stay(ctx context.Context, end time.Time) {
	v.begin(ctx)
	for n := 0; time.Now().Before(end); n++ {
		id, q := fmt.Sprint(v.name, "-", n), demoQuestions[(v.number+n)%len(demoQuestions)]
		switch {
		case v.hasSessions() && n%200 == 100:
			v.renew(ctx)
		case v.hasSessions() && n%50 == 25:
			v.cancel(ctx, id, q)
		case v.breaks && n%2 == 1:
			v.breakOff(ctx, id, q)
		default:
			began := time.Now()
			got, err := v.ask(ctx, id, q.text)
			v.took = append(v.took, time.Since(began))
			v.check(got, err, id, q)
		}
	}
	v.hangUp()
	v.http.CloseIdleConnections()
}

func (v *visitor) check(got answered, err error, id string, q demoQuestion) {
	if err != nil {
		v.faults = append(v.faults, fmt.Sprintf("%s (%s): %v", id, v.revision, err))
	} else if fault := q.fault(got, id); fault != "" {
		v.faults = append(v.faults, fmt.Sprintf("%s (%s): %s", id, v.revision, fault))
	}
}

// begin opens a session and its stream.
func (v *visitor) begin(ctx context.Context) {
	v.hangUp = func() {}
	err := v.open(ctx)
	if v.listens && v.hasSessions() && err == nil {
		ctx, v.hangUp = context.WithCancel(ctx)
		_, err = v.listen(ctx)
	}
	if err != nil {
		v.faults = append(v.faults, fmt.Sprintf("%s (%s) begins: %v", v.name, v.revision, err))
	}
}

// renew ends the session, checks that it has ended, and begins another.
func (v *visitor) renew(ctx context.Context) {
	err := v.close(ctx)
	_, afterwards := v.ask(ctx, "late", everything)
	if gone, ok := errors.AsType[*refused](afterwards); err != nil || !ok || gone.status != http.StatusNotFound {
		v.faults = append(v.faults, fmt.Sprintf("%s (%s) ends: %v, then %v", v.name, v.revision, err, afterwards))
	}
	v.ended++
	v.hangUp()
	v.begin(ctx)
}

// cancel asks and takes it back at once. It may be too late: then the answer comes, and is the right one.
func (v *visitor) cancel(ctx context.Context, id string, q demoQuestion) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	ended := make(chan bool)
	go func() {
		defer close(ended)
		if got, err := v.ask(ctx, id, q.text); err == nil && got.Error == nil && !got.Result.IsError {
			v.check(got, nil, id, q)
		} else if ctx.Err() != nil {
			v.faults = append(v.faults, fmt.Sprintf("%s (%s): no word after it was cancelled", id, v.revision))
		}
	}()
	if err := v.notify(ctx, "notifications/cancelled", map[string]any{"requestId": id}); err != nil {
		v.check(answered{}, err, id, q)
	}
	<-ended
	v.cancelled++
}

// breakOff goes away in the middle of the request, right after it, or while the answer comes.
func (v *visitor) breakOff(ctx context.Context, id string, q demoQuestion) {
	v.broken++
	if v.random.IntN(3) == 0 {
		ctx, cut := context.WithTimeout(ctx, time.Duration(v.random.IntN(2000))*time.Microsecond)
		defer cut()
		if got, err := v.ask(ctx, id, q.text); err == nil {
			v.check(got, nil, id, q)
		}
		return
	}
	host := strings.TrimSuffix(strings.TrimPrefix(v.url, "http://"), "/mcp")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		v.check(answered{}, err, id, q)
		return
	}
	raw := request(host, healthCall)
	_ = write(conn, raw[:len(raw)-v.random.IntN(len(raw))]) // all of it or a part
	_ = conn.Close()
}
