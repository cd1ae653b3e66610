package adapters

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseCommandNormalises(t *testing.T) {
	t.Parallel()
	argv := []string{"kubectl", "-ncheckout", "get", "po", "-Al", "app=checkout", "-o=json"}
	c, err := ParseCommand(argv)
	require.NoError(t, err)
	assert.Equal(t, Command{
		Argv: argv, Tool: "kubectl", Path: []string{"get"},
		Flags: []Flag{{"all-namespaces", "true"}, {"namespace", "checkout"}, {"output", "json"}, {"selector", "app=checkout"}},
		Args:  []string{"po"}, Class: ClassRead, Why: "shows objects",
	}, c)
	argv[0] = "sh"
	assert.Equal(t, "kubectl", c.Argv[0], "the command keeps an argv of its own")
}

// TestUnfitWords are refused whatever the tool.
func TestUnfitWords(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"":                        "an empty word",
		"a\x00b":                  "the character U+0000",
		"a\nb":                    "the character U+000A",
		"a\tb":                    "the character U+0009",
		"a\u001b]0;x\a":           "the character U+001B",
		"a\u009bm":                "the character U+009B",
		"a\u00adb":                "the character U+00AD", // soft hyphen
		"a\u00a0b":                "the character U+00A0", // hard space
		"a\u200bb":                "the character U+200B", // zero width
		"a\u202eb":                "the character U+202E", // right to left
		"a\u2066b":                "the character U+2066",
		"a\u2028b":                "the character U+2028",
		"a\u3164b":                "the character U+3164", // filler
		"a\ufe0fb":                "the character U+FE0F", // variation
		"a\ufeffb":                "the character U+FEFF",
		"a\ufffdb":                "the character U+FFFD", // what a decoder puts for broken text
		"a\U000e0041b":            "the character U+E0041",
		"a\ue000b":                "the character U+E000", // private
		"a\xffb":                  "not valid UTF-8",
		"|":                       "is shell syntax",
		"&&":                      "is shell syntax",
		";":                       "is shell syntax",
		">/tmp/x":                 "is shell syntax",
		"2>&1":                    "is shell syntax",
		"$(id)":                   "is shell syntax",
		"a$(id)":                  "is shell syntax",
		"`id`":                    "is shell syntax",
		"$HOME/x":                 "is shell syntax",
		"${IFS}":                  "is shell syntax",
		"<(id)":                   "is shell syntax",
		strings.Repeat("a", 2049): "more than 2048 bytes",
	} {
		_, err := ParseCommand([]string{"kubectl", "get", word})
		var refusal *Refusal
		if assert.ErrorAs(t, err, &refusal, "%q", word) {
			assert.Contains(t, refusal.Why, want)
			assert.Equal(t, 2, refusal.At)
		}
	}
}

func TestUnfitArgv(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		argv []string
		want string
		at   int
	}{
		{nil, "the argv is empty", -1},
		{append([]string{"kubectl", "get"}, strings.Split(strings.Repeat("a ", 127), " ")...), "more than 128 words", -1},
		{append([]string{"kubectl", "get"}, strings.Fields(strings.Repeat(strings.Repeat("a", 2000)+" ", 9))...), "more than 16384 bytes", -1},
		{[]string{"kubectl get pods"}, "one text is not an argv", 0},
		{[]string{"/usr/bin/kubectl", "get"}, "is a path", 0},
		{[]string{"A=b", "kubectl"}, "variables of the environment", 0},
		{[]string{"env", "kubectl"}, "hides the command", 0},
		{[]string{"clanker", "approve"}, "the gate's own commands", 0},
		{[]string{"curl", "x"}, "not a tool", 0},
		{[]string{"kubectl"}, "is not a whole command", -1},
		{[]string{"kubectl", "rollout"}, "use one of history, pause, restart, resume, status, undo", -1},
		{[]string{"kubectl", "whoami2"}, `kubectl does not know "whoami2"`, 1},
		{[]string{"kubectl", "get", "pods", "--token", "x"}, "--token chooses an identity", 3},
		{[]string{"kubectl", "get", "pods", "-\u00e9"}, "has no flag -\u00e9", 3},
		{[]string{"kubectl", "-hn", "x", "get", "pods"}, "several flags in one word before the verb", 1},
		{[]string{"kubectl", "create", "--dry-run=client", "deployment", "x"}, "put the verb before its flags", 3},
		{[]string{"kubectl", "get", "pods", "-n"}, "-n lacks its value", 3},
		{[]string{"kubectl", "get", "pods", "-l", "--all-namespaces"}, "may be a flag, or the value of -l", 4},
		{[]string{"kubectl", "get", "a; do as I say"}, `refused: kubectl get does not take "a; do as I say"; it takes <ref>`, -1},
		{[]string{"kubectl", "apply", "-f", "-"}, "does not take stdin", 3},
	} {
		_, err := ParseCommand(test.argv)
		var refusal *Refusal
		if assert.ErrorAs(t, err, &refusal, "%q", test.argv) {
			assert.Contains(t, err.Error(), test.want)
			assert.Equal(t, test.at, refusal.At, "%q", test.argv)
		}
	}
}

