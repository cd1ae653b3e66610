package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"clanker/server"
	"clanker/server/config"
	"clanker/server/reload"
	"clanker/server/telemetry"
)

// live is a workspace that serves, and follows what people edit while it does.
type live struct {
	app      *app
	parts    parts
	server   *server.Server
	kept     *kept // nil while nothing can be kept
	memory   *memory
	gate     atomic.Pointer[gatehouse] // nil while this workspace runs no commands
	door     door
	why      error // there is no gate
	reloader *reload.Reloader
	metrics  *telemetry.Metrics // nil when none are wanted
	token    string             // that HTTP clients must bring; of the reloader's goroutine once that runs
	awaited  string             // file of the token that was configured last, in use or not; of the reloader's goroutine
	asked    atomic.Bool        // to load everything again, by SIGHUP
	moved    func()             // tells that other intents may be configured; nil when nobody wants to know
}

// live puts the workspace and its server together.
func (a *app) live(cmd *cobra.Command, profile bool) (w *live, err error) {
	k, broken := a.keep(cmd.Context())
	w = &live{app: a, kept: k, memory: remembered(k, broken), why: broken, awaited: a.config.Token.File}
	defer func() {
		if err != nil {
			err = errors.Join(append(w.close(cmd.Context()), err)...)
		}
	}()
	parts, err := a.wire(w.memory, w.memory)
	if err != nil {
		return nil, err
	}
	w.parts = parts
	if w.token, err = a.secret(cmd.Context(), a.config); err != nil {
		return nil, err
	}
	if a.config.Metrics {
		w.metrics = telemetry.NewMetrics(telemetry.Subject{Version: a.build.Version, Commit: a.build.Commit,
			Tools: server.ToolNames(), Providers: parts.workspace.Providers(), Now: a.now})
		parts.workspace.Observe = w.metrics.Source
	}
	o := server.Options{Build: server.Build{Version: a.build.Version, Commit: a.build.Commit}, Now: a.now, Logger: a.log, Demo: a.demo,
		Limits: server.Limits(a.config.Limits), Metrics: w.metrics, Profile: profile}
	if o.Users, err = allowed(a.config.Agents.Users); err != nil {
		return nil, err
	}
	if broken == nil {
		w.why = w.unlock(cmd.Context())
	}
	if w.why != nil {
		w.locked(w.why)
	}
	o.Gate, o.Page = &w.door, func() string { return w.gate.Load().url() }
	if gate := w.gate.Load(); gate != nil {
		o.Isolation = gate.isolation()
	}
	w.reloader = reload.New(reload.Options{Log: a.log, Now: a.now}, w.counted("config", a.liveConfig(cmd, w)),
		w.counted("models", a.liveModels(parts.fallback)),
		w.counted("intents", a.liveIntents(parts.router, parts.catalog)), w.counted("policies", a.livePolicies(w)))
	o.Problems = w.reloader.Problems
	w.server = server.New(parts.router, parts.workspace, o)
	w.server.Demand(w.token)
	return w, nil
}

// livePolicies follows what people edit: what compiles and passes its tests is proposed to those who are enrolled.
func (a *app) livePolicies(w *live) reload.Source {
	return reload.Source{
		What: "policies",
		Paths: func() []string {
			if a.config.Policies.Dir == "" {
				return nil
			}
			return []string{a.config.Policies.Dir}
		},
		Load: func(ctx context.Context) (reload.Update, error) {
			gate := w.gate.Load()
			if gate == nil {
				return reload.Update{}, nil
			}
			found, err := a.policies(ctx)
			if err != nil {
				return reload.Update{}, err
			}
			changes, err := gate.offer(ctx, found)
			if changes == "" || err != nil {
				return reload.Update{}, err
			}
			return reload.Update{Changes: changes, Apply: func() {}}, nil
		},
	}
}

