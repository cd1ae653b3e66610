package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInspectFindsWhatDecides(t *testing.T) {
	got, err := inspect([]byte(`{"jsonrpc":"2.0","id":9007199254740991,"method":"tools/call","params":{"name":"x","arguments":{"name":"y","ID":[1,{"id":2}]}}}`))
	require.NoError(t, err)
	id, err := json.Marshal(got.id)
	require.NoError(t, err)
	assert.Equal(t, "9007199254740991", string(id))
	assert.Equal(t, "tools/call", got.method)
	assert.Equal(t, "x", got.tool)
}

func TestInspectRefusesWhatCouldBeReadInTwoWays(t *testing.T) {
	for raw, says := range map[string]string{
		``:                               "cut off after 0 bytes",
		`{`:                              "cut off after 1 bytes",
		`{"id":`:                         "cut off",
		`{"id":"x`:                       "cut off",
		`{"id":null}`:                    "id must be a string, or a whole number",
		`{"id":true}`:                    "id must be",
		`{"id":{}}`:                      "id must be",
		`{"id":[1]}`:                     "id must be",
		`{"id":1.5}`:                     "id must be",
		`{"id":9007199254740993}`:        "id must be",
		`{"id":-1e999}`:                  "id must be",
		`{"params":{"name":["x"`:         "cut off",
		`{"id":1,}`:                      "is not JSON",
		`{id:1}`:                         "is not JSON",
		`nul`:                            "cut off",
		`7`:                              "a message is a JSON object",
		`null`:                           "a message is a JSON object",
		`[{"id":1}]`:                     "one message at a time",
		`{"id":1}{"id":2}`:               "something follows",
		`{"id":1} x`:                     "something follows",
		`{"id":1,"id":2}`:                `key "id" stands twice`,
		`{"params":{"a":{"b":1,"b":1}}}`: `key "b" stands twice`,
		`{"a":1,"\u0061":2}`:             `key "a" stands twice`,
		`{"METHOD":"x"}`:                 `key "METHOD" must be written "method"`,
		`{"paramſ":{}}`:                  `must be written "params"`,
		`{"params":{"Name":"x"}}`:        `key "Name" must be written "name"`,
		`{"params":{"ARGUMENTS":{}}}`:    `must be written "arguments"`,
		`{"params":{"uri":"","URI":""}}`: `key "URI" must be written "uri"`,
		"{\"id\":\"\xff\"}":              "not UTF-8",
		strings.Repeat(`{"a":`, 65) + `1` + strings.Repeat(`}`, 65): "nests deeper than 64 levels",
		strings.Repeat(`[`, maxMessage):                             "one message at a time",
		`{"a":` + strings.Repeat(`[`, maxMessage):                   "nests deeper than 64 levels",
	} {
		_, err := inspect([]byte(raw))
		assert.ErrorContains(t, err, says, "%.60s", raw)
	}
}

// Whatever inspect lets through, encoding/json reads the same way.
func FuzzInspect(f *testing.F) {
	f.Add([]byte(callBody("clanker_route_question", question)))
	f.Add([]byte(`{"id":1,"ID":2}`))
	f.Add([]byte(`{"params":{"name":"a","name":"b"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := inspect(raw)
		if err != nil {
			assert.NotEmpty(t, err.Error())
			return
		}
		var loose struct {
			Method any
			Params json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &loose))
		method, _ := loose.Method.(string)
		assert.Equal(t, method, got.method)
		var params struct{ Name any }
		if json.Unmarshal(loose.Params, &params) == nil {
			tool, _ := params.Name.(string)
			assert.Equal(t, tool, got.tool)
		}
	})
}

// What a message calls or reads is refused before mcp-go sees it, with the code and the data of the message's revision.
func TestAdmitRefusesWhatIsNotThere(t *testing.T) {
	s, _ := newServer(echo, oneConnection)
	s.needs = map[string]string{"clanker_version": "sampling"}
	const modern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{%s}}`
	for message, want := range map[string]string{
		`"method":"tools/list"`:             ``,
		`"method":"tools/li`:                `-32700 null`,
		`"method":"tools/list","Params":{}`: `-32600 null`,
		`"method":"resources/read","params":{"uri":"clanker://nothing"}`:                                                `-32002 {"uri":"clanker://nothing"}`,
		`"method":"resources/read","params":{"uri":"clanker://providersX"}`:                                             `-32002 {"uri":"clanker://providersX"}`,
		`"method":"resources/read","params":{}`:                                                                         `-32002 {"uri":""}`,
		`"method":"resources/read","params":{"uri":"clanker://answers/01X",` + fmt.Sprintf(modern, ``) + `}`:            `-32602 {"uri":"clanker://answers/01X"}`,
		`"method":"resources/read","params":{"uri":"clanker://providers"}`:                                              ``,
		`"method":"tools/call","params":{"name":"kubectl"}`:                                                             `-32602 null`,
		`"method":"tools/call","params":{"name":"clanker_version"}`:                                                     ``, // what the client can do was said by initialize
		`"method":"tools/call","params":{"name":"clanker_version",` + fmt.Sprintf(modern, `"roots":{}`) + `}`:           `-32021 {"requiredCapabilities":{"sampling":{}}}`,
		`"method":"tools/call","params":{"name":"clanker_version",` + fmt.Sprintf(modern, `"sampling":{}`) + `}`:        ``,
		`"method":"tools/call","params":{"name":"clanker_route_question",` + fmt.Sprintf(modern, `"roots":{}`) + `}`:    ``,
		`"method":"tools/call","params":{"name":"clanker_version","x":{"sampling":{}},` + fmt.Sprintf(modern, ``) + `}`: `-32021 {"requiredCapabilities":{"sampling":{}}}`,
	} {
		_, refused := s.admit([]byte(`{"jsonrpc":"2.0","id":1,` + message + `}`))
		got := ""
		if refused != nil {
			data, err := json.Marshal(refused.Error.Data)
			require.NoError(t, err)
			got = fmt.Sprintf("%d %s", refused.Error.Code, data)
		}
		assert.Equal(t, want, got, message)
	}
}
