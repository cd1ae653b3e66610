package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
	"clanker/server/reload"
)

// layers are the folders that intents are from: the built-in one, those that are configured, then more.
func (a *app) layers(more ...string) []intents.Layer {
	var layers []intents.Layer
	if a.config.Intents.Builtin {
		layers = append(layers, intents.BuiltIn())
	}
	dirs := slices.Concat(a.config.Intents.Dirs, more)
	for i, dir := range dirs {
		if !slices.Contains(dirs[:i], dir) {
			layers = append(layers, intents.Layer{Name: dir, Files: os.DirFS(dir)})
		}
	}
	return layers
}

// catalog loads the intents.
func (a *app) catalog() (*intents.Catalog, error) {
	catalog, err := intents.LoadAll(a.layers()...)
	return catalog, a.faulty(err)
}

// matcher loads the intents and proves that each of their examples goes where it belongs.
func (a *app) matcher() (*intents.Catalog, *router.Matcher, error) {
	catalog, matcher, err := prove(a.layers())
	return catalog, matcher, a.faulty(err)
}

func prove(layers []intents.Layer) (*intents.Catalog, *router.Matcher, error) {
	catalog, err := intents.LoadAll(layers...)
	if err != nil {
		return nil, nil, err
	}
	matcher, err := router.NewMatcher(catalog, newLearnedFolder()...)
	return catalog, matcher, err
}

// liveIntents is what keeps a router that began with a catalogue up to date with the folders of intents.
func (a *app) liveIntents(r *router.Router, inUse *intents.Catalog) reload.Source {
	return reload.Source{
		What:  "intents",
		Paths: func() []string { return a.config.Intents.Dirs },
		Load: func(context.Context) (reload.Update, error) {
			layers := a.layers()
			same := slices.EqualFunc(layers, inUse.Layers, func(l intents.Layer, name string) bool { return l.Name == name })
			if same && len(a.config.Intents.Dirs) == 0 {
				return reload.Update{}, nil // what is built in stays as it is
			}
			catalog, err := intents.LoadAll(layers...)
			if err != nil || catalog.Digest == inUse.Digest {
				return reload.Update{}, err
			}
			matcher, err := router.NewMatcher(catalog, newLearnedFolder()...)
			if err != nil {
				return reload.Update{}, err
			}
			return reload.Update{
				Apply:   func() { r.Use(matcher); inUse = catalog },
				Changes: reload.Changes(definitions(inUse), definitions(catalog)),
			}, nil
		},
	}
}

// definitions are what a catalogue is made of, by name.
func definitions(c *intents.Catalog) map[string]string {
	all := map[string]string{"vocabulary": fmt.Sprint(*c.Vocabulary)}
	for _, in := range c.Intents {
		all[in.ID] = c.Layers[in.Layer] + "\n" + in.Source
	}
	return all
}

// faulty makes of the faults of a catalogue an error of one line. The faults are still in it, for those who want them all.
func (a *app) faulty(err error) error {
	faults, ok := errors.AsType[intents.Errors](err)
	if !ok {
		return err
	}
	check := []string{"clanker intents check"}
	if !a.config.Intents.Builtin {
		check = append(check, "--builtin-intents=false")
	}
	return hinted(&faultyIntents{faults}, strings.Join(append(check, a.config.Intents.Dirs...), " ")+" shows every fault")
}

type faultyIntents struct{ intents.Errors }

func (f *faultyIntents) Error() string {
	if len(f.Errors) == 1 {
		return fmt.Sprintf("load intents: %v", f.Errors[0])
	}
	return fmt.Sprintf("load intents: %s, the first: %v", adapters.Count(f.Count(), "fault"), f.Errors[0])
}

func (f *faultyIntents) Unwrap() error { return f.Errors }
