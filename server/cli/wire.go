package cli

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"clanker/adapters"
	"clanker/adapters/all"
	"clanker/intents"
	"clanker/router"
)

// parts is the program, put together by hand for one command.
type parts struct {
	workspace *adapters.Workspace
	matcher   *router.Matcher
	router    *router.Router
}

// wire puts the reading path together: drivers, workspace, catalogue, matcher, router. Nothing is read yet.
func (a *app) wire() (parts, error) {
	workspace, err := a.workspace()
	if err != nil {
		return parts{}, err
	}
	catalog, err := a.catalog()
	if err != nil {
		return parts{}, err
	}
	matcher, err := router.NewMatcher(catalog)
	if err != nil {
		return parts{}, fmt.Errorf("build the matcher: %w", err)
	}
	return parts{workspace, matcher, router.New(matcher, workspace, router.Options{Now: a.now})}, nil
}

// workspace holds the drivers of what this machine is signed in to or, with --demo, the demo estate: never both.
func (a *app) workspace() (*adapters.Workspace, error) {
	drivers := all.Live
	if a.demo {
		drivers = all.Demo
	}
	opened, err := drivers(all.Options{Kubeconfig: a.kubeconfig, Now: a.now})
	if err != nil {
		return nil, err
	}
	workspace := adapters.NewWorkspace(opened...)
	workspace.Now = a.now
	return workspace, nil
}

// catalog loads the intents, built in or from --intents.
func (a *app) catalog() (*intents.Catalog, error) {
	source, err := a.intentFiles()
	if err != nil {
		return nil, err
	}
	catalog, err := intents.Load(source)
	if err != nil {
		return nil, hinted(fmt.Errorf("load intents: %w", err), strings.TrimSpace("clanker intents check "+a.intents)+" shows each fault in its place")
	}
	return catalog, nil
}

func (a *app) intentFiles() (fs.FS, error) {
	if a.intents == "" {
		return intents.Default(), nil
	}
	info, err := os.Stat(a.intents)
	if err != nil {
		return nil, fmt.Errorf("load intents: %w", err)
	}
	if !info.IsDir() {
		return nil, hinted(fmt.Errorf("load intents: %s is a file", a.intents), "give its folder: intents are checked against each other")
	}
	return os.DirFS(a.intents), nil
}

// knownNames are the names a question can be recognised by without reading a provider: those of the demo estate, which is
// in memory, or none.
func (a *app) knownNames(ctx context.Context, workspace *adapters.Workspace) adapters.Names {
	if !a.demo {
		return adapters.Names{}
	}
	return workspace.Names(ctx, true)
}
