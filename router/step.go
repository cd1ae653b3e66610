package router

import (
	"context"
	"strings"
	"sync"

	"clanker/adapters"
)

// steps tells an asker how the answer gets on, one step at a time; nil, for an asker who does not want to know, tells
// nobody.
type steps struct {
	mu   sync.Mutex
	tell func(text string)
	last string
}

func newSteps(tell func(text string)) *steps {
	if tell == nil {
		return nil
	}
	return &steps{tell: tell}
}

// say tells a step, unless it is the last one again: reads that run at the same time ask the same providers.
func (s *steps) say(words ...string) {
	if s == nil {
		return
	}
	text := strings.Join(words, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	if text != s.last {
		s.last = text
		s.tell(text)
	}
}

// watched returns a context whose reads tell their steps.
func (s *steps) watched(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return adapters.WithWatcher(ctx, func(done, waiting []string) {
		switch {
		case len(done) == 0:
			s.say("asking ", strings.Join(waiting, ", "))
		case len(waiting) > 0:
			s.say(strings.Join(done, ", "), " done, waiting for ", strings.Join(waiting, ", "))
		}
	})
}
