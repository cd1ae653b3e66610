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
	modelSetup // that is in use; only the reloader's goroutine touches it once it runs
	keys       *modelKeys
}

var _ router.Fallback = (*fallback)(nil)

// fallback makes one, which enters what it spends in the books. No key is looked for, and nobody is asked, before a question needs it.
func (a *app) fallback(books agent.Books) (*fallback, error) {
	keys := &modelKeys{masks: &a.known}
	setup, err := a.modelSetup(keys)
	if err != nil {
		return nil, err
	}
	return &fallback{agent.New(agent.Options{Settings: setup.settings, Books: books, Now: a.now}), setup, keys}, nil
}

// Answer forgets the provider's key when it is refused: the next question looks for it anew.
func (f *fallback) Answer(ctx context.Context, q router.Question, desk *router.Desk) (router.Finding, error) {
	finding, err := f.Agent.Answer(ctx, q, desk)
	if p := finding.Problem; p != nil && p.Reason == adapters.ExpiredCredentials {
		provider, _, _ := strings.Cut(finding.Usage.Name, "/")
		f.keys.forget(provider)
	}
	return finding, err
}

// modelSetup is what the configuration says of models.
type modelSetup struct {
	config   config.Models
	models   *models.Models
	settings agent.Settings
}

func (a *app) modelSetup(keys *modelKeys) (s modelSetup, err error) {
	s.config = a.config.Models
	if s.models, err = a.models(keys); err != nil {
		return s, err
	}
	c := s.config
	prices, err := cost.Load(c.Prices)
	if err != nil {
		return s, err
	}
	limits := agent.DefaultLimits()
	limits.Steps, limits.Time, limits.Tokens, limits.Cost = c.Steps, time.Duration(c.Seconds)*time.Second, c.Tokens, cents(c.Cents)
	limits.Daily, limits.DailyUnpriced = cents(c.Daily.Cents), c.Daily.Tokens
	s.settings = agent.Settings{Models: s.models, Research: c.Research, Prices: prices, Limits: limits}
	return s, nil
}

func cents(n int) router.Cost { return new(int64(n) * 10_000) }

// models are those that can be asked.
func (a *app) models(keys *modelKeys) (*models.Models, error) {
	s := a.config.Models.Settings()
	s.File, _, _ = config.Locate(a.configFile, a.getenv) // as errors name it
	s.Getenv = keys.masking(a.getenv)
	for name, p := range s.Providers {
		if from := a.config.Models.Vendor(name).Key; !from.IsZero() {
			p.Key = func(ctx context.Context) (string, error) { return keys.find(ctx, name, from) }
			s.Providers[name] = p
		}
	}
	return models.New(s)
}

// liveModels follows the configuration, which is reloaded before it, and the file of prices.
func (a *app) liveModels(f *fallback) reload.Source {
	return reload.Source{
		What: "models",
		Paths: func() []string {
			if a.config.Models.Prices == "" {
				return nil
			}
			return []string{a.config.Models.Prices}
		},
		Load: func(context.Context) (reload.Update, error) {
			next, err := a.modelSetup(f.keys)
			if err != nil || reflect.DeepEqual(f.config, next.config) && reflect.DeepEqual(f.settings.Prices, next.settings.Prices) {
				return reload.Update{}, err
			}
			return reload.Update{Changes: "models", Apply: func() { f.modelSetup = next; f.Use(next.settings) }}, nil
		},
	}
}
