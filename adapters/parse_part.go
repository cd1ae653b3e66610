package adapters

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

// partText is what follows the first word of a tool's verbs, in a file of its own: grammar/aws/ecs.yaml is of "aws ecs".
type partText struct {
	Shapes  map[string]string
	Sets    map[string]setText
	Refused map[string]string // verbs only
	Verbs   map[string]verbText
}

// addParts notes the files of a tool's folder. Each is read when a command of it comes.
func (g *grammar) addParts() error {
	files, _ := fs.Glob(grammars, path.Join("grammar", g.tool, "*.yaml")) // its only error is that of a bad pattern
	for _, file := range files {
		word := strings.TrimSuffix(path.Base(file), ".yaml")
		n := g.root.at([]string{word})
		if n.verb != nil || n.next != nil || n.refused != "" {
			return fmt.Errorf("%s: the table of the tool has %s itself", file, word)
		}
		n.load = sync.OnceValues(func() (*node, error) { return g.readPart(file) })
	}
	return nil
}

func (g *grammar) readPart(file string) (*node, error) {
	text, err := grammars.ReadFile(file)
	if err != nil {
		return nil, err
	}
	n, err := g.newPart(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return n, nil
}

// newPart reads a part, which has the shapes, sets and flags of the whole besides its own.
func (g *grammar) newPart(text []byte) (*node, error) {
	var t partText
	if err := yaml.UnmarshalWithOptions(text, &t, yaml.DisallowUnknownField()); err != nil {
		return nil, err
	}
	p := *g
	p.root, p.shapes, p.sets, p.refused = &node{}, maps.Clone(g.shapes), maps.Clone(g.sets), map[string]string{}
	if err := p.words(tableText{Shapes: t.Shapes, Sets: t.Sets}); err != nil {
		return nil, err
	}
	if err := p.addRefused(t.Refused); err != nil {
		return nil, err
	}
	if len(p.refused) > 0 {
		return nil, fmt.Errorf("it refuses flags; those are refused in the table of %s", g.tool)
	}
	return p.root, errors.Join(p.addVerbs(t.Verbs), p.ambiguous(p.root))
}
