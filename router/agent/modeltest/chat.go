package modeltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// handler speaks one wire format: it reads requests as its vendor does, refuses what its vendor refuses, and writes what the model does.
type handler interface {
	// vendor is what its paths begin with. Below it are paths to converse at, with POST, and lists of models, with GET: patterns of
	// [http.ServeMux].
	vendor() string
	paths() []string
	lists() []string
	// admit refuses a request without the right key; key is empty when any will do.
	admit(h http.Header, key string) *Failure
	// read reads a request to converse, and refuses what is wrong with it. Of a request that is refused it reads what it can.
	read(r *http.Request, body []byte) (*chat, *Failure)
	// write says what the model does in answer to c: a media type and the parts of the body.
	write(c *chat, does act) (media string, parts [][]byte)
	// list says which models there are at path.
	list(path string, models []string) any
	// fail says what went wrong: status, headers beside the usual ones, and the body.
	fail(f Failure, c *chat) (status int, h http.Header, body any)
}

// handlers are all wire formats. They keep nothing of what they read, and their schemas take some milliseconds: all servers share them.
var handlers = sync.OnceValue(func() []handler {
	return []handler{
		newOpenAI(openAIDialect()),
		newOpenAI(ollamaDialect()),
		newOpenAI(cohereDialect()),
		newOpenAI(googleDialect()),
		newAnthropic(),
		newGemini(),
	}
})

// act is a turn as it is played: its reason to stop, its tokens and the IDs of its calls are known.
type act struct {
	Turn
	id   string // of the answer, unique for the server
	unix int64  // when
}

// chat is a request to converse, whatever its wire format.
type chat struct {
	model    string
	stream   bool
	usage    bool // tokens are wanted at the end of a stream
	system   string
	tools    []string // names of those that it may call: none if it was told to call none
	schemas  string   // of the tools, as they were sent
	messages []message
}

type message struct {
	role  role
	text  string
	calls []Call
}

type role string

const (
	user      role = "user"
	assistant role = "assistant"
	tool      role = "tool"
)

// last is what was said since the model's last turn.
func (c *chat) last() []message {
	for i, m := range slices.Backward(c.messages) {
		if m.role == assistant {
			return c.messages[i+1:]
		}
	}
	return c.messages
}

// results are the texts of the tools' results.
func results(messages []message) string {
	var b strings.Builder
	for _, m := range messages {
		if m.role == tool {
			b.WriteString(m.text + "\n")
		}
	}
	return b.String()
}

func texts(messages []message) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(m.text + "\n")
	}
	return b.String()
}

// all is all that the model is told.
func (c *chat) all() string {
	var b strings.Builder
	b.WriteString(c.system + "\n" + c.schemas + "\n" + texts(c.messages))
	for _, m := range c.messages {
		for _, call := range m.calls {
			b.WriteString(call.Tool + " " + call.Arguments + "\n")
		}
	}
	return b.String()
}

// toolsIn are the tools of a request, as they were sent.
func toolsIn(body []byte) string {
	var request struct {
		Tools json.RawMessage `json:"tools"`
	}
	_ = json.Unmarshal(body, &request) // the schema says what is wrong
	return string(request.Tools)
}

// refused says in the vendor's words why a request is wrong.
func refused(format string, args ...any) *Failure {
	return &Failure{Kind: BadRequest, Message: fmt.Sprintf(format, args...)}
}

// encoded is the JSON of what this package makes itself, and can always be written.
func encoded(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return []byte(`{"error":"modeltest: ` + err.Error() + `"}`)
	}
	return data
}

// event is a server-sent event; its name may be empty.
func event(name string, data []byte) []byte {
	head := ""
	if name != "" {
		head = "event: " + name + "\n"
	}
	return []byte(head + "data: " + string(data) + "\n\n")
}

// pieces cuts a text into n or fewer parts of about the same length, between words where it can.
func pieces(text string, n int) []string {
	var parts []string
	for size := max(1, (len(text)+n-1)/n); len(text) > size; {
		at := size + strings.IndexByte(text[size:], ' ')
		if at <= size {
			for at = size; at < len(text) && text[at]&0xC0 == 0x80; at++ { // not inside a character
			}
		}
		parts, text = append(parts, text[:at]), text[at:]
	}
	if text != "" {
		parts = append(parts, text)
	}
	return parts
}
