package modeltest

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// turn takes the turn that answers c from the script: the first that fits. A model that is offered no tool calls none.
func (s *Server) turn(c *chat) (Turn, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.script.Obey {
		if does, ok := obey(c); ok {
			return does, Obeyed, nil
		}
	}
	last := texts(c.last())
	for i, t := range s.script.Turns {
		if s.played[i] && !t.Repeat || !strings.Contains(last, t.When) || len(t.Calls) > 0 && len(c.tools) == 0 {
			continue
		}
		s.played[i] = true
		return t, i, t.Expect.check(c)
	}
	return Turn{}, Refused, fmt.Errorf("no turn of the script is left for a request whose last words are %q", tail(last, 200))
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

// check says in what a request is not as it is expected.
func (e Expect) check(c *chat) error {
	var errs []error
	all := c.all()
	for _, text := range e.Has {
		if !strings.Contains(all, text) {
			errs = append(errs, fmt.Errorf("%q is expected in the request and is not there", text))
		}
	}
	for _, text := range e.Lacks {
		if strings.Contains(all, text) {
			errs = append(errs, fmt.Errorf("%q is in the request and must not be there", text))
		}
	}
	for _, name := range e.Tools {
		if !slices.Contains(c.tools, name) {
			errs = append(errs, fmt.Errorf("the tool %s is not offered, but only %s", name, strings.Join(c.tools, ", ")))
		}
	}
	if e.Alone && len(c.tools) > 0 {
		errs = append(errs, fmt.Errorf("no tool is to be offered, and there are %s", strings.Join(c.tools, ", ")))
	}
	return errors.Join(errs...)
}

// perform writes what the model does.
func (s *Server) perform(w http.ResponseWriter, r *http.Request, h handler, c *chat, t act) {
	media, parts := h.write(c, t)
	w.Header().Set("Content-Type", media)
	if t.Hold == HoldBefore && !s.wait(r) {
		return
	}
	middle := len(parts) / 2
	if len(parts) == 1 && (t.Cut || t.Hold == HoldDuring) {
		parts, middle = [][]byte{parts[0][:len(parts[0])/2], parts[0][len(parts[0])/2:]}, 1
	}
	flow := http.NewResponseController(w)
	for i, part := range parts {
		if i == middle && (t.Hold == HoldDuring && !s.wait(r) || t.Cut) {
			panic(http.ErrAbortHandler) // net/http's way to break a connection
		}
		if _, err := w.Write(part); err != nil {
			return
		}
		_ = flow.Flush() // what cannot be flushed is sent at the end
	}
}

// wait reports whether the answer may go on: not if its request was given up.
func (s *Server) wait(r *http.Request) bool {
	select {
	case s.held <- struct{}{}:
	default: // nobody counts as far
	}
	select {
	case <-s.freed:
		return true
	case <-r.Context().Done():
		return false
	}
}

// act fills in what a turn leaves open; n is the number of the request.
func (s *Server) act(c *chat, t Turn, n int) act {
	t.Calls = slices.Clone(t.Calls)
	said := len(t.Text)
	for i := range t.Calls {
		t.Calls[i].ID = fmt.Sprintf("%08d%02d", n, i+1)
		said += len(t.Calls[i].Tool) + len(t.Calls[i].Arguments)
	}
	if len(t.Calls) > 0 {
		t.Stop = cmp.Or(t.Stop, StopTools)
	}
	t.Stop = cmp.Or(t.Stop, StopEnd)
	t.Tokens.In = cmp.Or(t.Tokens.In, len(c.all())/4+1)
	t.Tokens.Out = cmp.Or(t.Tokens.Out, said/4+1)
	t.Tokens.Cached = min(t.Tokens.Cached, t.Tokens.In)
	return act{Turn: t, id: fmt.Sprintf("%08d", n), unix: s.Now().Unix()}
}
