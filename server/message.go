package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mark3labs/mcp-go/mcp"
)

// maxMessage is the most bytes that one message may have.
const maxMessage = 256 << 10

// maxDepth is how deeply a message may nest.
const maxDepth = 64

// errNotJSON is an error of [inspect] about the text; the others are about what it says.
var errNotJSON = errors.New("the message is not JSON")

// message is what [inspect] learns about a JSON-RPC message.
type message struct {
	id      mcp.RequestId
	dialect string // jsonrpc
	method  string
	tool    string        // params.name
	uri     string        // params.uri
	cancels mcp.RequestId // params.requestId
	// What messages of a revision without sessions say each: the revision, and who the client claims to be.
	version, client string
	able            []string // what the client says it can do, in a message of such a revision
	response        bool     // an answer to a request of ours
}

// asks reports whether the message wants an answer.
func (m message) asks() bool { return m.method != "" && !m.id.IsNil() }

// cancelling reports whether the message takes a request back.
func (m message) cancelling() bool {
	return m.method == string(mcp.MethodNotificationCancelled) && m.id.IsNil()
}

// capabilities is where a message of a revision without sessions says what its client can do.
const capabilities = "/params/_meta/io.modelcontextprotocol/clientCapabilities"

// protocolKeys are the keys that decide what a message means, by the object they stand in.
var protocolKeys = map[string][]string{
	"": {"jsonrpc", "id", "method", "params", "result", "error"},
	"/params": {"name", "arguments", "_meta", "task", "uri", "cursor", "level", "ref", "argument", "notifications",
		"protocolVersion", "capabilities", "clientInfo"},
}

// inspect checks that every reader of the message understands it alike: one complete JSON object in UTF-8, no key twice
// in any object, protocol keys in their own case. The error says what is wrong and where.
func inspect(raw []byte) (message, error) {
	if !utf8.Valid(raw) {
		return message{}, fmt.Errorf("%w: it is not UTF-8", errNotJSON)
	}
	in := inspector{tokens: json.NewDecoder(bytes.NewReader(raw))}
	in.tokens.UseNumber()
	if err := in.message(); err != nil {
		return message{}, in.explain(err)
	}
	return in.found, nil
}

type inspector struct {
	tokens *json.Decoder
	found  message
}

func (in *inspector) message() error {
	first, err := in.tokens.Token()
	switch {
	case err != nil:
		return err
	case first == json.Delim('['):
		return errors.New("batches are not part of MCP any more: send one message at a time")
	case first != json.Delim('{'):
		return errors.New(`a message is a JSON object: {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{...}}`)
	}
	if err := in.object("", 1); err != nil {
		return err
	}
	if _, err := in.tokens.Token(); err != io.EOF {
		return errors.New("something follows the message: send exactly one JSON object")
	}
	return nil
}

// value reads one value; place is where it stands, as a JSON pointer.
func (in *inspector) value(place string, depth int) error {
	token, err := in.tokens.Token()
	if err != nil {
		return err
	}
	if _, nests := token.(json.Delim); nests && depth >= maxDepth {
		return fmt.Errorf("the message nests deeper than %d levels", maxDepth)
	}
	switch token {
	case json.Delim('{'):
		return in.object(place, depth+1)
	case json.Delim('['):
		return in.list(place, depth+1)
	}
	in.note(place, token)
	return nil
}

// identify takes the message's id. mcp-go takes any value for one, null for none at all, and answers a number with the
// float64 nearest to it, which the client does not know.
func (in *inspector) identify() error {
	token, err := in.tokens.Token()
	if err != nil {
		return err
	}
	number, _ := token.(json.Number)
	whole, err := number.Float64()
	if _, text := token.(string); !text && (err != nil || whole != math.Trunc(whole) || math.Abs(whole) >= 1<<53) {
		return errors.New("id must be a string, or a whole number below 2^53: nothing else comes back as it was sent")
	}
	in.found.id = mcp.NewRequestId(token)
	return nil
}

func (in *inspector) object(place string, depth int) error {
	seen := map[string]bool{}
	for in.tokens.More() {
		token, err := in.tokens.Token()
		if err != nil {
			return err
		}
		key := token.(string) // an object's keys are strings, or Token fails
		if seen[key] {
			return fmt.Errorf("key %.80q stands twice in one object: send it once", key)
		}
		seen[key] = true
		if err := properCase(place, key); err != nil {
			return err
		}
		in.found.response = in.found.response || place == "" && (key == "result" || key == "error")
		if place == capabilities {
			in.found.able = append(in.found.able, key)
		}
		if err := in.member(place+"/"+key, depth); err != nil {
			return err
		}
	}
	_, err := in.tokens.Token()
	return err
}

