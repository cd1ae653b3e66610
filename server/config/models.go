package config

import (
	"fmt"
	"iter"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/intents/strict"
	"clanker/router"
	"clanker/router/agent"
	"clanker/router/agent/models"
)

// Models says which models look into questions that no intent covers, and what they may cost.
type Models struct {
	Default   string   // provider/model or an alias; empty: no model is used unless a question names one
	Research  string   // the same, for research; empty: Default
	Aliases   []string // NAME=PROVIDER/MODEL
	Anthropic Vendor
	OpenAI    Vendor
	Google    Vendor
	Cohere    Vendor
	Ollama    Vendor
	Prices    string // file with prices that go over the built-in ones; empty: none
	Steps     int    // requests to the model for one question
	Seconds   int    // for one question
	Tokens    int    // of one question
	Cents     int    // US cents for one question
	Daily     Daily
}

// Vendor says how the models of one provider are reached.
type Vendor struct {
	Key Secret // none: the provider's usual variable
	URL string // empty: the provider's usual variable, then its usual address
}

// Daily is what all questions of a UTC day may use together.
type Daily struct {
	Cents  int // US cents
	Tokens int // of models whose price is not known
}

// Vendor returns what is said of the provider of that name; nil if there is none.
func (m *Models) Vendor(name string) *Vendor {
	return map[string]*Vendor{"anthropic": &m.Anthropic, "cohere": &m.Cohere, "google": &m.Google, "ollama": &m.Ollama, "openai": &m.OpenAI}[name]
}

// Named are the aliases in their order: what each is called, and its PROVIDER/MODEL.
func (m *Models) Named() iter.Seq2[string, string] {
	return func(yield func(name, ref string) bool) {
		for _, alias := range m.Aliases {
			if !yield(partAlias(alias)) {
				return
			}
		}
	}
}

func partAlias(text string) (name, ref string) {
	name, ref, _ = strings.Cut(text, "=")
	return name, ref
}

// Settings are what is said here, for [models.New]. How keys are found is not in it.
func (m *Models) Settings() models.Settings {
	s := models.Settings{Default: m.Default, Research: m.Research, Aliases: maps.Collect(m.Named()), Providers: map[string]models.Provider{}}
	for _, name := range models.VendorNames() {
		s.Providers[name] = models.Provider{URL: m.Vendor(name).URL}
	}
	return s
}

// modelKeys are about the models that look into what no intent covers.
func modelKeys() []Key {
	return slices.Concat([]Key{
		{Path: "models.default", Type: ModelRef, Example: "ollama/gemma4:31b", Live: true,
			Doc: "Model that looks into questions that no intent covers. Without this key none does, whatever keys are in\n" +
				"the environment, unless a question names one. What it reads of your infrastructure goes to its provider.",
			field: func(c *Config) any { return &c.Models.Default }},
		{Path: "models.research", Type: ModelRef, Example: "anthropic/claude-opus-4-6", Live: true,
			Doc:   "Model for questions that ask for a cause: a stronger one. Without this key it is models.default.",
			field: func(c *Config) any { return &c.Models.Research }},
		{Path: "models.aliases", Type: Aliases, Example: "[fast=google/gemini-2.5-flash]", Live: true,
			Doc:   "Short names for models, for the keys above and for questions.",
			field: func(c *Config) any { return &c.Models.Aliases }},
	}, vendorKeys(), budgetKeys())
}

func vendorKeys() (keys []Key) {
	titles := map[string]string{"anthropic": "Anthropic", "cohere": "Cohere", "google": "Google", "ollama": "Ollama", "openai": "OpenAI, or of a server that speaks its protocol"}
	for _, v := range models.Vendors() {
		section, title, usual := "models."+v.Name, titles[v.Name], v.Usual
		if v.Host != "" {
			usual = "$" + v.Host + " or " + usual
		}
		if v.Keys != nil {
			keys = append(keys, Key{Path: section + ".key", Type: Hidden, Example: "{file: " + v.Name + ".key}", Live: true,
				Doc: "API key of " + title + ". Without it $" + strings.Join(v.Keys, " or $") + " is used.\n" +
					"It is looked up when a model is asked; a command runs once, and again on SIGHUP or if its key is refused.",
				field: func(c *Config) any { return &c.Models.Vendor(v.Name).Key }})
		}
		keys = append(keys, Key{Path: section + ".url", Type: URL, Example: v.Usual, Live: true,
			Doc:   "Address of " + title + ".\nWithout it " + usual + " is used.",
			field: func(c *Config) any { return &c.Models.Vendor(v.Name).URL }})
	}
	return keys
}

