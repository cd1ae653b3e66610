package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"clanker/adapters"
	"clanker/adapters/all"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent"
)

// parts is the program, put together by hand for one command.
type parts struct {
	workspace *adapters.Workspace
	runners   []adapters.Runner // of the tools: without that of the workspace itself, which comes with a gate
	catalog   *intents.Catalog
	matcher   *router.Matcher
	router    *router.Router
	fallback  *fallback // nil: no model is asked
}

// wire puts the reading path together: drivers, workspace, catalogue, matcher, router. Nothing is read yet. The two halves
// are made at once: a person who asks one question waits for both. m is nil where nothing is remembered, and so are the books
// where no model is to be asked.
func (a *app) wire(m *memory, books agent.Books) (p parts, err error) {
	var half errgroup.Group
	half.Go(func() (err error) { p.workspace, err = a.workspace(); return err })
	half.Go(func() (err error) { p.catalog, p.matcher, err = a.matcher(); return err })
	if err := half.Wait(); err != nil {
		return parts{}, err
	}
	p.runners = slices.Clip(p.workspace.Runners)
	o := router.Options{Now: a.now}
	if m != nil {
		p.workspace.History, o.Memory = m, m
	}
	if books != nil {
		if p.fallback, err = a.fallback(books); err != nil {
			return parts{}, err
		}
		o.Fallback = p.fallback
	}
	p.router = router.New(p.matcher, p.workspace, o)
	return p, nil
}

// workspace holds the drivers of what this machine is signed in to or, with --demo, the demo estate: never both.
func (a *app) workspace() (*adapters.Workspace, error) {
	drivers := all.Live
	if a.demo {
		drivers = all.Demo
	}
	home, _ := os.UserHomeDir() // without one no tool finds a sign-in, and says so
	options := all.Options{Kubeconfig: a.config.Kubernetes.Kubeconfig, Path: filepath.SplitList(a.getenv("PATH")),
		Terraform: a.config.Terraform.Folders, Home: home, Now: a.now}
	opened, err := drivers(options)
	if err != nil {
		return nil, err
	}
	workspace := adapters.NewWorkspace(opened...)
	workspace.Now = a.now
	workspace.Runners = runners(opened)
	if !a.demo {
		workspace.Runners = all.Runners(options)
	}
	return workspace, nil
}

// runners are the drivers that run commands, too: those of the demo estate.
func runners(drivers []adapters.Adapter) []adapters.Runner {
	var found []adapters.Runner
	for _, driver := range drivers {
		if runner, ok := driver.(adapters.Runner); ok {
			found = append(found, runner)
		}
	}
	return found
}

// demoNames are the names of the demo estate, whatever this machine is signed in to: cases are asked with them.
func (a *app) demoNames(ctx context.Context) (adapters.Names, error) {
	drivers, err := all.Demo(all.Options{Now: a.now})
	if err != nil {
		return adapters.Names{}, err
	}
	workspace := adapters.NewWorkspace(drivers...)
	workspace.Now = a.now
	return workspace.Names(ctx, true), nil
}

// knownNames are the names a question can be recognised by without reading a provider: those of the demo estate, which is
// in memory, or none.
func (a *app) knownNames(ctx context.Context, workspace *adapters.Workspace) adapters.Names {
	if !a.demo {
		return adapters.Names{}
	}
	return workspace.Names(ctx, true)
}