// member reads the value of one key of an object.
func (in *inspector) member(place string, depth int) error {
	if place == "/id" {
		return in.identify()
	}
	return in.value(place, depth)
}

func (in *inspector) list(place string, depth int) error {
	for in.tokens.More() {
		if err := in.value(place+"/-", depth); err != nil {
			return err
		}
	}
	_, err := in.tokens.Token()
	return err
}

func (in *inspector) note(place string, token json.Token) {
	switch place {
	case "/jsonrpc":
		in.found.dialect, _ = token.(string)
	case "/method":
		in.found.method, _ = token.(string)
	case "/params/_meta/" + mcp.MetaKeyProtocolVersion:
		in.found.version, _ = token.(string)
	case "/params/clientInfo/name", "/params/_meta/" + mcp.MetaKeyClientInfo + "/name": // the former when it initializes
		in.found.client, _ = token.(string)
	case "/params/requestId":
		in.found.cancels = mcp.NewRequestId(token)
	case "/params/uri":
		in.found.uri, _ = token.(string)
	case "/params/name":
		in.found.tool, _ = token.(string)
	}
}

func (in *inspector) explain(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it is cut off after %d bytes, send the whole JSON object", errNotJSON, in.tokens.InputOffset())
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: %w at byte %d", errNotJSON, err, syntax.Offset)
	}
	return fmt.Errorf("%w (at byte %d)", err, in.tokens.InputOffset())
}

func properCase(place, key string) error {
	for _, proper := range protocolKeys[place] {
		if key != proper && strings.EqualFold(key, proper) {
			return fmt.Errorf("key %q must be written %q", key, proper)
		}
	}
	return nil
}

// admit checks a message, and whether what it calls or reads exists. The second value is the reply to one that is refused,
// nil when mcp-go may have it, which would take the tool for an internal error and the resource for one of its own.
//
// What a tool needs of the client is checked here as well: mcp-go has the error for it, but makes -32603 without data of
// whatever a handler returns (handlerError in its server/handler_errors.go; no issue reports it as of v1.2.1).
func (s *Server) admit(raw []byte) (message, *mcp.JSONRPCError) {
	m, err := inspect(raw)
	switch {
	case errors.Is(err, errNotJSON):
		return m, refusal(m.id, mcp.PARSE_ERROR, err.Error())
	case err != nil:
		return m, refusal(m.id, mcp.INVALID_REQUEST, err.Error())
	case m.dialect != mcp.JSONRPC_VERSION:
		return m, refusal(m.id, mcp.INVALID_REQUEST, `the message must say "jsonrpc":"2.0"`)
	case m.method == "" && !m.response:
		return m, refusal(m.id, mcp.INVALID_REQUEST, `the message has no method: {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{...}}`)
	case m.method == string(mcp.MethodToolsCall) && !slices.Contains(s.names, m.tool):
		return m, refusal(m.id, mcp.INVALID_PARAMS, fmt.Sprintf("unknown tool %.80q: params.name is one of %s", m.tool, strings.Join(s.names, ", ")))
	case m.method == string(mcp.MethodToolsCall) && mcp.IsModernProtocol(m.version) && s.needs[m.tool] != "" && !slices.Contains(m.able, s.needs[m.tool]):
		return m, incapable(m, s.needs[m.tool])
	case m.method == string(mcp.MethodResourcesRead) && s.missing(m.uri) != "":
		return m, s.notFound(m)
	}
	return m, nil
}

// incapable refuses a call of a tool that needs a client which can do more.
func incapable(m message, capability string) *mcp.JSONRPCError {
	return new(mcp.NewJSONRPCError(m.id, mcp.MISSING_REQUIRED_CLIENT_CAPABILITY,
		fmt.Sprintf("%s needs a client that declares the capability %s", m.tool, capability),
		map[string]any{"requiredCapabilities": map[string]any{capability: struct{}{}}}))
}

// notFound refuses to read a resource that is not there, with the code of the message's revision.
func (s *Server) notFound(m message) *mcp.JSONRPCError {
	code := mcp.RESOURCE_NOT_FOUND
	if mcp.IsModernProtocol(m.version) {
		code = mcp.INVALID_PARAMS
	}
	return new(mcp.NewJSONRPCError(m.id, code, s.missing(m.uri), map[string]any{"uri": m.uri}))
}

func refusal(id mcp.RequestId, code int, text string) *mcp.JSONRPCError {
	return new(mcp.NewJSONRPCError(id, code, text, nil))
}
