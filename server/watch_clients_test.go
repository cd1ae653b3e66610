package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/router"
)

// oftenURI is a question that is asked often, for tests that wait for what a real client hears.
const oftenURI = watchURI + "up?every=20ms"

// The official client subscribes, hears of a change, reads it, and hears nothing any more when it has unsubscribed or is gone:
// in every revision, over both transports.
func TestOfficialClientsWatch(t *testing.T) {
	for _, revision := range sdk.SupportedProtocolVersions() {
		t.Run("http/"+revision, func(t *testing.T) {
			e := &estate{}
			s, _ := newServer(e.answer, oneConnection)
			addr, stop := serve(t, s)
			subscribed(t, s, e, revision, &sdk.StreamableClientTransport{Endpoint: "http://" + addr + "/mcp"})
			stop()
		})
		t.Run("stdio/"+revision, func(t *testing.T) {
			e := &estate{}
			s, _ := newServer(e.answer, oneConnection)
			in, toServer := io.Pipe()
			fromServer, out := io.Pipe()
			done := make(chan error, 1)
			go func() { done <- s.ServeStdio(context.Background(), in, out) }()
			subscribed(t, s, e, revision, &sdk.IOTransport{Reader: fromServer, Writer: toServer})
			require.NoError(t, <-done)
		})
	}
}

func subscribed(t *testing.T, s *Server, e *estate, revision string, transport sdk.Transport) {
	s.watches.least = time.Millisecond
	heard := make(chan string, 100)
	client := sdk.NewClient(&sdk.Implementation{Name: "official", Version: "1"}, &sdk.ClientOptions{
		ResourceUpdatedHandler: func(_ context.Context, n *sdk.ResourceUpdatedNotificationRequest) { heard <- n.Params.URI }})
	session, err := client.Connect(t.Context(), transport, &sdk.ClientSessionOptions{ProtocolVersion: revision})
	require.NoError(t, err)
	assert.True(t, session.InitializeResult().Capabilities.Resources.Subscribe)

	subscribe := func(uri string) <-chan error {
		result := make(chan error, 1)
		go func() { result <- session.Subscribe(t.Context(), &sdk.SubscribeParams{URI: uri}) }()
		return result
	}
	if refused := <-subscribe(watchURI + "what%20is%20love"); revision < "2026" { // the newest has no way to tell its caller
		assert.ErrorContains(t, refused, "nearest intents: health.services")
		assert.ErrorContains(t, <-subscribe(providersURI), "are not told")
	}
	subscribe(oftenURI)
	require.Eventually(t, func() bool { return len(e.questions("watch")) > 4 }, 10*time.Second, time.Millisecond)
	assert.Empty(t, heard)

	e.change()
	assert.Equal(t, oftenURI, <-heard)
	assert.True(t, readDelta(t, session).Changed)
	assert.False(t, readDelta(t, session).Changed, "what was read is no news")

	require.NoError(t, session.Unsubscribe(t.Context(), &sdk.UnsubscribeParams{URI: oftenURI}))
	idle(t, s)
	e.change()
	subscribe(watchURI + "others?every=20ms")
	require.Eventually(t, func() bool { return len(s.watches.stages()) == 1 }, 10*time.Second, time.Millisecond)
	assert.NoError(t, session.Close())
	idle(t, s)
	assert.Empty(t, heard, "what was unsubscribed from, and what did not change")
}

// readDelta reads the watched question and returns what its answer says of changes.
func readDelta(t *testing.T, session *sdk.ClientSession) router.Delta {
	t.Helper()
	read, err := session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: oftenURI})
	require.NoError(t, err)
	var answer router.Answer
	require.NoError(t, json.Unmarshal([]byte(read.Contents[0].Text), &answer))
	require.NotNil(t, answer.Delta, read.Contents[0].Text)
	return *answer.Delta
}

// stages are the questions that are asked at present.
func (w *watches) stages() (of []watched) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for question := range w.asked {
		of = append(of, question)
	}
	return of
}

// idle waits until nothing is asked any more.
func idle(t *testing.T, s *Server) {
	t.Helper()
	require.Eventually(t, func() bool { return len(s.watches.stages()) == 0 }, 10*time.Second, time.Millisecond)
}

