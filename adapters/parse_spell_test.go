package adapters

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSpellings writes every command that is understood in other ways: its flags in another order, elsewhere, short or
// long, with = or a space. It must stay the same command. Where the tool does not know the spelling it may be refused.
func TestSpellings(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	spelt, refused := 0, 0
	for _, line := range append(labelledLines(t), labelledIn(t, "commands-cluster.jsonl")...) {
		want, err := ParseCommand(line.Argv)
		if err != nil {
			continue
		}
		g, err := tables()[want.Tool]()
		require.NoError(t, err)
		for range 24 {
			argv := g.respell(t, random, want)
			got, err := ParseCommand(argv)
			if spelt++; err != nil {
				refused++
				continue
			}
			got.Argv = want.Argv
			require.Equal(t, want, got, "%q is another command than %q", argv, line.Argv)
		}
	}
	t.Logf("%d spellings, %d refused", spelt, refused)
	assert.Greater(t, spelt, 4000)
	assert.Less(t, refused, spelt/20, "the test must try spellings that are understood")
}

// respell writes a command anew.
func (g *grammar) respell(t testing.TB, random *rand.Rand, c Command) []string {
	n := g.reach(t, c.Path)
	args, tail := c.Args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 {
		args, tail = args[:i], args[i:]
	}
	before, behind := g.groups(random, n, c.Flags)
	var places [][]string // that keep their order
	for _, arg := range args {
		places = append(places, []string{arg})
	}
	for _, group := range behind {
		at := random.IntN(len(places) + 1)
		if g.style == styleGoflag {
			at = 0
		}
		places = slices.Insert(places, at, group)
	}
	argv := append([]string{c.Tool}, slices.Concat(before...)...)
	return slices.Concat(append(argv, c.Path...), slices.Concat(places...), tail)
}

// groups writes the flags, those that may stand before the verb perhaps there. The values of one that is given more than
// once keep their order.
func (g *grammar) groups(random *rand.Rand, n *node, given []Flag) (before, behind [][]string) {
	for start := 0; start < len(given); {
		end := start + 1
		for end < len(given) && given[end].Name == given[start].Name {
			end++
		}
		f, spellings, everywhere, ahead := g.named(n, given[start].Name)
		var group []string
		for _, flag := range given[start:end] {
			group = append(group, g.write(random, f, spellings, flag.Value)...)
		}
		if f.arity == aMany {
			group = []string{group[0]}
			for _, flag := range given[start:end] {
				group = append(group, flag.Value)
			}
		}
		if ahead || everywhere && random.IntN(2) == 0 && f.arity != aMany {
			before = append(before, group)
		} else {
			behind = append(behind, group)
		}
		start = end
	}
	random.Shuffle(len(before), func(i, j int) { before[i], before[j] = before[j], before[i] })
	random.Shuffle(len(behind), func(i, j int) { behind[i], behind[j] = behind[j], behind[i] })
	return before, behind
}

// named finds a flag by its name, all its spellings, and where it may stand.
func (g *grammar) named(n *node, name string) (found *flag, spellings []string, everywhere, ahead bool) {
	own := flags{}
	if n.verb != nil {
		own = n.verb.flags
	}
	for i, all := range []flags{own, g.globals, g.before} {
		for spelling, f := range all {
			if f.name == name && !f.off {
				found, spellings = f.flag, append(spellings, spelling)
				everywhere, ahead = i == 1, i == 2
			}
		}
		if found != nil {
			slices.Sort(spellings)
			return found, spellings, everywhere, ahead
		}
	}
	panic("no flag " + name)
}

// write writes one flag with one value.
func (g *grammar) write(random *rand.Rand, f *flag, spellings []string, value string) []string {
	name := spellings[random.IntN(len(spellings))]
	short := len(name) == 2 && g.style != styleGoflag
	switch {
	case f.arity == aSwitch && value == "true":
		return []string{name}
	case f.arity == aSwitch && g.style == styleArgparse:
		return []string{"--no-" + f.name}
	case f.arity == aSwitch || f.arity == aDefault:
		return []string{name + "=" + value}
	case f.arity == aMany:
		return []string{name}
	case short && g.style != styleYargs && random.IntN(3) == 0:
		return []string{name + value}
	case random.IntN(2) == 0 && !strings.HasPrefix(value, "-"):
		return []string{name, value}
	}
	return []string{name + "=" + value}
}

