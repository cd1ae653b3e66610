//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
)

// revisions are the protocol revisions that agents speak; "" is the bare POST, which names none.
var revisions = [...]string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "", "2026-07-28"}

// agent is one client of one revision, written out by hand so that it can break off anywhere.
type agent struct {
	url, name, revision, session string
	http                         *http.Client
}

func newAgent(url, name, revision string) *agent {
	return &agent{url: url, name: name, revision: revision, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
}

func (a *agent) hasSessions() bool { return a.revision != "" && !a.modern() }

func (a *agent) modern() bool { return a.revision == mcp.ProtocolVersion20260728 }

// refused is an HTTP status that is not success.
type refused struct {
	status int
	header http.Header
	body   string
}

func (r *refused) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.body) }

// answered is the reply to a question.
type answered struct {
	ID     any
	Error  *struct{ Message string }
	Result struct {
		IsError           bool
		StructuredContent struct{ AnswerID, Question, Summary string }
	}
}

// open starts a session, in those revisions that have one.
func (a *agent) open(ctx context.Context) error {
	if !a.hasSessions() {
		return nil
	}
	a.session = ""
	response, err := a.send(ctx, "begin", "initialize", map[string]any{"protocolVersion": a.revision,
		"capabilities": map[string]any{}, "clientInfo": map[string]any{"name": a.name, "version": "1"}})
	if err != nil {
		return err
	}
	var begun struct {
		Result struct{ ProtocolVersion string }
	}
	if err := decodeReply(response, &begun); err != nil {
		return err
	}
	if begun.Result.ProtocolVersion != a.revision {
		return fmt.Errorf("asked for revision %s, got %s", a.revision, begun.Result.ProtocolVersion)
	}
	a.session = response.Header.Get(mcp.HeaderSessionID)
	return a.notify(ctx, "notifications/initialized", map[string]any{})
}

// close ends the session.
func (a *agent) close(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, a.url, nil)
	if err != nil {
		return err
	}
	request.Header.Set(mcp.HeaderSessionID, a.session)
	response, err := a.do(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// ask asks a question under an id of the caller's.
func (a *agent) ask(ctx context.Context, id, question string) (answered, error) {
	response, err := a.send(ctx, id, "tools/call", map[string]any{"name": "clanker_route_question", "arguments": map[string]any{"question": question}})
	if err != nil {
		return answered{}, err
	}
	var reply answered
	return reply, decodeReply(response, &reply)
}

func (a *agent) notify(ctx context.Context, method string, params map[string]any) error {
	response, err := a.send(ctx, nil, method, params)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// listen opens the stream of the session.
func (a *agent) listen(ctx context.Context) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set(mcp.HeaderSessionID, a.session)
	return a.do(request)
}

// send posts one message; without an id it is a notification.
func (a *agent) send(ctx context.Context, id any, method string, params map[string]any) (*http.Response, error) {
	message := map[string]any{"jsonrpc": "2.0", "method": method, "params": params}
	if id != nil {
		message["id"] = id
	}
	if a.modern() {
		params["_meta"] = map[string]any{mcp.MetaKeyProtocolVersion: a.revision, mcp.MetaKeyClientCapabilities: map[string]any{},
			mcp.MetaKeyClientInfo: map[string]any{"name": a.name, "version": "1"}}
	}
	body, err := json.Marshal(message)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	a.head(request.Header, method, params)
	return a.do(request)
}

// head sets the headers that the revision asks for.
func (a *agent) head(header http.Header, method string, params map[string]any) {
	header.Set("Content-Type", "application/json")
	header.Set("Accept", "application/json, text/event-stream")
	if a.session != "" {
		header.Set(mcp.HeaderSessionID, a.session)
	}
	if a.revision >= mcp.ProtocolVersion20250618 && method != "initialize" {
		header.Set(mcp.HeaderProtocolVersion, a.revision)
	}
	if a.modern() {
		header.Set(mcp.HeaderMethod, method)
		if name, ok := params["name"].(string); ok {
			header.Set(mcp.HeaderName, name)
		}
	}
}

func (a *agent) do(request *http.Request) (*http.Response, error) {
	response, err := a.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 == 2 {
		return response, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return nil, &refused{response.StatusCode, response.Header, string(body)}
}

// decodeReply reads the one message of a response, or the last of a stream.
func decodeReply(response *http.Response, into any) error {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		return json.Unmarshal(body, into)
	}
	last := ""
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			last = data
		}
	}
	return json.Unmarshal([]byte(last), into)
}
