package reload

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/intents/strict"
)

// bench runs a Reloader of one source over a folder of its own. Time and events are the test's: what is on disk is looked
// at, but the kernel says nothing.
type bench struct {
	*Reloader
	folder string
	events chan fsnotify.Event
	errors chan error
	log    *bytes.Buffer
	next   func() (Update, error)

	mu    sync.Mutex
	times []time.Duration
}

// loads are when the source was loaded, since the start, but for the first load.
func (b *bench) loads() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.times[1:])
}

func (b *bench) loaded(at time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.times = append(b.times, at)
}

// run starts the bench inside a bubble and lets the first load, at the start of Run, pass. The bubble fails a test that
// leaves a goroutine behind.
func run(t *testing.T, story func(b *bench)) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{folder: folder, events: make(chan fsnotify.Event), errors: make(chan error), log: new(bytes.Buffer)}
		started := time.Now()
		b.Reloader = New(Options{Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{ReplaceAttr: timeless}))}, Source{
			What: "intents", Paths: func() []string { return []string{folder} },
			Load: func(context.Context) (Update, error) {
				b.loaded(time.Since(started))
				if b.next == nil {
					return Update{}, nil
				}
				return b.next()
			}})
		b.open = func() (*notifier, error) {
			return &notifier{add: func(string) error { return nil }, events: b.events, errors: b.errors}, nil
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { b.Run(ctx) })
		synctest.Wait()
		assert.Empty(t, b.loads())
		story(b)
		stop()
		running.Wait()
	})
}