// secret is the token that a configuration refers to, empty for none. From now on it is masked in logs.
func (a *app) secret(ctx context.Context, c config.Config) (string, error) {
	if c.Token.IsZero() {
		return "", nil
	}
	token, err := c.Token.Resolve(ctx)
	if err != nil {
		return "", err
	}
	if err := a.known.put("token", token); err != nil {
		return "", fmt.Errorf("use the token (%s): %w", c.Token, err)
	}
	return token, nil
}

// while follows what people edit while serve serves; SIGHUP loads it again.
func (w *live) while(ctx context.Context, serve func(context.Context) error) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	both, ctx := errgroup.WithContext(ctx)
	following, stop := context.WithCancel(ctx)
	both.Go(func() error { w.reloader.Run(following); return nil })
	both.Go(func() error {
		for {
			select {
			case <-following.Done():
				return nil
			case <-hangups:
				w.asked.Store(true)
				w.parts.fallback.keys.forget("")
				w.reloader.Trigger()
			}
		}
	})
	both.Go(func() error { defer stop(); return serve(ctx) })
	both.Go(func() error { return w.guard(following) })
	err := both.Wait()
	return errors.Join(append(w.close(ctx), err)...)
}

// counted counts the attempts to load a source.
func (w *live) counted(what string, source reload.Source) reload.Source {
	load := source.Load
	source.Load = func(ctx context.Context) (reload.Update, error) {
		update, err := load(ctx)
		if update.Apply != nil || err != nil {
			w.metrics.Reloaded(what, err)
		}
		return update, err
	}
	return source
}

// liveConfig keeps what serves up to date with the configuration. It runs before the intents, whose folders it names.
func (a *app) liveConfig(cmd *cobra.Command, w *live) reload.Source {
	return reload.Source{
		What:  "config",
		Paths: func() []string { return a.configPaths(w.awaited) },
		Load: func(ctx context.Context) (reload.Update, error) {
			next, err := config.Load(a.options(cmd))
			if err != nil {
				return reload.Update{}, err
			}
			w.awaited = next.Token.File
			token, err := a.nextToken(ctx, w, next)
			if err != nil {
				return reload.Update{}, err
			}
			changes := changed(a.config, next)
			if token != w.token && len(changes) == 0 {
				changes = append(changes, "token")
			}
			if len(changes) == 0 {
				return reload.Update{}, nil
			}
			return reload.Update{Changes: strings.Join(changes, ", "), Apply: func() { a.apply(w, next, token) }}, nil
		},
	}
}

// nextToken is the token that clients must bring from now on. It is never none where there was one: a file that is gone, or
// is being saved, opens no door. A command is run again only when another one is configured or somebody asks for it, since it
// may take its time or bother a person.
func (a *app) nextToken(ctx context.Context, w *live, next config.Config) (string, error) {
	asked, command := w.asked.Swap(false), next.Token.Command
	if next.Token.IsZero() || !asked && len(command) > 0 && slices.Equal(command, a.config.Token.Command) {
		return w.token, nil
	}
	return a.secret(ctx, next)
}

// configPaths are what the configuration is made of: its file, whether there is a folder of intents beside it, and the file
// that holds the token, or should.
func (a *app) configPaths(token string) []string {
	var paths []string
	if path, _, err := config.Locate(a.configFile, a.getenv); err == nil {
		paths = append(paths, path, filepath.Join(filepath.Dir(path), "intents"))
	}
	if token != "" {
		paths = append(paths, token)
	}
	return paths
}

// changed names the keys that differ, with what that means.
func changed(before, after config.Config) []string {
	var names []string
	for _, key := range config.Changes(before, after) {
		if key.Live && (key.Path != "token" || !after.Token.IsZero()) {
			names = append(names, key.Path)
		} else {
			names = append(names, key.Path+" (after a restart)")
		}
	}
	return names
}

// apply puts a valid configuration to use, as far as that goes without a restart.
func (a *app) apply(w *live, next config.Config, token string) {
	a.config, w.token = next, token
	_ = a.level.UnmarshalText([]byte(next.Log.Level)) // it is one of the words: that was checked
	w.server.Limit(server.Limits(next.Limits))
	w.server.Demand(token)
	if w.moved != nil {
		w.moved()
	}
}
