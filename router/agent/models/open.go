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
	Aliases   map[string]string   // PROVIDER/MODEL, by what they are called
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
	var faults []error
	for _, f := range s.Faults() {
		faults = append(faults, f)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("the models of %s: %w", s.File, err)
	}
	return m, nil
}

// The aliases that are always there.
const (
	aliasDefault  = "default"
	aliasResearch = "research"
)

// Fault is something that is wrong with the settings.
type Fault struct {
	Key  string // of the configuration, or the variable
	What string
	Fix  string
}

func (f Fault) Error() string { return fmt.Sprintf("%s: %s; %s", f.Key, f.What, f.Fix) }

// Faults are all that is wrong with the settings.
func (s Settings) Faults() []Fault {
	return slices.Concat(s.wrongChoices(), s.wrongAliases(), s.wrongProviders())
}

func (s Settings) wrongChoices() (faults []Fault) {
	for _, own := range []struct{ key, ref string }{{"models.default", s.Default}, {"models.research", s.Research}} {
		_, alias := s.Aliases[own.ref]
		if _, _, err := split(own.ref); own.ref != "" && !alias && err != nil {
			faults = append(faults, Fault{own.key, err.Error(), "write provider/model, or add the alias to models.aliases"})
		}
	}
	return faults
}

func (s Settings) wrongAliases() (faults []Fault) {
	for _, name := range slices.Sorted(maps.Keys(s.Aliases)) {
		switch _, _, err := split(s.Aliases[name]); {
		case name == "" || name == aliasDefault || name == aliasResearch || strings.ContainsAny(name, "/ \t\r\n"):
			faults = append(faults, Fault{"models.aliases", fmt.Sprintf("%q cannot be an alias", name), "choose a word other than default and research, without a slash"})
		case err != nil:
			faults = append(faults, Fault{"models.aliases", fmt.Sprintf("%s: %s", name, err), "write NAME=PROVIDER/MODEL"})
		}
	}
	return faults
}

func (s Settings) wrongProviders() (faults []Fault) {
	for _, name := range slices.Sorted(maps.Keys(s.Providers)) {
		v, err := vendorOf(name)
		switch {
		case err != nil:
			faults = append(faults, Fault{"models." + name, err.Error(), "leave it out"})
		case s.Providers[name].URL != "":
			if _, wrong := v.parse(v.written(s)); wrong != nil {
				faults = append(faults, *wrong)
			}
		}
	}
	return faults
}

// Resolve returns the PROVIDER/MODEL that a reference stands for; an empty one stands for the default. The error is an
// [*adapters.SourceError]: notConfigured when there is no default, unsupported when there is no such alias or provider.
func (m *Models) Resolve(ref string) (string, error) {
	ref = strings.TrimSpace(ref)
	if own := cmp.Or(ref, aliasDefault); (own == aliasDefault || own == aliasResearch && m.settings.Research == "") && m.settings.Default == "" {
		return "", &adapters.SourceError{Reason: adapters.NotConfigured, Detail: "no model is chosen",
			Fix: fmt.Sprintf("set models.default in %s, for instance to ollama/gemma4:31b, or give one with the question (--model, over MCP `model`); clanker models list shows what there is", m.settings.File)}
	}
	name := m.follow(cmp.Or(ref, aliasDefault))
	if _, _, err := split(name); err != nil {
		return "", &adapters.SourceError{Reason: adapters.Unsupported, Detail: err.Error(), Fix: "write PROVIDER/MODEL, or an alias: " + fixList, Err: err}
	}
	return name, nil
}

const fixList = "clanker models list"

// follow is what a reference stands for. What the settings say for those that are always there may be an alias itself.
func (m *Models) follow(ref string) string {
	switch ref {
	case aliasDefault:
		ref = m.settings.Default
	case aliasResearch:
		ref = cmp.Or(m.settings.Research, m.settings.Default)
	}
	return cmp.Or(m.settings.Aliases[ref], ref)
}

const longestName = 200 // bytes of a model's name

// split takes a reference that is no alias apart.
func split(ref string) (vendor, string, error) {
	name, model, ok := strings.Cut(ref, "/")
	if !ok {
		return vendor{}, "", fmt.Errorf("there is no alias %.60q", ref)
	}
	v, err := vendorOf(name)
	if err != nil {
		return vendor{}, "", err
	}
	strange := func(r rune) bool { return r <= ' ' || r >= 0x7f || name == google && !inPath(r) }
	if model == "" || len(model) > longestName || strings.ContainsFunc(model, strange) {
		return vendor{}, "", fmt.Errorf("%.60q cannot be a model of %s", model, name)
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
	if v.Name == ollama {
		opened.context = func(ctx context.Context) int { return m.given(ctx, at, model) }
	}
	return opened, nil
}