func timeless(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func (b *bench) change(name string) {
	b.events <- fsnotify.Event{Name: filepath.Join(b.folder, name), Op: fsnotify.Write}
}

func (b *bench) pass(d time.Duration) {
	<-time.After(d) // of the bubble: it takes no time
	synctest.Wait()
}

func TestPartialWritesReloadOnce(t *testing.T) {
	run(t, func(b *bench) {
		for range 10 {
			b.change("x.yaml")
			b.pass(50 * time.Millisecond)
		}
		assert.Empty(t, b.loads())
		b.pass(time.Hour)
		assert.Equal(t, []time.Duration{450*time.Millisecond + quiet}, b.loads())
	})
}

func TestConstantWritingReloads(t *testing.T) {
	run(t, func(b *bench) {
		for range 30 {
			b.change("x.yaml")
			b.pass(100 * time.Millisecond)
		}
		assert.Equal(t, []time.Duration{limit, 2 * limit, 3 * limit}, b.loads()[:3], "at the latest a second after a change")
	})
}

func TestOnlyWhatMatters(t *testing.T) {
	run(t, func(b *bench) {
		for _, name := range []string{".x.yaml.swp", "4913", "x.yaml~", ".#x.yaml", "../elsewhere", "nosuch/x.yaml"} {
			b.change(name)
		}
		b.pass(time.Hour)
		assert.Empty(t, b.loads())
		b.errors <- fsnotify.ErrEventOverflow
		b.pass(time.Hour)
		assert.Len(t, b.loads(), 1, "what was missed may matter")
	})
}

func TestTrigger(t *testing.T) {
	run(t, func(b *bench) {
		gate := make(chan struct{})
		b.next = func() (Update, error) { <-gate; return Update{}, nil }
		b.Trigger()
		synctest.Wait()
		assert.Len(t, b.loads(), 1, "at once")
		for range 100 {
			b.Trigger()
		}
		synctest.Wait()
		assert.Len(t, b.loads(), 1, "never two at once")
		close(gate)
		b.pass(time.Hour)
		assert.Len(t, b.loads(), 2, "all that came meanwhile are one")
		assert.Equal(t, strings.Repeat("level=INFO msg=\"nothing new\" what=intents\n", 2), b.log.String())
	})
}

// TestBrokenKeepsTheOld tells the life of a set: it breaks, breaks otherwise, works as before, and is replaced.
func TestBrokenKeepsTheOld(t *testing.T) {
	run(t, func(b *bench) {
		live := "old"
		fails := func(err error) {
			b.next = func() (Update, error) { return Update{}, err }
			b.Trigger()
			b.pass(time.Minute)
		}
		broken := time.Now().UTC()
		fails(strict.Errors{
			{Pos: strict.Position{File: "dir/x.yaml", Line: 3, Column: 7}, Message: "unknown key", Remedy: "did you mean id?"},
			{Pos: strict.Position{File: "dir/x.yaml", Line: 9, Column: 1}, Message: "another"}})
		want := Problem{What: "intents", Detail: "dir/x.yaml:3:7: unknown key; did you mean id?", Faults: 2, Since: broken}
		assert.Equal(t, []Problem{want}, b.Problems())
		fails(errors.New("no luck\nat all"))
		want.Detail, want.Faults = "no luck", 1
		assert.Equal(t, []Problem{want}, b.Problems(), "since is when it first broke")
		b.next = func() (Update, error) { panic("ouch") }
		b.Trigger()
		b.pass(time.Minute)
		assert.Equal(t, "load intents: a bug, the log has the details: ouch", b.Problems()[0].Detail)
		fails(nil)
		assert.Empty(t, b.Problems())
		assert.Equal(t, "old", live)
		b.next = func() (Update, error) {
			return Update{Apply: func() { live = "new" }, Changes: "+a ~b"}, nil
		}
		b.change("x.yaml")
		b.pass(time.Minute)
		assert.Equal(t, "new", live)
		log := strings.Split(strings.TrimSpace(b.log.String()), "\n")
		require.Len(t, log, 6)
		assert.Equal(t, `level=ERROR msg="reload failed, what was loaded before stays in use" what=intents faults=2 first="dir/x.yaml:3:7: unknown key; did you mean id?"`, log[0])
		assert.Contains(t, log[2], "loading panicked")
		assert.Equal(t, `level=INFO msg="without fault again, and as before" what=intents`, log[4])
		assert.Equal(t, `level=INFO msg=reloaded what=intents changes="+a ~b" ms=0`, log[5])
	})
}

// TestWatchLimit reaches the limit of watches, twice, and gets over it.
func TestWatchLimit(t *testing.T) {
	run(t, func(b *bench) {
		enough := b.open
		full := func() (*notifier, error) {
			return &notifier{add: func(string) error { return os.NewSyscallError("inotify_add_watch", syscall.ENOSPC) }}, nil
		}
		for _, open := range []func() (*notifier, error){full, full, func() (*notifier, error) { return nil, syscall.EMFILE }} {
			b.open = open
			b.Trigger()
			b.pass(time.Hour)
			require.Len(t, b.Problems(), 1)
			assert.Equal(t, "watching", b.Problems()[0].What)
			assert.Contains(t, b.Problems()[0].Detail, "after a change of what is not watched, send the process SIGHUP, or raise the limit")
		}
		assert.Len(t, b.loads(), 3, "a trigger works without watches")
		assert.Equal(t, 2, strings.Count(b.log.String(), "level=WARN"), "the same is not said twice")
		b.open = enough
		b.Trigger()
		b.pass(time.Hour)
		assert.Empty(t, b.Problems())
		assert.Contains(t, b.log.String(), "changes of all files are seen again")
	})
}

func TestOrderOfSources(t *testing.T) {
	var order []string
	source := func(what string, err error) Source {
		return Source{What: what, Paths: func() []string { return nil },
			Load: func(context.Context) (Update, error) { order = append(order, what); return Update{}, err }}
	}
	r := New(Options{Log: slog.New(slog.DiscardHandler)}, source("config", errors.New("broken")), source("intents", nil), source("policies", errors.New("broken too")))
	r.report(watching, errors.New("limit"))
	for i := range r.sources {
		r.load(t.Context(), r.sources[len(r.sources)-1-i], false)
	}
	assert.Equal(t, []string{"policies", "intents", "config"}, order)
	var broken []string
	for _, problem := range r.Problems() {
		broken = append(broken, problem.What)
	}
	assert.Equal(t, []string{"config", "policies", "watching"}, broken)
}

func TestChanges(t *testing.T) {
	many := map[string]string{}
	for _, letter := range "abcdefghijklm" {
		many[string(letter)] = ""
	}
	for _, test := range []struct {
		before, after map[string]string
		want          string
	}{
		{nil, nil, ""},
		{map[string]string{"same": "1"}, map[string]string{"same": "1"}, ""},
		{map[string]string{"b": "1", "a": "1", "old": "1"}, map[string]string{"b": "2", "a": "1", "z": "", "y": ""}, "+y +z ~b -old"},
		{many, nil, "-a -b -c -d -e -f -g -h -i -j (-3 more)"},
	} {
		assert.Equal(t, test.want, Changes(test.before, test.after))
	}
}
