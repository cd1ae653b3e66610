package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"clanker/server"
)

const (
	sessionHeader = "Mcp-Session-Id"
	versionHeader = "Mcp-Protocol-Version"
	jsonMedia     = "application/json"
	eventMedia    = "text/event-stream"
)

var (
	// errToken means that the workspace wants another token, and has not looked at the message.
	errToken = errors.New("the workspace wants another token than the configuration of this process leads to: see clanker config show")
	// errSession means that the workspace does not know the session, and has not looked at the message.
	errSession = errors.New("the workspace does not know the session")
	// errInterrupted means that the message arrived, and its answer did not.
	errInterrupted = errors.New("interrupted: the workspace ended before it answered; ask again")
	errNoStream    = errors.New("the workspace has no stream")
)

// shown is the token that the workspace is shown.
func (b *bridge) shown() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.token
}

// request makes a request with the headers that a message needs.
func (b *bridge) request(ctx context.Context, method string, to line, m message, text []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, to.record.URL, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	set := func(name, value string) {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	set("Content-Type", jsonMedia)
	set("Accept", jsonMedia+", "+eventMedia)
	if token := b.shown(); token != "" {
		set("Authorization", "Bearer "+token)
	}
	switch {
	case m.modern():
		set(versionHeader, m.Params.Meta.Version)
		set("Mcp-Method", m.Method)
		set("Mcp-Name", headerValue(m.name()))
	case m.Method != initialize:
		set(sessionHeader, to.session)
		set(versionHeader, to.version)
	}
	return request, nil
}

// post sends a message and hands every message of the answer to take. What an initialize agrees on is noted in to.
func (b *bridge) post(ctx context.Context, to *line, m message, text []byte, take func([]byte)) error {
	request, err := b.request(ctx, http.MethodPost, *to, m, text)
	if err != nil {
		return fmt.Errorf("pass the message on: %w", err)
	}
	response, err := b.client.Do(request)
	if errors.Is(err, server.ErrUnreachable) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", errInterrupted, err)
	}
	defer func() { _ = response.Body.Close() }() // it was read, or is not wanted any more
	if response.StatusCode == http.StatusUnauthorized {
		return errToken
	}
	if response.StatusCode == http.StatusNotFound && request.Header.Get(sessionHeader) != "" {
		return errSession
	}
	r := &reply{bridge: b, to: m, line: to, session: response.Header.Get(sessionHeader), take: take}
	err = messages(response, r.message)
	if err == nil && m.request() && !r.answered {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return fmt.Errorf("%w (%w)", errInterrupted, err)
	}
	return nil
}

// reply is what the workspace answers to a message.
type reply struct {
	bridge   *bridge
	to       message
	line     *line
	session  string
	take     func([]byte)
	answered bool
}

// message takes one message of the reply.
func (r *reply) message(data []byte) error {
	a, err := lookAnswer(data)
	if err != nil {
		return err
	}
	if !r.to.answerable() {
		r.bridge.log.Warn("the workspace refused a message that wants no answer", "method", r.to.Method, "answer", string(data))
		return nil
	}
	if a.Method == "" && r.to.request() && !a.identified() { // an error from before the message was read
		if data, err = withID(data, r.to.ID); err != nil {
			return err
		}
	}
	r.answered = r.answered || a.Method == ""
	if r.to.Method == initialize && a.Result.Version != "" {
		r.line.session, r.line.version = r.session, a.Result.Version
	}
	r.take(data)
	return nil
}

// answer is what the bridge has to know of what the workspace says.
type answer struct {
	message
	Result struct {
		Version string `json:"protocolVersion"`
	} `json:"result"`
}

func lookAnswer(data []byte) (a answer, err error) {
	var fields struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Result json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(data, &fields); err != nil {
		return answer{}, fmt.Errorf("the workspace answered with what is no message: %w", err)
	}
	a.ID, a.Method = fields.ID, fields.Method
	_ = json.Unmarshal(fields.Result, &a.Result) // a result of another form has no version
	return a, nil
}

// messages hands every message of an answer to take, until one is an error.
func messages(response *http.Response, take func([]byte) error) error {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // none is no type that is known
	switch {
	case media == eventMedia:
		return readEvents(response.Body, take)
	case media == jsonMedia:
		data, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		return take(data)
	case response.StatusCode == http.StatusAccepted || response.StatusCode == http.StatusOK && response.ContentLength == 0:
		return nil
	}
	return fmt.Errorf("the workspace answers %s", response.Status)
}

// again is how long to wait before a stream that ended is opened anew.
const again = time.Second

// watch passes on what the workspace says by itself, as long as the client is there and the workspace is the one it has to
// do with. Without a session it says nothing.
func (b *bridge) watch(to line) {
	if to.session == "" {
		return
	}
	b.wait.Go(func() {
		retry := time.NewTicker(again)
		defer retry.Stop()
		for b.watching.Err() == nil && b.where().moves == to.moves {
			err := b.stream(to)
			if errors.Is(err, errSession) {
				b.move(to, err)
				return
			}
			if errors.Is(err, errNoStream) {
				return
			}
			select {
			case <-retry.C:
			case <-b.watching.Done():
			}
		}
	})
}

// stream reads what the workspace says by itself until one of the two ends.
func (b *bridge) stream(to line) error {
	request, err := b.request(b.watching, http.MethodGet, to, message{}, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", eventMedia)
	response, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it ended
	switch {
	case response.StatusCode == http.StatusNotFound:
		return errSession
	case response.StatusCode != http.StatusOK:
		return errNoStream
	}
	return messages(response, func(data []byte) error { b.out.send(data); return nil })
}
