package adapters

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reach returns the node of a path, reading the parts of the table on the way.
func (g *grammar) reach(t testing.TB, verb []string) *node {
	n := g.root
	for _, word := range verb {
		require.NotNil(t, n.next[word], "%s %v", g.tool, verb)
		if n = n.next[word]; n.load != nil {
			part, err := n.load()
			require.NoError(t, err)
			n = part
		}
	}
	return n
}

// walk visits all that is under a path.
func (g *grammar) walk(t testing.TB, verb []string, visit func([]string, *node)) {
	n := g.reach(t, verb)
	visit(verb, n)
	for _, word := range slices.Sorted(maps.Keys(n.next)) {
		if n.next[word].refused == "" {
			g.walk(t, append(slices.Clone(verb), word), visit)
		}
	}
}

// TestTables reads every table whole: a mistake in one is found here, not by the first who needs it.
func TestTables(t *testing.T) {
	t.Parallel()
	for tool, table := range tables() {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			g, err := table()
			require.NoError(t, err)
			verbs := 0
			g.walk(t, nil, func(words []string, n *node) {
				if n.verb == nil {
					assert.NotEmpty(t, n.next, "%s %v leads nowhere", tool, words)
					return
				}
				verbs++
				_, err := ParseCommand(append([]string{tool}, words...))
				if refusal, refused := errors.AsType[*Refusal](err); refused { // it lacks an argument, or is refused as it is
					assert.Equal(t, -1, refusal.At, "%s %v cannot be reached: %v", tool, words, err)
				}
			})
			assert.Positive(t, verbs)
			t.Logf("%d verbs", verbs)
		})
	}
}

// TestTablesHaveNothingIdle finds sets and shapes that no verb uses: they are misspelt somewhere, or left over.
func TestTablesHaveNothingIdle(t *testing.T) {
	t.Parallel()
	for tool := range tables() {
		files, err := fs.Glob(grammars, path.Join("grammar", tool, "*.yaml"))
		require.NoError(t, err)
		var all strings.Builder
		shapes, sets := map[string]bool{}, map[string]bool{}
		for _, file := range append(files, "grammar/"+tool+".yaml") {
			text, err := grammars.ReadFile(file)
			require.NoError(t, err)
			all.Write(text)
			var table struct {
				Shapes map[string]string
				Sets   map[string]any
			}
			require.NoError(t, yaml.Unmarshal(text, &table))
			for name := range table.Shapes {
				shapes[name] = true
			}
			for name := range table.Sets {
				sets[name] = true
			}
		}
		words := strings.FieldsFunc(all.String(), func(r rune) bool { return strings.ContainsRune(" \n,}\"'", r) })
		for name := range shapes {
			assert.Contains(t, all.String(), "<"+name+">", "shape of %s", tool)
		}
		for name := range sets {
			assert.Contains(t, words, name, "set of %s", tool)
		}
	}
}

