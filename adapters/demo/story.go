package demo

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"clanker/adapters"
)

//go:embed story.yaml
var storyYAML string

// story is story.yaml: what there is at its beginning, and what happens to it. Every time in it is an offset from the
// start of the workspace: -47m is the past, +30m is still to come.
type story struct {
	Places      map[string]place             // by the name that resources use for it
	Calls       map[string]map[string]string // by provider, then kind (or changes, logs): the call that would list it
	Connections []connection
	Resources   []resource
	Events      []event // in order of time
	Logs        []logLines
}

// place is where resources live, and with which provider.
type place struct {
	Provider       string
	adapters.Scope `yaml:",inline"`
}

type connection struct {
	In      string // place
	Name    string
	Detail  string
	Default bool
}

// resource is one thing of the estate as it is before the first event.
type resource struct {
	In        string // place
	Kind      adapters.Kind
	Name      string
	Zone      string
	Since     time.Duration // since when it is as it is
	Labels    map[string]string
	Relations map[adapters.RelationType][]string // to references: place/kind/name, or kind/name in the same place, and what proves it: (env DB_HOST)
	Link      string
	State     state `yaml:",inline"`
}

// ref is how the rest of the story names the resource.
func (r resource) ref() string { return r.In + "/" + string(r.Kind) + "/" + r.Name }

// event changes the state of one resource, or of two that change together.
type event struct {
	At       time.Duration
	Resource string // reference: place/kind/name
	Event    string // what the changes have in common: "checkout-api revision 8"
	Actor    string
	Set      state
	Tells    []told            // besides what Set changes
	do       func(state) state // instead of Set: what a command does
}

// told is a change that shows in nothing a read brings: of a variable, of the content of a ConfigMap, or what a provider's events
// say.
type told struct {
	Field         string
	Before, After any
}

// logLines is a line that the pods of a workload write in turn.
type logLines struct {
	Resource  string // reference of the workload
	Container string
	From      time.Duration
	Until     time.Duration // zero: it goes on
	Every     time.Duration // zero: once
	Previous  bool          // written by the run before the last restart
	Text      string        // {n} is which line of its kind it is
}

// state is what events can change. An absent field stays as it was.
type state struct {
	Health     adapters.Health
	Reason     string // {ready} is how many of the replicas are
	Image      string
	Replicas   *int
	Ready      *int   // replicas that are; all of them unless said
	Waiting    string // why the pods that are not ready are not: CrashLoopBackOff
	Restarts   int    // of each pod
	CPU        *usage // of each pod, in cores
	Memory     *usage // of each pod, in MiB
	Attributes map[string]any
	Metrics    map[string]float64

	restarted time.Time   // when a command did so
	replaced  map[int]int // how often commands deleted a pod, by its number; nobody writes to it
}

type usage struct{ Usage, Request, Limit float64 }

// load reads a story strictly: an unknown key, a wrong type or a reference to nothing is an error, where the text itself
// is wrong as file:line:column.
func load(file, text string) (*story, error) {
	var s story
	if err := decode(text, &s); err != nil {
		return nil, located(file, err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &s, nil
}

// decode contains the library's panics: a tag where a list belongs is one, as fuzzing found.
func decode(text string, s *story) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("this YAML cannot be read: %v", failure)
		}
	}()
	return yaml.UnmarshalWithOptions([]byte(text), s, yaml.Strict())
}

func located(file string, err error) error {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	position := at.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s", file, position.Line, position.Column, at.GetMessage())
}

// check finds what is well-formed but means nothing, and brings attributes to the types of the vocabulary.
func (s *story) check() error {
	known := map[string]bool{}
	for i := range s.Resources {
		r := &s.Resources[i]
		switch {
		case known[r.ref()]:
			return fmt.Errorf("resource %s is there twice: remove one", r.ref())
		case s.call(r.In, string(r.Kind)) == "":
			return fmt.Errorf("resource %s: its place or the call that lists it is missing: add it to places or calls", r.ref())
		}
		known[r.ref()] = true
		if err := r.State.normalise(); err != nil {
			return fmt.Errorf("resource %s: %w", r.ref(), err)
		}
	}
	return errors.Join(s.checkReferences(known), s.checkEvents())
}

