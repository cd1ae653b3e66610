package bridge

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A workspace that comes back, in its place or elsewhere, does not know the session: the client does not notice.
func TestARestartIsNotNoticed(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		first := start(t, "first", "")
		place := placeOf(t, first)
		c := begin(t, place, "")
		c.open()
		c.send(ask(1))
		assert.Contains(t, c.next(), `"by":"first"`)
		first.kill()
		addr := first.Listener.Addr().String()
		if elsewhere {
			addr = ""
		}
		second := start(t, "second", addr)
		publish(t, place, second)
		c.send(ask(2))
		assert.Contains(t, c.next(), `"by":"second"`)
		c.end()
		assert.Len(t, second.saw(http.MethodPost, hello), 1)
		assert.Len(t, second.saw(http.MethodPost, ready), 1)
		assert.Len(t, second.saw(http.MethodDelete, ""), 1)
	}
}

// A session may end while its workspace goes on.
func TestAnEndedSessionIsOpenedAnew(t *testing.T) {
	w := start(t, "one", "")
	c := begin(t, placeOf(t, w), "")
	c.open()
	c.send(ask(1))
	c.next()
	w.mu.Lock()
	w.sessions["one-0"] = false
	w.mu.Unlock()
	c.send(ask(2))
	assert.Contains(t, c.next(), `"id":2`)
	calls := w.saw(http.MethodPost, `"id":2`)
	require.Len(t, calls, 2)
	assert.Equal(t, "one-1", calls[1].header.Get(sessionHeader))
	c.end()
}

// A workspace that is gone for good is replaced by one of this process, which is told who the client is.
func TestWhenTheWorkspaceIsGoneItServesAlone(t *testing.T) {
	for opened, told := range map[bool]string{true: `"told":["initialize","notifications/initialized","tools/call"]`, false: `"told":["tools/call"]`} {
		w := start(t, "one", "")
		c := begin(t, placeOf(t, w), "")
		if opened {
			c.open()
		}
		c.send(ask(1))
		assert.Contains(t, c.next(), `"by":"one"`)
		w.kill()
		c.send(ask(2))
		line := c.next()
		assert.Contains(t, line, `"by":"alone",`+told)
		assert.Contains(t, line, `"id":2`)
		c.send(ask(3))
		assert.Contains(t, c.next(), `"id":3`)
		c.end()
		assert.Contains(t, c.logs.String(), "serving alone from here on")
	}
}

// Many questions on their way while the workspace goes: each is answered exactly once.
func TestEveryQuestionIsAnsweredOnceWhenTheWorkspaceGoes(t *testing.T) {
	w := start(t, "one", "")
	c := begin(t, placeOf(t, w), "")
	c.open()
	go func() {
		for id := range 100 {
			if id == 50 {
				w.kill()
			}
			c.send(ask(id))
		}
	}()
	answers := map[string]int{}
	for range 100 {
		answers[string(look([]byte(c.next())).ID)]++
	}
	assert.Len(t, answers, 100)
	c.end()
}

// What may have been worked on is not sent again.
func TestWhatMayHaveArrivedIsNotRepeated(t *testing.T) {
	w := start(t, "one", "")
	w.answer = func(out http.ResponseWriter, _ *http.Request, m message) {
		if string(m.ID) == "2" { // it is cut off in the middle
			out.Header().Set("Content-Length", "1000")
			w.say(out, m)
			return
		}
		conn, _, err := http.NewResponseController(out).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	c := begin(t, placeOf(t, w), "")
	for id := 1; id <= 2; id++ {
		c.send(ask(id))
		line := c.next()
		assert.Contains(t, line, `"code":-32603`)
		assert.Contains(t, line, "ended before it answered")
		assert.Len(t, w.saw(http.MethodPost, fmt.Sprintf(`"id":%d`, id)), 1)
	}
	c.end()
}

// One that opens a session and then fails is not half used.
func TestAWorkspaceThatFailsToTakeOverIsLeft(t *testing.T) {
	first := start(t, "first", "")
	place := placeOf(t, first)
	c := begin(t, place, "")
	c.open()
	c.send(ask(1))
	c.next()
	first.kill()
	second := start(t, "second", "")
	second.odd = func(out http.ResponseWriter, _ *http.Request, m message) bool {
		if m.Method == initialized {
			out.WriteHeader(http.StatusBadGateway)
		}
		return m.Method == initialized
	}
	publish(t, place, second)
	c.send(ask(2))
	assert.Contains(t, c.next(), `"by":"alone"`)
	assert.Never(t, func() bool { return len(second.saw(http.MethodGet, "")) > 0 }, 200*time.Millisecond, 10*time.Millisecond)
	c.end()
}

func TestRecordsAreForTheirOwnerOnly(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	place, err := Locate("demo", "/home/me/.kube/config")
	require.NoError(t, err)
	other, err := Locate("demo/home", "/me/.kube/config")
	require.NoError(t, err)
	assert.NotEqual(t, place, other)
	w := start(t, "one", "")
	withdraw, err := place.Publish(w.record())
	require.NoError(t, err)
	for name, want := range map[string]os.FileMode{place.path: 0o600, place.path[:strings.LastIndex(place.path, "/")]: 0o700} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		assert.Equal(t, want, info.Mode().Perm(), name)
	}
	next := start(t, "two", "")
	take, err := place.Publish(next.record())
	require.NoError(t, err)
	require.NoError(t, withdraw())
	_, err = os.Stat(place.path)
	require.NoError(t, err, "it is not ours any more")
	require.NoError(t, take())
	_, err = os.Stat(place.path)
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, take())
}

func TestWithoutARuntimeFolderTheCacheServes(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", "relative")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", home)
	place, err := Locate()
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(place.path, home), place.path)
}

func TestRecordsAreNotBelieved(t *testing.T) {
	w := start(t, "one", "")
	place := placeOf(t, w)
	found, err := place.Find(t.Context(), server0())
	require.NoError(t, err)
	assert.Equal(t, w.record(), found)
	for says, text := range map[string]string{
		"cannot unmarshal":         `[]`,
		"unexpected end of JSON":   `{"url":`,
		"not the record":           `{"url":"https://127.0.0.1:1/mcp","instance":"one"}`,
		"not the record of":        `{"url":"http://203.0.113.7:80/mcp","instance":"one"}`,
		"not the record of a":      `{"url":"http://localhost:80/mcp","instance":"one"}`,
		"not the record of a work": `{"url":"http://me:secret@127.0.0.1:80/mcp","instance":"one"}`,
		"\"\" is not the record":   `{}`,
		"pid 7 is gone":            `{"url":"http://127.0.0.1:1/mcp","instance":"one","pid":7}`,
		"another one is at":        fmt.Sprintf(`{"url":%q,"instance":"other"}`, w.URL+"/mcp"),
	} {
		require.NoError(t, os.WriteFile(place.path, []byte(text), 0o600))
		_, err := place.Find(t.Context(), server0())
		assert.ErrorContains(t, err, says)
	}
}