// Sessions that come and go leave nothing running.
func TestWatchersLeaveNothingBehind(t *testing.T) {
	e := &estate{}
	s, _ := newServer(e.answer, oneConnection)
	s.watches.least = time.Millisecond
	addr, _ := serve(t, s)
	round := func() {
		client := sdk.NewClient(&sdk.Implementation{Name: "brief", Version: "1"}, nil)
		session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: "http://" + addr + "/mcp"},
			&sdk.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
		require.NoError(t, err)
		require.NoError(t, session.Subscribe(t.Context(), &sdk.SubscribeParams{URI: oftenURI}))
		require.NoError(t, session.Close())
		idle(t, s)
	}
	round()
	before := runtime.NumGoroutine()
	for range 20 {
		round()
	}
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+5 }, 10*time.Second, 10*time.Millisecond,
		"%d goroutines before", before)
	assert.Empty(t, s.watches.sessions)
}

// listenBody opens a stream of subscriptions, as the newest revision does.
func listenBody(uris ...string) string {
	list, _ := json.Marshal(uris) // strings
	return `{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":` + string(list) +
		`},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
}

var modern = []string{"Accept", both, "Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "subscriptions/listen"}

// On a stream the acknowledgement comes first, however fast things change; what follows names the stream, and nothing else but
// the resource. The stream does not hold up the end of the server.
func TestStreamOfSubscriptions(t *testing.T) {
	e := &estate{}
	s, _ := newServer(func(ctx context.Context, q router.Question) (router.Answer, error) {
		e.change()
		return e.answer(ctx, q)
	}, oneConnection)
	s.watches.least = time.Microsecond
	addr, stop := serve(t, s)
	heard := make(chan response)
	uris := []string{watchURI + "a?every=1ms", watchURI + "b?every=1ms", answersURI + "01J"}
	go func() { heard <- send(t, "POST", "http://"+addr+"/mcp", listenBody(uris...), modern...) }()
	require.Eventually(t, func() bool { return len(e.questions("watch")) > 20 }, 10*time.Second, time.Millisecond)
	began := time.Now()
	stop()
	assert.Less(t, time.Since(began), 8*time.Second)
	messages := events(t, (<-heard).body)
	require.Greater(t, len(messages), 2)
	assert.JSONEq(t, `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7},`+
		`"notifications":{"resourceSubscriptions":["clanker://watch/a?every=1ms","clanker://watch/b?every=1ms","clanker://answers/01J"]}}}`, messages[0])
	for _, message := range messages[1:] {
		assert.Regexp(t, `^{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":7},"uri":"clanker://watch/[ab]\?every=1ms"}}$`, message)
	}
	idle(t, s)
}

// Of a stream that asks for something which cannot be watched nothing is opened, and nothing is left.
func TestRefusedSubscriptions(t *testing.T) {
	e := &estate{}
	s, _ := newServer(e.answer, oneConnection)
	addr, _ := serve(t, s)
	url := "http://" + addr + "/mcp"
	got := send(t, "POST", url, listenBody(upURI, watchURI+"what%20is%20love"), modern...)
	assert.Equal(t, http.StatusBadRequest, got.status)
	assert.Contains(t, got.body, "nearest intents: health.services")
	idle(t, s)

	subscribe := func(uri string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"` + uri + `"}}`
	}
	assert.Contains(t, send(t, "POST", url, subscribe(upURI)).body, "changes are told on the stream of a session: initialize")
	session := send(t, "POST", url, initialize).header.Get("Mcp-Session-Id")
	for uri, want := range map[string]string{upURI: `"result":{}`, "clanker://answers/01J": `"result":{}`, providersURI: "are not told",
		watchURI + "up?every=1s": "every 1m0s at most", "clanker://nothing": "unknown resource"} {
		assert.Contains(t, send(t, "POST", url, subscribe(uri), "Mcp-Session-Id", session).body, want, uri)
	}
	send(t, "DELETE", url, "", "Mcp-Session-Id", session)
	idle(t, s)
}
