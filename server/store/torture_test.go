package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"clanker/policies/approval"
	"clanker/policies/approval/approvaltest"
	"clanker/router"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

// tortured names the folder that a child process writes in until it is killed.
const tortured = "CLANKER_TORTURED"

func TestMain(m *testing.M) {
	if dir := os.Getenv(tortured); dir != "" {
		fmt.Println("failed", suffer(dir)) // it is killed before it gets here
		os.Exit(1)
	}
	if dir := os.Getenv(racing); dir != "" {
		won, err := race(storetest.Place{Dir: dir, Database: os.Getenv(racing + "_IN")})
		fmt.Println(won, err)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// racing names the folder that a child process races others in.
const racing = "CLANKER_RACING"

// raced is how many requests a race is about.
const raced = 200

// race tries to make each request and to take it through its life, whatever others do, and to spend what may be spent by all, and
// returns how often it could.
func race(p storetest.Place) (won int, err error) {
	ctx := context.Background()
	s, err := store.Open(ctx, p.Dir, store.Options{Database: p.Database, Patience: storetest.Patience})
	if err != nil {
		return 0, err
	}
	_, err = s.Append(ctx, approval.Event{Type: approval.EventStarted, Body: approval.Opened{Key: s.Key()}})
	for i := 0; i < raced && err == nil; i++ {
		if s.Reserve(ctx, storetest.Call(fmt.Sprint(s.Instance(), i), 1), router.SpendLimit{Cost: new(int64(raced))}) == nil { // else all is spent
			won++
		}
		r := approvaltest.Request(fmt.Sprint(i), now())
		if s.Create(ctx, r, approvaltest.Proposed(r)) == nil { // else it is there already
			won++
		}
		for _, next := range []approval.State{approval.Approved, approval.Running, approval.Failed} {
			switch r, err = s.Update(ctx, fmt.Sprint(i), r.State, storetest.Move(approvaltest.Closed(fmt.Sprint(i), next), next)); {
			case err == nil:
				won++
			case !errors.Is(err, approval.ErrMoved):
				return won, err
			}
			r.State, err = next, nil
		}
	}
	return won, errors.Join(err, s.Close())
}

// Processes that work on one ledger at once leave a whole chain in which everything happened once.
func TestTortureByMany(t *testing.T) {
	t.Parallel()
	raceAll(t, storetest.Folder(t))
}

func raceAll(t *testing.T, places ...storetest.Place) {
	t.Helper()
	const processes = 3
	var total int
	var wait sync.WaitGroup
	said := make([]string, processes)
	for i := range processes {
		p := places[i%len(places)]
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), racing+"="+p.Dir, racing+"_IN="+p.Database)
		wait.Go(func() {
			out, err := child.Output()
			assert.NoError(t, err)
			said[i] = strings.TrimSpace(string(out))
		})
	}
	wait.Wait()
	for _, words := range said {
		var won int
		_, err := fmt.Sscanf(words, "%d <nil>", &won)
		require.NoError(t, err, words)
		total += won
	}
	assert.Equal(t, 5*raced, total, "each is made once, and moved three times, and no more is spent than may be")
	entries := storetest.Chain(t, places[0].Read(t))
	assert.Equal(t, raced, entries[approval.EventProposed])
	assert.Equal(t, 3*raced, entries[approval.EventClosed])
}

// suffer takes request after request through its life, and says aloud each time what is on the disk.
func suffer(dir string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, dir, store.Options{Patience: storetest.Patience})
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		r := approvaltest.Request(fmt.Sprintf("%d-%d", os.Getpid(), i), now())
		if err := s.Reserve(ctx, storetest.Call(r.ID, 1), router.SpendLimit{}); err != nil {
			return err
		}
		if err := s.Create(ctx, r, approvaltest.Proposed(r)); err != nil {
			return err
		}
		fmt.Println(r.ID, r.State)
		for _, next := range []approval.State{approval.Approved, approval.Running, approval.Succeeded} {
			event := approvaltest.Closed(r.ID, next)
			if next == approval.Succeeded {
				event = approval.Event{Type: approval.EventEnded, Body: approval.Ended{Proposal: r.ID, State: next}}
			}
			if r, err = s.Update(ctx, r.ID, r.State, storetest.Move(event, next)); err != nil {
				return err
			}
			fmt.Println(r.ID, r.State)
		}
	}
}