func (s *story) checkReferences(known map[string]bool) error {
	var faults []error
	refers := func(from, to string) {
		if !known[to] {
			faults = append(faults, fmt.Errorf("%s refers to %s, which is not a resource (place/kind/name)", from, to))
		}
	}
	for _, r := range s.Resources {
		for _, edge := range s.edges(r) {
			refers(r.ref(), edge.Target)
		}
	}
	for _, e := range s.Events {
		refers("an event", e.Resource)
	}
	for _, l := range s.Logs {
		refers("a log line", l.Resource)
	}
	for _, c := range s.Connections {
		if s.Places[c.In].Provider == "" {
			faults = append(faults, fmt.Errorf("connection %s: no place %q", c.Name, c.In))
		}
	}
	return errors.Join(faults...)
}

func (s *story) checkEvents() error {
	for i := range s.Events {
		if i > 0 && s.Events[i].At < s.Events[i-1].At {
			return fmt.Errorf("event of %s at %s comes after a later one: sort the events", s.Events[i].Resource, s.Events[i].At)
		}
		err := s.Events[i].Set.normalise()
		for _, t := range s.Events[i].Tells {
			err = errors.Join(err, t.check())
		}
		if err != nil {
			return fmt.Errorf("event of %s at %s: %w", s.Events[i].Resource, s.Events[i].At, err)
		}
	}
	return nil
}

func (t told) check() error {
	for _, value := range []any{t.Before, t.After} {
		if _, isText := value.(string); value != nil && !isText {
			return fmt.Errorf("it tells of %s: %v is not a text", t.Field, value)
		}
	}
	if t.Field == "" || t.Before == t.After {
		return fmt.Errorf("it tells of %q: a field and what it was or is are missing", t.Field)
	}
	return nil
}

func (s *state) normalise() error {
	for _, n := range []*int{s.Replicas, s.Ready} {
		if n != nil && (*n < 0 || *n > maxReplicas) {
			return fmt.Errorf("%d replicas: from 0 to %d", *n, maxReplicas)
		}
	}
	for _, u := range []*usage{s.CPU, s.Memory} {
		if u != nil && u.Request <= 0 {
			return errors.New("cpu and memory need a request above zero")
		}
	}
	for key, value := range s.Attributes {
		fit, err := attribute(value)
		if err != nil {
			return fmt.Errorf("attribute %s: %w", key, err)
		}
		s.Attributes[key] = fit
	}
	return nil
}

// maxReplicas keeps a slip of the finger from filling the memory.
const maxReplicas = 1000

// attribute converts a YAML value to one that [adapters.Resource] allows.
func attribute(value any) (any, error) {
	switch value := value.(type) {
	case string, bool, float64:
		return value, nil
	case uint64:
		return float64(value), nil
	case int64:
		return float64(value), nil
	case []any:
		words := make([]string, len(value))
		for i, word := range value {
			words[i] = fmt.Sprint(word)
		}
		return words, nil
	}
	return nil, fmt.Errorf("%T is not a string, boolean, number or list of strings", value)
}

// call is the call that would list a kind in a place, or its changes or logs; empty if there is none.
func (s *story) call(in, what string) string {
	where := s.Places[in]
	return where.expand(s.Calls[where.Provider][what])
}

// expand fills the placeholders of a call: "kubectl get pods -n {namespace} --context {cluster}". It returns nothing if
// the call is for a namespace and the place is none.
func (p place) expand(call string) string {
	if p.Namespace == "" && strings.Contains(call, "{namespace}") {
		return ""
	}
	return strings.NewReplacer("{account}", p.Account, "{region}", p.Region, "{cluster}", p.Cluster,
		"{namespace}", p.Namespace).Replace(call)
}
