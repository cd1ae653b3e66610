package models

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// wire is how a vendor's API is spoken, as far as langchaingo's client for it needs help.
type wire interface {
	// request mends what the client sends; a closing turn is streamed, and calls no tools.
	request(fields map[string]json.RawMessage, closing bool) error
	// relents reports whether the vendor refused, in these words, something that the wire can do without; from now on it does.
	relents(words string) bool
	// answer makes of what the vendor answered what the client can read.
	answer(whole object) error
	// event adds what a stream brings to what it brought before.
	event(said object, so *gathered)
	// whole is what an answer that was not streamed would have been.
	whole(so *gathered) object
	// code is the HTTP status of a failure that comes with the status 200.
	code(failure object) int
}

// object is a JSON object, whose numbers are [json.Number].
type object = map[string]any

func decode(raw []byte) (object, error) {
	var o object
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&o); err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errors.New("it is null")
	}
	return o, nil
}

// objects are those among the elements of a list.
func objects(list any) []object {
	var all []object
	elements, _ := list.([]any)
	for _, e := range elements {
		if o, ok := e.(object); ok {
			all = append(all, o)
		}
	}
	return all
}

// mostParts is how many parts of an answer count, calls and blocks: more than a model writes. Each that is empty takes three bytes of
// an answer, and hundreds when clients have read it.
const mostParts = 1024

// parts are the objects in a list of an answer.
func parts(list any) []object {
	elements, _ := list.([]any)
	return objects(elements[:min(len(elements), mostParts)])
}

func text(o object, key string) string { s, _ := o[key].(string); return s }

// gathered is what a stream has brought so far.
type gathered struct {
	text    strings.Builder
	refusal strings.Builder
	stop    string
	usage   object
	ended   bool
	fresh   string // what the last event brought of the text
}

func (g *gathered) add(text string) {
	g.text.WriteString(text)
	g.fresh += text
}

// count takes over what is said of tokens: later events say more of it.
func (g *gathered) count(usage any) {
	u, _ := usage.(object)
	for key, n := range u {
		if g.usage == nil {
			g.usage = object{}
		}
		if n != nil {
			g.usage[key] = n
		}
	}
}

// gather reads a stream to its end. One that stops before the model did was cut off.
func (t *transport) gather(body io.Reader, stream func(string) error) (object, error) {
	var so gathered
	lines := bufio.NewReader(body)
	for !so.ended {
		line, err := lines.ReadBytes('\n')
		if said, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			if err := t.event(bytes.TrimSpace(said), &so, stream); err != nil {
				return nil, err
			}
		}
		if errors.Is(err, io.EOF) && so.stop != "" {
			break
		}
		if err != nil && !so.ended {
			return nil, fmt.Errorf("the answer was cut off: %w", err)
		}
	}
	return t.wire.whole(&so), nil
}

// event takes one event of a stream in. What is no JSON is a comment of somebody in between.
func (t *transport) event(raw []byte, so *gathered, stream func(string) error) error {
	if string(raw) == "[DONE]" {
		so.ended = true
		return nil
	}
	so.fresh = ""
	if said, err := decode(raw); err == nil {
		if err := t.inBand(said, raw); err != nil {
			return err
		}
		t.wire.event(said, so)
	}
	if so.fresh == "" {
		return nil
	}
	return stream(so.fresh)
}

// memory has what a model must be told again of its own turns, by the ID of a call in it.
type memory struct {
	mu   sync.Mutex
	kept map[string]any
	ids  []string // in the order in which they came
}

const mostKept = 512 // calls that a memory has: many more than a conversation has

func (m *memory) keep(id string, what any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[string]any{}
	}
	if _, ok := m.kept[id]; !ok {
		m.ids = append(m.ids, id)
	}
	m.kept[id] = what
	if len(m.ids) > mostKept {
		delete(m.kept, m.ids[0])
		m.ids = m.ids[1:]
	}
}

func (m *memory) of(id string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[id]
}

// joined returns the messages with each run of one role made one, if join can.
func joined(messages []object, join func(into, more object) bool) []object {
	var turns []object
	for _, message := range messages {
		if last := len(turns) - 1; last < 0 || turns[last]["role"] != message["role"] || !join(turns[last], message) {
			turns = append(turns, message)
		}
	}
	return turns
}

// change decodes a list, has it changed, and puts it back.
func change(fields map[string]json.RawMessage, key string, by func(list []object) []object) error {
	whole, err := decode(fmt.Appendf(nil, `{"it":%s}`, fields[key]))
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	raw, err := json.Marshal(by(objects(whole["it"])))
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	fields[key] = raw
	return nil
}