// styled is a table in which all sorts of flags are.
const styled = `, tool: x, help: -h/--help, globals: -g/--global=<name>, verbs: {run: {class: write, why: runs, args: <name>*,
	flags: -s/--switch -t/--tee --open! -o/--one=<text> --maybe?=client|none --list=<name>* --many=<name>+, destroy: {not --switch: y}}}}`

// TestStyles reads the same words as each tool would.
func TestStyles(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		style style
		line  string
		want  string // flags and arguments, or why it is refused
	}{
		{stylePflag, "--global=a run b -st -o c", "global=a one=c switch=true tee=true | b"},
		{stylePflag, "run -so=c --switch", "-switch is given twice"},
		{stylePflag, "run -oc --maybe none", "maybe=client one=c | none"},
		{stylePflag, "run --maybe=none --switch=false --open", "maybe=none open=true switch=false |"},
		{stylePflag, "run --no-open --list a --list b --list=a", "list=a list=b list=a open=false |"},
		{stylePflag, "run --open --no-open", "--no-open is given twice"},
		{stylePflag, "run --switch=TRUE", "is a switch and takes no value"},
		{stylePflag, "run --no-open=true", "is a switch and takes no value"},
		{stylePflag, "run --help=false", "is a switch and takes no value"},
		{stylePflag, "run -o -5", "one=-5 |"},
		{stylePflag, "run --one=-x", "one=-x |"},
		{stylePflag, "run --on=c", "has no flag --on "},
		{stylePflag, "run -- b", "takes nothing after --"},
		{stylePflag, "run -s=true", "switch=true |"},
		{stylePflag, "run -st=true", "gives a switch a value"},
		{styleArgparse, "run --many a b -s c", "many=a many=b switch=true | c"},
		{styleArgparse, "run --many=a b", "many=a | b"},
		{styleArgparse, "run --many a --many b", "--many is given twice"},
		{styleArgparse, "run --switch=true", "is a switch and takes no value"},
		{styleYargs, "run --many a b -s", "many=a many=b switch=true |"},
		{styleYargs, "run --many=a b", "takes the next words too"},
		{styleYargs, "run --switch false", "takes \"false\" for its value"},
		{styleYargs, "run -st", "is several flags in one word"},
		{styleYargs, "run -oc", "is several flags in one word"},
	} {
		g, err := newGrammar([]byte("{style: " + string(test.style) + strings.ReplaceAll(styled, "\n\t", " ")))
		require.NoError(t, err)
		c, refusal := g.parse(strings.Fields("x " + test.line))
		got := ""
		if refusal != nil {
			got = refusal.Error()
			assert.Contains(t, got, test.want, "%s: %s", test.style, test.line)
			continue
		}
		for _, flag := range c.Flags {
			got += flag.Name + "=" + flag.Value + " "
		}
		assert.Equal(t, test.want, strings.TrimSpace(got+"| "+strings.Join(c.Args, " ")), "%s: %s", test.style, test.line)
		assert.Equal(t, c.Flag("switch") != "true", c.Class == ClassDestroy, "%s: %s", test.style, test.line)
	}
}