// TestFaultyTables makes each mistake that a table can have.
func TestFaultyTables(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ table, want string }{
		"yaml":                {"tool: [", "found"},
		"unknown key":         {"{tool: x, style: pflag, verb: {}}", "unknown field"},
		"unknown style":       {"{tool: x, style: cobra}", `unknown style "cobra"`},
		"no class":            {"verbs: {a: {why: b}}", `verb a: class is ""; it must be`},
		"class deny":          {"verbs: {a: {class: deny, why: b}}", `class is "deny"; it must be`},
		"no why":              {"verbs: {a: {class: read}}", "verb a: why is missing"},
		"twice":               {"verbs: {a (b|c): {class: read, why: x}, a b: {class: read, why: x}}", "verb a b: it is there twice"},
		"refused as well":     {"{refused: {a: x}, verbs: {a b: {class: read, why: x}}}", "verb a b: it is refused as well: x"},
		"refused without why": {"refused: {a: ''}", "refused a: why is missing"},
		"refused flag":        {"{globals: --x, refused: {--x: y}}", "flag --x is refused and accepted"},
		"flag twice":          {"verbs: {a: {class: read, why: x, flags: -f/--foo --foo}}", "flag --foo is there twice"},
		"flag of all twice":   {"{globals: --foo, verbs: {a: {class: read, why: x, flags: --foo}}}", "flag --foo is for all verbs already"},
		"flag of a set twice": {"{sets: {s: --foo}, verbs: {a: {class: read, why: x, flags: --foo s}}}", "flag --foo is there twice"},
		"no such set":         {"verbs: {a: {class: read, why: x, flags: foo}}", `unknown set "foo"`},
		"no such shape":       {"verbs: {a: {class: read, why: x, flags: --foo=<bar>}}", "flag --foo: unknown shape <bar>"},
		"no shape":            {"verbs: {a: {class: read, why: x, args: a<b}}", `"a<b" is not values divided by |`},
		"broken shape":        {"shapes: {a: '('}", "shape a: error parsing regexp"},
		"opposite of value":   {"verbs: {a: {class: read, why: x, flags: --foo!=<name>}}", "! is for switches"},
		"default is a shape":  {"verbs: {a: {class: read, why: x, flags: --foo?=<name>}}", "?= for values the first of which is a literal"},
		"no flag":             {"globals: foo", `"foo" is not a flag`},
		"one dash":            {"globals: -foo", `"-foo" is not a flag`},
		"two dashes":          {"{tool: x, style: goflag, globals: --foo}", `"--foo" is not a flag`},
		"args":                {"verbs: {a: {class: read, why: x, args: <name>* <name>}}", "only the last may be left out or repeated"},
		"rule of same class":  {"verbs: {a: {class: read, why: x, flags: --f, read: {--f: y}}}", "a rule for read changes nothing"},
		"rule without why":    {"verbs: {a: {class: read, why: x, flags: --f, write: {--f: ''}}}", `write if "--f": why is missing`},
		"rule of no flag":     {"verbs: {a: {class: read, why: x, write: {--f: y}}}", `"--f" is no flag of it`},
		"impossible value":    {"verbs: {a: {class: read, why: x, flags: --f=a|b, write: {--f=c: y}}}", `--f cannot be "c"`},
		"value of a switch":   {"verbs: {a: {class: read, why: x, flags: --f, write: {--f=true: y}}}", "--f is a switch, it has no value true"},
		"impossible argument": {"verbs: {a: {class: read, why: x, args: b, write: {args=c: y}}}", `no argument can be "c"`},
		"no such argument":    {"verbs: {a: {class: read, why: x, args: b, write: {arg2: y}}}", "it has no argument 2"},
		"no argument at all":  {"verbs: {a: {class: read, why: x, args: b, write: {arg0: y}}}", `"arg0" is no argument`},
		"not twice":           {"verbs: {a: {class: read, why: x, write: {not: y}}}", "it is no condition"},
		"rule for all":        {"{verbs: {a: {class: read, why: x}}, deny: {--f: y}}", `deny if "--f": "--f" is no flag of it`},
		"read for all":        {"{globals: --f, read: {--f: y}}", "says read changes nothing"},
		"no word":             {"verbs: {a (b | c): {class: read, why: x}}", `"(b" is no word of a verb`},
		"no refused word":     {"refused: {(a: x}", `"(a" is no word of a verb`},
		"ambiguous alias":     {"{aliases: {b: [x], c: [x]}, verbs: {a (b|c): {class: read, why: x}}}", "alias x may be any of b, c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := test.table
			if !strings.HasPrefix(table, "{") && !strings.HasPrefix(table, "tool") {
				table = "{style: pflag, " + table + "}"
			} else if !strings.Contains(table, "style") {
				table = strings.Replace(table, "{", "{style: pflag, ", 1)
			}
			_, err := newGrammar([]byte(table))
			assert.ErrorContains(t, err, test.want)
		})
	}
}

// FuzzGrammar reads anything as a table, and a command by it.
func FuzzGrammar(f *testing.F) {
	f.Add("style: pflag\nglobals: -g/--global=<name>\nverbs:\n  run: {class: write, why: runs, flags: -s --list=a|b*, args: <name>*, destroy: {not -s: y}}", "x run -s --list b c")
	f.Add("style: goflag\nhelp: -h\naliases: {a: [b]}\nverbs: {a: {class: read, why: x, args: a? -- <text>*}}", "x b a -- c")
	f.Add("{style: yargs, refused: {'': x, --f: y}, verbs: {'': {class: read, why: x}}}", "x")
	f.Fuzz(func(t *testing.T, table, line string) {
		g, err := newGrammar([]byte(table))
		if err != nil || len(line) == 0 {
			return
		}
		c, refusal := g.parse(strings.Split(line, " "))
		if refusal == nil {
			require.Less(t, rank(c.Class), rank(classDeny))
			require.GreaterOrEqual(t, rank(c.Class), 0)
		}
	})
}

// TestManual reads the example of the manual.
func TestManual(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("grammar/README.md")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(manual), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	g, err := newGrammar([]byte(example))
	require.NoError(t, err)
	for line, want := range map[string]Class{
		"kubectl get secrets -n a":           ClassRead,
		"kubectl get pods,secrets -o yaml":   ClassSensitiveRead,
		"kubectl scale x --replicas=2":       ClassWrite,
		"kubectl -n a scale x --replicas 0":  ClassDestroy,
		"kubectl config current-context":     ClassRead,
		"kubectl -n kube-system get pods":    "",
		"kubectl exec x":                     "",
		"kubectl get pods -chdir=/tmp":       "",
		"kubectl get pods --as system:admin": "",
	} {
		c, refusal := g.parse(strings.Fields(line))
		assert.Equal(t, want, c.Class, "%s: %v", line, refusal)
	}
}
