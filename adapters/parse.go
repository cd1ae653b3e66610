package adapters

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
)

// grammars holds a table for each tool; grammar/README.md is their manual.
//
//go:embed grammar/*.yaml grammar/*/*.yaml
var grammars embed.FS

// tables are the grammars by the name of the tool. Each is read when it is first wanted.
var tables = sync.OnceValue(func() map[string]func() (*grammar, error) {
	files, _ := fs.Glob(grammars, "grammar/*.yaml") // its only error is that of a bad pattern
	all := make(map[string]func() (*grammar, error), len(files))
	for _, file := range files {
		tool := strings.TrimSuffix(strings.TrimPrefix(file, "grammar/"), ".yaml")
		all[tool] = sync.OnceValues(func() (*grammar, error) { return readGrammar(tool, file) })
	}
	return all
})

func readGrammar(tool, file string) (*grammar, error) {
	text, err := grammars.ReadFile(file)
	if err != nil {
		return nil, err
	}
	g, err := newGrammar(text)
	if err == nil && g.tool != tool {
		err = fmt.Errorf("the table is of %q", g.tool)
	}
	if err != nil {
		return nil, fmt.Errorf("read the grammar of %s: %w", tool, err)
	}
	return g, nil
}

// ParseCommand reads an argv, the first word of which is the name of a tool, and says how far it goes. Nothing is guessed:
// it is refused unless every word is a verb, a flag, a value or an argument that the tool's table names, spelt out and
// given once. It is never given to a shell; what is written for one is refused. The error is a [*Refusal].
func ParseCommand(argv []string) (Command, error) {
	if refusal := unfit(argv); refusal != nil {
		return Command{}, refusal
	}
	table, ok := tables()[argv[0]]
	if !ok {
		return Command{}, noTool(argv[0])
	}
	g, err := table()
	if err != nil {
		return Command{}, &Refusal{Why: err.Error(), At: 0}
	}
	c, refusal := g.parse(argv)
	if refusal != nil {
		return Command{}, refusal
	}
	return c, nil
}