// A process that is killed at any moment has lost nothing of what it said is kept, and leaves nothing that is half done.
func TestTorture(t *testing.T) {
	t.Parallel()
	const folders, kills = 4, 50
	for seed := range uint64(folders) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			random := rand.New(rand.NewPCG(seed, 0))
			said := map[string]approval.State{}
			var checked int64
			for range kills {
				kill(t, dir, 1+random.IntN(12), said)
				checked = intact(t, dir, checked, said)
			}
		})
	}
}

// kill lets a child live until it has said so many lines, and takes note of all that it said.
func kill(t *testing.T, dir string, lines int, said map[string]approval.State) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), tortured+"="+dir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	scanner := bufio.NewScanner(out)
	for n := 1; scanner.Scan(); n++ {
		id, state, ok := strings.Cut(scanner.Text(), " ")
		require.True(t, ok && id != "failed", scanner.Text())
		said[id] = approval.State(state)
		if n == lines {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Error(t, child.Wait(), "it was killed")
}

// intact checks the folder as the next process finds it: what is new of the log, and every request. It returns how far
// the log was checked.
func intact(t *testing.T, dir string, from int64, said map[string]approval.State) int64 {
	t.Helper()
	s, err := store.Open(t.Context(), dir, store.Options{Patience: storetest.Patience})
	require.NoError(t, err)
	key, err := note.NewVerifier(s.Key())
	require.NoError(t, err)
	var last approval.Entry
	entries := map[string]int{}
	for e, err := range s.Entries(t.Context(), max(from, 1)) {
		require.NoError(t, err)
		if last.Seq > 0 || from == 0 {
			follows(t, last, e, key)
		}
		last = e
	}
	for e, err := range s.Entries(t.Context(), 1) {
		require.NoError(t, err)
		entries[about(t, e)]++
	}
	requests, err := s.List(t.Context(), approval.Filter{})
	require.NoError(t, err)
	states := map[string]approval.State{}
	for _, r := range requests {
		states[r.ID] = r.State
		assert.Equal(t, r.Version, entries[r.ID], "%s has an entry for each change", r.ID)
	}
	spent, err := s.Spent(t.Context(), now(), time.Time{}, "")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, spent.Calls, len(requests), "what was reserved before each is spent")
	for id, state := range said {
		assert.True(t, states[id] == state || state.Allows(states[id]), "%s was said to be %s, and is %q", id, state, states[id])
	}
	require.NoError(t, s.Close())
	return last.Seq
}

func follows(t *testing.T, last, e approval.Entry, key note.Verifier) {
	t.Helper()
	sum, err := e.Sum()
	require.NoError(t, err)
	require.Equal(t, last.Seq+1, e.Seq)
	require.Equal(t, last.Hash, e.Prev)
	require.Equal(t, sum, e.Hash)
	require.True(t, last.Type != approval.EventEnded || e.Type == approval.EventCheckpoint)
	if e.Type == approval.EventCheckpoint {
		body, err := e.Read()
		require.NoError(t, err)
		signed, err := note.Open([]byte(body.(*approval.Checkpoint).Note), note.VerifierList(key))
		require.NoError(t, err)
		require.Equal(t, last.Head().Text(), signed.Text)
	}
}

// about is the request that an entry tells of.
func about(t *testing.T, e approval.Entry) string {
	t.Helper()
	body, err := e.Read()
	require.NoError(t, err)
	switch b := body.(type) {
	case *approval.Proposed:
		return b.Request.ID
	case *approval.Closed:
		return b.Proposal
	case *approval.Ended:
		return b.Proposal
	}
	return ""
}
