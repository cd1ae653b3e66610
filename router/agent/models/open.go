package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// Settings are what people say about models.
type Settings struct {
	Default   string              // reference of the model for a question that names none; empty: such questions have no model
	Research  string              // reference of the stronger one, which is called "research"; empty: Default
	Aliases   map[string]string   // references, by what they are called
	Providers map[string]Provider // by name; what is missing has the vendor's variables and its usual URL
	Getenv    func(string) string // the environment; nil: an empty one
	File      string              // where these settings are written, for errors to name; empty: "the config"
}

// Provider is what is set for one of them, over its variables.
type Provider struct {
	Key func(context.Context) (string, error) // nil: the vendor's variable
	URL string                                // empty: the vendor's variable, and then its usual URL
}

// Models opens models. It is safe for concurrent use.
type Models struct {
	settings Settings
	client   http.RoundTripper
	now      func() time.Time
	wait     func(context.Context, time.Duration) error
}

// New returns the models that the settings describe, or all that is wrong with the settings.
func New(s Settings) (*Models, error) {
	if s.Getenv == nil {
		s.Getenv = func(string) string { return "" }
	}
	s.File = cmp.Or(s.File, "the config")
	m := &Models{settings: s, client: newConnections(), now: time.Now, wait: sleep}
	if err := m.faults(); err != nil {
		return nil, fmt.Errorf("the models of %s: %w", s.File, err)
	}
	return m, nil
}

// The aliases that are always there.
const (
	aliasDefault  = "default"
	aliasResearch = "research"
)

func (m *Models) faults() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, own := range []struct{ key, ref string }{{"models.default", m.settings.Default}, {"models.research", m.settings.Research}} {
		if _, err := m.follow(own.ref); own.ref != "" && err != nil {
			fault("%s: %w", own.key, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.settings.Aliases)) {
		switch _, err := m.follow(name); {
		case name == "" || name == aliasDefault || name == aliasResearch || strings.ContainsAny(name, "/ \t\r\n"):
			fault("models.aliases: %q cannot be an alias: choose a word other than default and research, without a slash", name)
		case err != nil:
			fault("models.aliases: %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.settings.Providers)) {
		v, err := vendorOf(name)
		if err == nil && m.settings.Providers[name].URL != "" {
			_, err = m.address(v)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// Resolve returns the PROVIDER/MODEL that a reference stands for; an empty one stands for the default. The error is an
// [*adapters.SourceError]: notConfigured when there is no default, unsupported when there is no such alias or provider.
func (m *Models) Resolve(ref string) (string, error) {
	ref = strings.TrimSpace(ref)
	if own := cmp.Or(ref, aliasDefault); (own == aliasDefault || own == aliasResearch && m.settings.Research == "") && m.settings.Default == "" {
		return "", &adapters.SourceError{Reason: adapters.NotConfigured, Detail: "no model is chosen",
			Fix: fmt.Sprintf("set models.default in %s, for instance to ollama/gemma4:31b, or give one with the question (--model, over MCP `model`); clanker models list shows what there is", m.settings.File)}
	}
	name, err := m.follow(cmp.Or(ref, aliasDefault))
	if err != nil {
		return "", &adapters.SourceError{Reason: adapters.Unsupported, Detail: err.Error(), Fix: fixList, Err: err}
	}
	return name, nil
}

const fixList = "clanker models list"

// follow takes a reference through the aliases to what is none.
func (m *Models) follow(ref string) (string, error) {
	for seen := []string{ref}; ; seen = append(seen, ref) {
		to, alias := m.alias(ref)
		if !alias {
			_, _, err := split(ref)
			return ref, err
		}
		ref = to
		if slices.Contains(seen, ref) {
			return "", fmt.Errorf("the aliases go round in a circle: %s: name a model as PROVIDER/MODEL", strings.Join(append(seen, ref), ", "))
		}
	}
}

func (m *Models) alias(ref string) (to string, ok bool) {
	switch ref {
	case aliasDefault:
		return m.settings.Default, true
	case aliasResearch:
		return cmp.Or(m.settings.Research, m.settings.Default), true
	}
	to, ok = m.settings.Aliases[ref]
	return to, ok
}

const longestName = 200 // bytes of a model's name

// split takes a reference that is no alias apart.
func split(ref string) (vendor, string, error) {
	name, model, ok := strings.Cut(ref, "/")
	if !ok {
		return vendor{}, "", fmt.Errorf("there is no alias %.60q: write PROVIDER/MODEL", ref)
	}
	v, err := vendorOf(name)
	if err != nil {
		return vendor{}, "", err
	}
	strange := func(r rune) bool { return r <= ' ' || r >= 0x7f || name == google && !inPath(r) }
	if model == "" || len(model) > longestName || strings.ContainsFunc(model, strange) {
		return vendor{}, "", fmt.Errorf("%.60q cannot be a model of %s: write PROVIDER/MODEL", model, name)
	}
	return v, model, nil
}

// inPath reports whether a character is one of the names that Google has for models. They go into a path: with others a name could
// lead elsewhere at Google, or be a second one for a model whose price is known by the first.
func inPath(r rune) bool {
	return r == '-' || r == '.' || r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// Open returns the model of a reference, see [Models.Resolve], with its provider's key. Nothing is sent to it. The error is an
// [*adapters.SourceError]: noCredentials when the key is missing, or that of [Models.Resolve]; or that of ctx.
func (m *Models) Open(ctx context.Context, ref string) (*Model, error) {
	name, err := m.Resolve(ref)
	if err != nil {
		return nil, err
	}
	v, model, err := split(name)
	if err != nil {
		return nil, err
	}
	at, err := m.endpoint(ctx, v)
	if err != nil {
		return nil, err
	}
	llm, err := v.open(ctx, at, model, &http.Client{Transport: m.transport(at, model)})
	if err != nil {
		return nil, &adapters.SourceError{Reason: adapters.Internal, Detail: at.scrub(fmt.Sprintf("open %s: %s", name, err)), Fix: fixList}
	}
	opened := Wrap(name, llm)
	opened.Local, opened.now, opened.wait, opened.scrub = at.local(), m.now, m.wait, at.scrub
	return opened, nil
}