func budgetKeys() []Key {
	usual, number := agent.DefaultLimits(), strconv.Itoa
	cents := func(c router.Cost) string { return strconv.FormatInt(*c/10_000, 10) }
	return []Key{
		{Path: "models.prices", Type: Path, Example: "prices.yaml", Live: true,
			Doc: "File with prices of models, over the built-in ones. What a model costs that is in neither is unknown,\n" +
				"and models.daily.tokens limits it.",
			field: func(c *Config) any { return &c.Models.Prices }},
		{Path: "models.steps", Type: Number, Default: number(usual.Steps), Min: 1, Max: 100, Unit: "requests", Live: true,
			Doc:   "How many requests to the model one question may take, besides the one that has it conclude.",
			field: func(c *Config) any { return &c.Models.Steps }},
		{Path: "models.seconds", Type: Number, Default: number(int(usual.Time / time.Second)), Min: 5, Max: 3600, Unit: "seconds", Live: true,
			Doc: "How long a model may look into one question. Many agents give up after 60 seconds; a local model may\n" +
				"need more.",
			field: func(c *Config) any { return &c.Models.Seconds }},
		{Path: "models.tokens", Type: Number, Default: number(usual.Tokens), Min: 20_000, Max: 100_000_000, Unit: "tokens", Live: true,
			Doc:   "How many tokens, in and out, one question may take; the first request alone may take some 17000.",
			field: func(c *Config) any { return &c.Models.Tokens }},
		{Path: "models.cents", Type: Number, Default: cents(usual.Cost), Min: 1, Max: 100_000, Unit: "US cents", Live: true,
			Doc:   "What one question may cost.",
			field: func(c *Config) any { return &c.Models.Cents }},
		{Path: "models.daily.cents", Type: Number, Default: cents(usual.Daily), Min: 1, Max: 10_000_000, Unit: "US cents", Live: true,
			Doc: "What all questions of a day, in UTC, may cost together. A request that could go beyond it is not made.\n" +
				"\"clanker models usage\" tells what was spent.",
			field: func(c *Config) any { return &c.Models.Daily.Cents }},
		{Path: "models.daily.tokens", Type: Number, Default: number(usual.DailyUnpriced), Min: 1000, Max: 1_000_000_000, Unit: "tokens", Live: true,
			Doc:   "The same for models whose price is not known.",
			field: func(c *Config) any { return &c.Models.Daily.Tokens }},
	}
}

// What an alias may be called, and what may be written where a model is named. A model has the name that its provider gives it.
const (
	aliasName       = `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`
	modelName       = `[!-~]{1,200}`
	aliasPattern    = `^` + aliasName + `=[a-z]+/` + modelName + `$`
	modelRefPattern = `^([a-z]+/` + modelName + `|` + aliasName + `)$`
	urlPattern      = `^https?://[^/?#@\s]+(/[^?#\s]*)?$`
)

// names holds a text to a pattern, and the reference in it to the providers that there are. Whether there is such an alias is seen
// when all is read.
func (k Key) names(text, pattern, ref string) problem {
	if !regexp.MustCompile(pattern).MatchString(text) {
		return problem{fmt.Sprintf("%q names no model", text), k.remedy()}
	}
	known := models.VendorNames()
	if name, _, whole := strings.Cut(ref, "/"); whole && !slices.Contains(known, name) {
		return problem{fmt.Sprintf("there is no provider of models %q", name), strict.Suggest(name, "", known)}
	}
	return problem{}
}

// webAddress holds a value to a URL that requests can go to. What is wrong with it may be a password: it is not repeated.
func (k Key) webAddress(text string) problem {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || !regexp.MustCompile(urlPattern).MatchString(text) {
		return problem{"this is no plain URL", k.remedy()}
	}
	return problem{}
}

// models checks what is right only together: names of aliases, and keys that would travel unencrypted.
func (l *loader) models() {
	known := l.faults // of single values; they are not told twice
	var names []string
	for name := range l.config.Models.Named() {
		if slices.Contains(names, name) {
			l.together("models.aliases", problem{fmt.Sprintf("there are two aliases %q", name), "keep one of them"})
		}
		names = append(names, name)
	}
	for _, f := range l.config.Models.Settings().Faults() {
		if !slices.ContainsFunc(known, func(k strict.Fault) bool { return k.Where == f.Key }) {
			l.together(f.Key, problem{f.What, f.Fix})
		}
	}
}

// together notes a fault of a key that is right by itself.
func (l *loader) together(path string, p problem) { l.faultAt(l.config.origins[path], path, p) }
