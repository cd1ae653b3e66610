package bridge

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The methods that mean something to the bridge, too.
const (
	initialize  = "initialize"
	initialized = "notifications/initialized"
	cancelled   = "notifications/cancelled"
	listen      = "subscriptions/listen" // answered for as long as the client is there
)

// message is what the bridge has to know of one.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name      string          `json:"name"`
		URI       string          `json:"uri"`
		RequestID json.RawMessage `json:"requestId"`
		Meta      struct {
			Version string `json:"io.modelcontextprotocol/protocolVersion"`
		} `json:"_meta"`
	} `json:"params"`
}

// look reads what it can of a line. What is no message is empty: the workspace says what is wrong with it.
func look(line []byte) (m message) {
	if json.Unmarshal(line, &m) != nil {
		return message{}
	}
	return m
}

func (m message) identified() bool { return len(m.ID) > 0 && string(m.ID) != "null" }

// request reports whether somebody waits for an answer.
func (m message) request() bool { return m.Method != "" && m.identified() }

// answerable reports whether there may be an answer: to a request, and to what is no message at all.
func (m message) answerable() bool { return m.request() || m.Method == "" && !m.identified() }

// modern reports whether the message is of a revision without sessions, and says so itself.
func (m message) modern() bool { return m.Params.Meta.Version >= "2026-07-28" }

// name is what the header Mcp-Name repeats; empty for a message that has none.
func (m message) name() string {
	switch m.Method {
	case "tools/call", "prompts/get":
		return m.Params.Name
	case "resources/read":
		return m.Params.URI
	}
	return ""
}

// headerValue spells a text so that a header can carry it.
func headerValue(text string) string {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	if strings.ContainsFunc(text, unprintable) || strings.TrimSpace(text) != text || strings.HasPrefix(text, "=?base64?") {
		return "=?base64?" + base64.StdEncoding.EncodeToString([]byte(text)) + "?="
	}
	return text
}

// withID returns a message with another id.
func withID(line []byte, id json.RawMessage) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return nil, fmt.Errorf("give %.80q another id: %w", line, err)
	}
	fields["id"] = id
	return json.Marshal(fields)
}

// failure is the answer to a message that could not be delivered, or whose answer did not come.
func failure(m message, err error) []byte {
	id := m.ID
	if !m.identified() {
		id = json.RawMessage("null")
	}
	line, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": id, // strings, and an id that was JSON
		"error": map[string]any{"code": -32603, "message": err.Error()}})
	return line
}

// readEvents calls take with the data of each event of a stream (text/event-stream), until the stream ends or take fails.
func readEvents(stream io.Reader, take func(data []byte) error) error {
	reader := bufio.NewReader(stream)
	var data []byte
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // what is not followed by an empty line is no event
			return nil
		}
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		if text, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(append(data, bytes.TrimPrefix(text, []byte(" "))...), '\n')
		}
		if len(line) == 0 && len(data) > 0 {
			if err := take(data); err != nil {
				return err
			}
			data = nil
		}
	}
}
