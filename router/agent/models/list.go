package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/adapters"
)

// Listed is a provider and the models that it offers.
type Listed struct {
	Provider string   `json:"provider"`
	URL      string   `json:"url"`
	Loopback bool     `json:"loopback"`         // the URL is
	Key      string   `json:"key,omitempty"`    // where its key was found: "env ANTHROPIC_API_KEY", "config"; never the key
	Models   []string `json:"models,omitempty"` // references, sorted
	Error    string   `json:"error,omitempty"`  // why there are none, with what to do about it
}

// RunsHere reports whether the models run on this machine, as [Model].Local does.
func (l Listed) RunsHere() bool { return l.Loopback && l.Key == "" }

// listing is how a vendor lists its models.
type listing struct {
	path   string
	header string // that the key goes in
	scheme string // before the key
	field  string // that has the list
	name   string // the field of its elements that has the name
}

const itsModels = "its models" // the model of a transport that asks for the list of them

const mostList = 5 * time.Second // for a vendor to list its models

// List asks all providers which models they offer, those whose key is there, at the same time. They are sorted by name.
func (m *Models) List(ctx context.Context) []Listed { return m.list(ctx, m.offered) }

// Providers is [Models.List] without asking anybody: no provider has models in it.
func (m *Models) Providers(ctx context.Context) []Listed {
	return m.list(ctx, func(context.Context, endpoint) ([]string, error) { return nil, nil })
}

func (m *Models) list(ctx context.Context, offered func(context.Context, endpoint) ([]string, error)) []Listed {
	all := vendors()
	listed := make([]Listed, len(all))
	var wait sync.WaitGroup
	for i, v := range all {
		wait.Go(func() { listed[i] = m.offer(ctx, v, offered) })
	}
	wait.Wait()
	return listed
}

// offer is what one provider offers.
func (m *Models) offer(ctx context.Context, v vendor, offered func(context.Context, endpoint) ([]string, error)) Listed {
	l := Listed{Provider: v.Name, URL: v.Usual}
	if base, wrong := v.parse(v.written(m.settings)); wrong == nil {
		l.URL, l.Loopback = base.String(), loopback(base)
	}
	at, err := m.endpoint(ctx, v)
	if err == nil {
		l.Key = found(at.from)
		l.Models, err = offered(ctx, at)
	}
	if err != nil {
		l.Error = remedy(err)
	}
	return l
}

func remedy(err error) string {
	if problem, ok := errors.AsType[*adapters.SourceError](err); ok {
		return fmt.Sprintf("%s; fix: %s", problem.Detail, problem.Fix)
	}
	return err.Error()
}

func found(from string) string {
	switch {
	case from == "":
		return ""
	case strings.HasPrefix(from, "models."):
		return "config"
	default:
		return "env " + from
	}
}

// offered are the references of the models that a vendor lists.
func (m *Models) offered(ctx context.Context, at endpoint) ([]string, error) {
	ctx, done := context.WithTimeoutCause(ctx, mostList, fmt.Errorf("it did not answer within %s", mostList))
	defer done()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.url(at.vendor.list.path), nil)
	if err != nil {
		return nil, err
	}
	if at.key != "" {
		r.Header.Set(at.vendor.list.header, at.vendor.list.scheme+at.key)
		r.Header.Set("Anthropic-Version", "2023-06-01")
	}
	t := &transport{next: m.client, at: at, model: itsModels, now: m.now}
	response, err := t.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	refs, err := at.vendor.list.read(at.vendor.Name, response.Body)
	if err != nil {
		return nil, &adapters.SourceError{Reason: adapters.Internal, Detail: "read the list of models: " + excerpt(err.Error(), at.scrub), Fix: at.fix()}
	}
	return slices.DeleteFunc(refs, func(ref string) bool { return at.scrub(ref) != ref }), nil
}

// read takes the names out of a list of models.
func (l listing) read(provider string, body io.Reader) ([]string, error) {
	raw, err := io.ReadAll(body)
	if err != nil {
		return nil, err
	}
	whole, err := decode(raw)
	if err != nil {
		return nil, err
	}
	var refs []string
	for _, model := range objects(whole[l.field]) {
		name := provider + "/" + strings.TrimPrefix(text(model, l.name), "models/")
		if _, _, err := split(name); err == nil { // nobody could ask for another
			refs = append(refs, name)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}
