package storetest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
)

// asker asks the same question again and again, about a resource that has changed each time.
type asker struct {
	teller
	name string
}

// query asks for what is in the asker's own namespace.
func (a asker) query() adapters.Query {
	return adapters.Query{Scope: adapters.Scope{Namespace: a.name}}
}

func (a asker) resource(n int) adapters.Resource {
	r := thing("web", attribute("replicas", float64(n)))
	r.Scope.Namespace = a.name
	r.ID = adapters.NewID(r.Provider, r.Kind, r.Scope, r.Name)
	return r
}

// ask asks for the n-th time.
func (a asker) ask(n int) {
	a.Helper()
	s := saw(float64(n), a.query(), a.resource(n))
	s.Sources[0].Scope.Namespace = a.name
	at := a.record(s)
	require.NoError(a, a.Keep(a.Context(), router.Look{AnswerID: fmt.Sprintf("%s-%d", a.name, n), Asker: a.name, Key: "health", At: At(float64(n)),
		Read: []router.Glance{{Query: s.Query, At: at}}, Listed: []string{s.Resources[0].ID}}))
}

// next is the number of the first question that was not answered yet.
func (a asker) next() int {
	l, ok, err := a.Look(a.Context(), router.Which{Asker: a.name, Key: "health"})
	require.NoError(a, err)
	if !ok {
		return 1
	}
	n, err := strconv.Atoi(l.AnswerID[len(a.name)+1:])
	require.NoError(a, err)
	return n + 1
}

// complete wants a look for each of the asker's questions, in order and once, and each change between them once. The one
// after the last may have been observed already.
func (a asker) complete(last int) {
	a.Helper()
	n := 0
	for l, err := range a.Looks(a.Context(), At(0)) {
		require.NoError(a, err)
		if l.Asker == a.name {
			n++
			require.Equal(a, fmt.Sprintf("%s-%d", a.name, n), l.AnswerID)
		}
	}
	assert.Equal(a, last, n, "looks of %s", a.name)
	changes := a.since(0, a.query())
	assert.Subset(a, []int{last - 1, last}, []int{len(changes)}, "changes that %s saw", a.name)
	for i, c := range changes {
		require.Equal(a, change{"web", "replicas", float64(i + 1), float64(i + 2), At(float64(i + 1)), At(float64(i + 2))}, c)
	}
}

// twoAtOnce lets two askers ask at once, each through a store of its own.
func twoAtOnce(t *testing.T, p Place) {
	const questions = 250
	var wait sync.WaitGroup
	askers := []asker{{teller{t, p.Open(t)}, "claude"}, {teller{t, p.Open(t)}, "cursor"}}
	for _, a := range askers {
		wait.Go(func() {
			for n := range questions {
				a.ask(n + 1)
			}
		})
	}
	wait.Wait()
	for i, a := range askers {
		a.complete(questions)
		asker{askers[1-i].teller, a.name}.complete(questions)
	}
}

// seenAtOnce wants a change that many see at the same time to be kept once.
func seenAtOnce(t *testing.T, p Place) {
	stores := []teller{{t, p.Open(t)}, {t, p.Open(t)}}
	before := stores[0].record(saw(0, all, thing("web")))
	after := make([]adapters.Position, 20)
	var wait sync.WaitGroup
	for i := range after {
		wait.Go(func() {
			after[i] = stores[i%2].record(saw(1, all, thing("web", attribute("image", "v2")), thing("api")))
		})
	}
	wait.Wait()
	for i, at := range after {
		assert.Equal(t, before+2, at)
		assert.Equal(t, []change{{"api", "resource", nil, "healthy", At(0), At(1)}, {"web", "image", "v1", "v2", At(0), At(1)}}, stores[i%2].since(before, all))
	}
}

// asking tells a child process what to do: folder, database, name and number of questions, in lines.
const asking = "CLANKER_ASKING"

// Asking is what a child process does that [History] starts; in another process it does nothing. A test that is named
// TestAsking has to call it.
func Asking(t *testing.T) {
	what := strings.Split(os.Getenv(asking), "\n")
	if len(what) != 4 {
		return
	}
	a := asker{teller{t, Place{Dir: what[0], Database: what[1]}.Open(t)}, what[2]}
	last, err := strconv.Atoi(what[3])
	require.NoError(t, err)
	for n := a.next(); n <= last; n++ {
		a.ask(n)
		fmt.Println("asked", n)
	}
}

// start starts a process that asks so many questions, and says aloud when each was answered.
func (p Place) start(t *testing.T, name string, questions int) (*exec.Cmd, io.Reader) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestAsking$")
	child.Env = append(os.Environ(), asking+"="+strings.Join([]string{p.Dir, p.Database, name, strconv.Itoa(questions)}, "\n"))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	return child, out
}

// twoProcesses ask 10,000 questions; fewer where each waits for the disk.
func twoProcesses(t *testing.T, p Place) {
	questions := 5000
	if p.Database != "" {
		questions = 1000
	}
	watch := p.Open(t)
	var wait sync.WaitGroup
	for _, name := range []string{"claude", "cursor"} {
		child, out := p.start(t, name, questions)
		wait.Go(func() {
			text, err := io.ReadAll(out)
			assert.NoError(t, err)
			assert.NoError(t, child.Wait(), "%s", text)
		})
	}
	wait.Wait()
	for _, name := range []string{"claude", "cursor"} {
		asker{teller{t, watch}, name}.complete(questions)
	}
}

// A process that is killed has lost nothing of what it said is kept, and the next one goes on where it was.
func killed(t *testing.T, p Place) {
	said := 0
	for round := range 15 {
		child, out := p.start(t, "claude", 1<<30)
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			last, ok := strings.CutPrefix(lines.Text(), "asked ")
			require.True(t, ok, lines.Text())
			var err error
			said, err = strconv.Atoi(last)
			require.NoError(t, err)
			if n == round {
				require.NoError(t, child.Process.Kill())
			}
		}
		require.Error(t, child.Wait(), "it was killed")
		w := teller{t, p.Open(t)}
		kept := asker{w, "claude"}.next() - 1
		assert.GreaterOrEqual(t, kept, said)
		asker{w, "claude"}.complete(kept)
	}
}
