package adapters

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// smallLines are tricks and everyday commands of doctl, gh, hcloud and wrangler, with the class that each must have.
func smallLines(t *testing.T) []labelled {
	text, err := os.ReadFile("../eval/cases/commands-small.jsonl")
	require.NoError(t, err)
	var all []labelled
	for text := range bytes.Lines(text) {
		var line labelled
		require.NoError(t, json.Unmarshal(text, &line), "%s", text)
		all = append(all, line)
	}
	require.GreaterOrEqual(t, len(all), 120)
	return all
}

// TestSmallTools allows no friction: these labels were written with the tables, to hold them where they are.
func TestSmallTools(t *testing.T) {
	t.Parallel()
	tools := map[string]int{}
	for _, line := range smallLines(t) {
		got, why := classOf(line.Argv)
		assert.Equal(t, line.Class, got, "%s (%s): %s", strings.Join(line.Argv, " "), line.Why, why)
		tools[toolOf(line.Argv)]++
	}
	for _, tool := range []string{"doctl", "gh", "hcloud", "wrangler"} {
		assert.GreaterOrEqual(t, tools[tool], 30, tool)
	}
}

// TestSmallToolsSpeltOtherwise writes each command in all the ways that its tool reads the same: its class stays, or it is
// refused. What is refused does not become a read by joining or parting a flag and its value.
func TestSmallToolsSpeltOtherwise(t *testing.T) {
	t.Parallel()
	kept := 0
	for _, line := range smallLines(t) {
		c, err := ParseCommand(line.Argv)
		if err != nil {
			for _, argv := range [][]string{joined(line.Argv), parted(line.Argv)} {
				got, why := classOf(argv)
				assert.NotEqual(t, ClassRead, got, "%q of %q: %s", argv, line.Argv, why)
			}
			continue
		}
		for turn := range 24 {
			argv := spelt(t, c, turn)
			got, why := classOf(argv)
			if assert.GreaterOrEqual(t, rank(got), rank(line.Class), "%q of %q: %s", argv, line.Argv, why) && got == line.Class {
				kept++
			}
		}
	}
	assert.Greater(t, kept, 2000, "nearly every spelling is accepted")
}

// spelt writes a command that was read once more: turn chooses how each flag is spelt, which comes first, and on which
// side of the arguments they stand; every fourth turn repeats the last flag.
func spelt(t *testing.T, c Command, turn int) []string {
	g, err := tables()[c.Tool]()
	require.NoError(t, err)
	values := map[string][]string{}
	for _, flag := range c.Flags {
		values[flag.Name] = append(values[flag.Name], flag.Value)
	}
	names := slices.Sorted(maps.Keys(values))
	var words, last []string
	for i := range names {
		name := names[(i+turn)%len(names)]
		ways := waysOf(g, c.Path, name)
		last = ways[(turn/2+i)%len(ways)](values[name])
		words = append(words, last...)
	}
	if turn%4 == 3 {
		words = append(words, last...)
	}
	if turn%2 == 1 {
		return slices.Concat([]string{c.Tool}, c.Path, c.Args, words)
	}
	return slices.Concat([]string{c.Tool}, c.Path, words, c.Args)
}

// waysOf are the ways to write a flag with its values.
func waysOf(g *grammar, path []string, name string) []func([]string) []string {
	all := maps.Clone(g.root.at(path).verb.flags)
	maps.Copy(all, g.globals)
	var ways []func([]string) []string
	for _, spelling := range slices.Sorted(maps.Keys(all)) {
		f := all[spelling].flag
		if f.name != name {
			continue
		}
		each := func(write func(value string) []string) {
			ways = append(ways, func(values []string) (words []string) {
				for _, value := range values {
					words = append(words, write(value)...)
				}
				return words
			})
		}
		switch f.arity {
		case aMany:
			ways = append(ways, func(values []string) []string { return append([]string{spelling}, values...) })
		case aSwitch:
			each(func(value string) []string { return []string{strings.TrimSuffix(spelling+"="+value, "=true")} })
			each(func(value string) []string { return []string{spelling + "=" + value} })
		default:
			each(func(value string) []string { return []string{spelling, value} })
			each(func(value string) []string { return []string{spelling + "=" + value} })
			if len(spelling) == 2 && g.style == stylePflag {
				each(func(value string) []string { return []string{spelling + value} })
			}
		}
	}
	return ways
}

// joined writes --flag value as --flag=value throughout.
func joined(argv []string) (words []string) {
	for _, word := range argv {
		if n := len(words); n > 0 && strings.HasPrefix(words[n-1], "--") && !strings.Contains(words[n-1], "=") && !strings.HasPrefix(word, "-") {
			words[n-1] += "=" + word
			continue
		}
		words = append(words, word)
	}
	return words
}

// parted writes --flag=value as --flag value throughout; --help takes none.
func parted(argv []string) (words []string) {
	for _, word := range argv {
		flag, value, valued := strings.Cut(word, "=")
		if valued && strings.HasPrefix(word, "--") && flag != "--help" {
			words = append(words, flag, value)
			continue
		}
		words = append(words, word)
	}
	return words
}
