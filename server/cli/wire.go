package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

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

// wire puts the reading path together: drivers, workspace, catalogue, matcher, router. Nothing is read yet. The two halves
// are made at once: a person who asks one question waits for both.
func (a *app) wire() (p parts, err error) {
	var half errgroup.Group
	half.Go(func() (err error) { p.workspace, err = a.workspace(); return err })
	half.Go(func() (err error) { _, p.matcher, err = a.matcher(); return err })
	if err := half.Wait(); err != nil {
		return parts{}, err
	}
	p.router = router.New(p.matcher, p.workspace, router.Options{Now: a.now})
	return p, nil
}

// workspace holds the drivers of what this machine is signed in to or, with --demo, the demo estate: never both.
func (a *app) workspace() (*adapters.Workspace, error) {
	drivers := all.Live
	if a.demo {
		drivers = all.Demo
	}
	opened, err := drivers(all.Options{Kubeconfig: a.config.Kubernetes.Kubeconfig, Now: a.now})
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
	return catalog, a.faulty(err)
}

// matcher loads the intents and proves that each of their examples goes where it belongs.
func (a *app) matcher() (*intents.Catalog, *router.Matcher, error) {
	catalog, err := a.catalog()
	if err != nil {
		return nil, nil, err
	}
	matcher, err := router.NewMatcher(catalog)
	return catalog, matcher, a.faulty(err)
}

// faulty makes of the faults of a catalogue an error of one line. The faults are still in it, for those who want them all.
func (a *app) faulty(err error) error {
	faults, ok := errors.AsType[intents.Errors](err)
	if !ok {
		return err
	}
	return hinted(&faultyIntents{faults, a.placed(faults[0])}, strings.TrimSpace("clanker intents check "+a.dir())+" shows every fault")
}

type faultyIntents struct {
	intents.Errors
	first intents.Fault
}

func (f *faultyIntents) Error() string {
	return fmt.Sprintf("load intents: %s, the first: %v", count(len(f.Errors), "fault"), f.first)
}

func (f *faultyIntents) Unwrap() error { return f.Errors }

// placed spells a fault's position so that an editor can open it from where the command was started.
func (a *app) placed(fault intents.Fault) intents.Fault {
	fault.Pos.File = filepath.Join(a.dir(), fault.Pos.File)
	return fault
}

// dir is the folder of intents, if there is exactly one.
func (a *app) dir() string {
	if len(a.config.Intents.Dirs) == 1 {
		return a.config.Intents.Dirs[0]
	}
	return ""
}

func (a *app) intentFiles() (fs.FS, error) {
	if a.dir() == "" {
		return intents.Default(), nil
	}
	info, err := os.Stat(a.dir())
	if err != nil {
		return nil, hinted(fmt.Errorf("load intents: %w", err), "give the folder that holds the .yaml files of the intents")
	}
	if !info.IsDir() {
		return nil, hinted(fmt.Errorf("load intents: %s is a file", a.dir()), "give its folder: intents are checked against each other")
	}
	return os.DirFS(a.dir()), nil
}

// knownNames are the names a question can be recognised by without reading a provider: those of the demo estate, which is
// in memory, or none.
func (a *app) knownNames(ctx context.Context, workspace *adapters.Workspace) adapters.Names {
	if !a.demo {
		return adapters.Names{}
	}
	return workspace.Names(ctx, true)
}