// TestMisspellings does to every labelled line what a parser that guesses would take for the same or for less. The class
// never gets weaker than the label: refused is the strongest.
func TestMisspellings(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for _, line := range append(labelledLines(t), labelledIn(t, "commands-cluster.jsonl")...) {
		for range 30 {
			argv := misspell(random, line.Argv)
			if c, err := ParseCommand(argv); err == nil && slices.Contains(c.Args, "--") {
				continue // what follows is no flag of the tool any more
			}
			got, why := classOf(argv)
			require.GreaterOrEqual(t, rank(got), rank(line.Class), "%q of %q is %s: %s", argv, line.Argv, got, why)
		}
	}
}

func misspell(random *rand.Rand, argv []string) []string {
	argv = slices.Clone(argv)
	var flagged []int
	for i, word := range argv {
		if i > 0 && strings.HasPrefix(word, "-") && len(word) > 1 {
			flagged = append(flagged, i)
		}
	}
	if len(flagged) == 0 {
		return argv
	}
	i := flagged[random.IntN(len(flagged))]
	word := argv[i]
	name, value, valued := strings.Cut(word, "=")
	switch random.IntN(8) {
	case 0: // the flag once more, as it is
		return slices.Insert(argv, i, word)
	case 1: // with another value
		return append(argv, name+"=none")
	case 2: // with the value that switches it off
		return append(argv, name+"=false")
	case 3: // abbreviated
		if len(name) > 3 {
			argv[i] = strings.Join(append([]string{name[:len(name)-1-random.IntN(2)]}, strings.Repeat("="+value, boolInt(valued))), "")
		}
	case 4: // its opposite
		return append(argv, "--no-"+strings.TrimLeft(name, "-"))
	case 5: // in capitals
		argv[i] = strings.ToUpper(name) + strings.Repeat("="+value, boolInt(valued))
	case 6: // the value by itself
		if valued && value != "false" { // a switch takes no word
			return slices.Insert(append(argv[:i:i], name), i+1, append([]string{value}, argv[i+1:]...)...)
		}
	default: // behind what ends the flags
		return slices.Insert(argv, i, "--")
	}
	return argv
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FuzzParseCommand reads anything as an argv, a word per line.
func FuzzParseCommand(f *testing.F) {
	for _, line := range labelledLines(f) {
		f.Add(strings.Join(line.Argv, "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		argv := strings.Split(text, "\n")
		c, err := ParseCommand(argv)
		if err != nil {
			refusal, ok := errors.AsType[*Refusal](err)
			require.True(t, ok, "%T", err)
			require.NotEmpty(t, refusal.Why)
			require.Less(t, refusal.At, len(argv))
			require.Zero(t, c)
			return
		}
		require.Contains(t, []Class{ClassRead, ClassSensitiveRead, ClassWrite, ClassDestroy}, c.Class)
		require.Equal(t, argv, c.Argv)
		require.NotEmpty(t, c.Why)
		again, err := ParseCommand(c.Argv)
		require.NoError(t, err)
		require.Equal(t, c, again)
		require.True(t, slices.IsSortedFunc(c.Flags, func(a, b Flag) int { return strings.Compare(a.Name, b.Name) }))
	})
}

func BenchmarkParseCommand(b *testing.B) {
	for _, line := range []string{
		"kubectl get pods -n checkout -o json",
		"kubectl patch deploy checkout-api -n checkout --patch={\"spec\":{\"replicas\":5}}",
		"helm upgrade checkout oci://registry.test/charts/checkout --version 1.2.3 -n checkout --reuse-values",
		"terraform -chdir=infra plan -out=release.tfplan",
	} {
		argv := strings.Fields(line)
		b.Run(argv[0]+" "+argv[1], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseCommand(argv); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReadGrammar is what the first command of a tool costs more than the others.
func BenchmarkReadGrammar(b *testing.B) {
	for _, tool := range slices.Sorted(maps.Keys(tables())) {
		b.Run(tool, func(b *testing.B) {
			for b.Loop() {
				if _, err := readGrammar(tool, "grammar/"+tool+".yaml"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
