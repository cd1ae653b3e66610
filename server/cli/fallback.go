package cli

import (
	"context"
	"reflect"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/router"
	"clanker/router/agent"
	"clanker/router/agent/cost"
	"clanker/router/agent/models"
	"clanker/server/config"
	"clanker/server/reload"
)

// fallback looks into what no intent covers, by the models that are configured.
type fallback struct {
	*agent.Agent
	keys     *modelKeys
	models   *models.Models // as first configured: for commands that end soon
	settings agent.Settings // those in use; only the reloader's goroutine touches them once it runs
}

var _ router.Fallback = (*fallback)(nil)

// fallback makes one, which enters what it spends in the books. No key is looked for, and nobody is asked, before a question needs it.
func (a *app) fallback(books agent.Books) (f *fallback, err error) {
	f = &fallback{keys: &modelKeys{masks: &a.known}}
	var s agent.Settings
	if s, f.models, err = a.modelSettings(f.keys); err != nil {
		return nil, err
	}
	f.settings, f.Agent = s, agent.New(agent.Options{Settings: s, Books: books, Now: a.now})
	return f, nil
}

// Answer forgets the keys when one is refused: the next question looks for them anew.
func (f *fallback) Answer(ctx context.Context, q router.Question, desk *router.Desk) (router.Finding, error) {
	finding, err := f.Agent.Answer(ctx, q, desk)
	if p := finding.Problem; p != nil && p.Reason == adapters.ExpiredCredentials {
		f.keys.forget()
	}
	return finding, err
}

// modelSettings are what the configuration says of models.
func (a *app) modelSettings(keys *modelKeys) (agent.Settings, *models.Models, error) {
	opened, err := a.models(keys)
	if err != nil {
		return agent.Settings{}, nil, err
	}
	c := a.config.Models
	prices, err := cost.Load(c.Prices)
	if err != nil {
		return agent.Settings{}, nil, err
	}
	limits := agent.DefaultLimits()
	limits.Steps, limits.Time, limits.Tokens, limits.Cost = c.Steps, time.Duration(c.Seconds)*time.Second, c.Tokens, cents(c.Cents)
	limits.Daily, limits.DailyUnpriced = cents(c.Daily.Cents), c.Daily.Tokens
	return agent.Settings{Models: opened, Research: c.Research, Prices: prices, Limits: limits}, opened, nil
}

func cents(n int) router.Cost { return new(int64(n) * 10_000) }

// models are those that can be asked.
func (a *app) models(keys *modelKeys) (*models.Models, error) {
	c := a.config.Models
	file, _, _ := config.Locate(a.configFile, a.getenv) // as errors name it
	s := models.Settings{File: file, Default: c.Default, Research: c.Research, Aliases: map[string]string{}, Providers: map[string]models.Provider{}, Getenv: keys.masking(a.getenv)}
	for _, alias := range c.Aliases {
		name, ref, _ := strings.Cut(alias, "=")
		s.Aliases[name] = ref
	}
	for name, v := range map[string]config.Vendor{"anthropic": c.Anthropic, "openai": c.OpenAI, "google": c.Google, "cohere": c.Cohere, "ollama": c.Ollama} {
		p := models.Provider{URL: v.URL}
		if !v.Key.IsZero() {
			p.Key = func(ctx context.Context) (string, error) { return keys.find(ctx, name, v.Key) }
		}
		s.Providers[name] = p
	}
	return models.New(s)
}

// liveModels follows the configuration, which is reloaded before it, and the file of prices.
func (a *app) liveModels(f *fallback) reload.Source {
	before := a.config.Models
	return reload.Source{
		What: "models",
		Paths: func() []string {
			if a.config.Models.Prices == "" {
				return nil
			}
			return []string{a.config.Models.Prices}
		},
		Load: func(context.Context) (reload.Update, error) {
			next, _, err := a.modelSettings(f.keys)
			if err != nil || reflect.DeepEqual(before, a.config.Models) && reflect.DeepEqual(f.settings.Prices, next.Prices) {
				return reload.Update{}, err
			}
			return reload.Update{Changes: "models", Apply: func() { before, f.settings = a.config.Models, next; f.Use(next) }}, nil
		},
	}
}
