package strict_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/intents/strict"
)

// example is a file with a key of every type.
type example struct {
	Text, String string
	Number       int
	Flag         bool
	List         []string
	Inner        string
}

func read(content string) (example, error) {
	var e example
	var faults strict.Errors
	r := &strict.Reader{File: "a.yaml", Manual: "see the manual", Faults: &faults}
	text := func(to *string, read func(string, ast.Node) (strict.Scalar, bool)) func(string, ast.Node) {
		return func(where string, node ast.Node) {
			value, _ := read(where, node)
			*to = value.Text
		}
	}
	if top := r.Parse([]byte(content)); top != nil {
		r.Mapping("", top, []strict.Field{
			{Name: "text", Read: text(&e.Text, r.Text)},
			{Name: "string", Read: text(&e.String, r.String)},
			{Name: "number", Read: func(where string, node ast.Node) { e.Number, _, _ = r.Int(where, node) }},
			{Name: "flag", Read: func(where string, node ast.Node) { e.Flag = r.Bool(where, node) }},
			{Name: "list", Read: func(where string, node ast.Node) {
				for _, item := range r.Texts(where, node) {
					e.List = append(e.List, item.Text)
				}
			}},
			{Name: "outer", Read: func(where string, node ast.Node) {
				r.Mapping(where, node, []strict.Field{{Name: "inner", Read: text(&e.Inner, r.Text)}})
			}},
		})
	}
	return e, faults.Err()
}

func TestReads(t *testing.T) {
	t.Parallel()
	for _, content := range []string{
		"text: 80%\nstring: a b\nnumber: 12\nflag: true\nlist: [a, 1, true]\nouter:\n  inner: x\n",
		"{text: 80%, string: 'a b', number: 12, flag: true, list: [a, 1, true], outer: {inner: x}}",
		"\ufeff---\r\ntext: \"80%\"\r\nstring: |\r\n  a b\r\nnumber: 12\r\nflag: true\r\nlist:\r\n- a\r\n- 1\r\n- true\r\nouter: {inner: x}\r\n...\r\n",
	} {
		got, err := read(content)
		require.NoError(t, err, content)
		assert.Equal(t, example{"80%", "a b", 12, true, []string{"a", "1", "true"}, "x"}, got, content)
	}
	for _, nothing := range []string{"", "# a comment\n", "---\n"} {
		got, err := read(nothing)
		require.NoError(t, err)
		assert.Equal(t, example{}, got)
	}
}

// keys spells one key too many.
func keys(spelling string) string {
	var text strings.Builder
	for i := range strict.MaxKeys + 1 {
		fmt.Fprintf(&text, spelling, i)
	}
	return text.String()
}

// TestManyKeys reads as many keys as there may be, over and over in different places.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	var faults strict.Errors
	r := &strict.Reader{File: "a.yaml", Faults: &faults}
	count := 0
	for _, block := range r.Items("", r.Parse([]byte(strings.Repeat("-\n"+strings.Repeat("  a: {a: b, c: d}\n", strict.MaxKeys), 3))), false) {
		r.Entries("", block, func(strict.Scalar, ast.Node) { count++ })
	}
	assert.Equal(t, 3, count)
	assert.Len(t, faults, 3*(strict.MaxKeys-1))
	told, _ := errors.AsType[strict.Errors](faults.Err())
	require.Len(t, told, strict.MaxFaults+1)
	assert.Equal(t, len(faults), told.Count())
	assert.Equal(t, "a.yaml:1003:3: at least 13997 more faults from here on; mend those before it first", told[strict.MaxFaults].Error())
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, content, want string }{
		{"unknown key", "texxt: a", `a.yaml:1:1: unknown key "texxt"; did you mean text?`},
		{"another case", "TEXT: a", `a.yaml:1:1: unknown key "TEXT"; did you mean text?`},
		{"unknown key below", "outer:\n  iner: a", `a.yaml:2:3: outer: unknown key "iner"; did you mean inner?`},
		{"nothing like it", "colour: a", `a.yaml:1:1: unknown key "colour"; use one of: text, string, number, flag, list, outer`},
		{"every fault, by position", "flag: 1\nstring: 2\ntexxt: 3", `
a.yaml:1:7: flag: true or false is expected, not a number; see the manual
a.yaml:2:9: string: text is expected, not a number; see the manual
a.yaml:3:1: unknown key "texxt"; did you mean text?`},
		{"twice", "text: a\nouter: {inner: a, inner: b}\ntext: b\ntext: c", `
a.yaml:2:19: outer: the key "inner" is written twice, first at line 2; keep one of them
a.yaml:3:1: the key "text" is written twice, first at line 1; keep one of them
a.yaml:4:1: the key "text" is written twice, first at line 1; keep one of them`},
		{"the path of a key", "outer.inner: a", `a.yaml:1:1: unknown key "outer.inner"; write inner indented below outer`},
		{"octal or not", "number: 010", `a.yaml:1:9: number: "010" is not a plain whole number; write it in decimal digits`},
		{"tag", "flag: !!bool true", "a.yaml:1:7: flag: true or false is expected, not a tag; see the manual"},
		{"key with a question mark", "? text\n: a", "a.yaml:1:1: text is expected, not a key with a question mark; see the manual"},
		{"text for a number", `number: "12"`, "a.yaml:1:9: number: a whole number is expected, not text; see the manual"},
		{"a fraction", "number: 1.5", "a.yaml:1:9: number: a whole number is expected, not a fraction; see the manual"},
		{"another base", "number: 0x10", `a.yaml:1:9: number: "0x10" is not a plain whole number; write it in decimal digits`},
		{"too large", "number: 99999999999999999999", `a.yaml:1:9: number: a whole number is expected, not text; see the manual`},
		{"yes", "flag: yes", "a.yaml:1:7: flag: true or false is expected, not text; see the manual"},
		{"nothing", "text:\n", "a.yaml:1:7: text: text is expected, not nothing; see the manual"},
		{"keys for a list", "list: {a: b}", "a.yaml:1:7: list: a list is expected, not keys with values; see the manual"},
		{"keys for a text", "text: {a: b}", "a.yaml:1:7: text: text is expected, not keys with values; see the manual; quote text that holds a colon"},
		{"a list for keys", "outer: [inner]", "a.yaml:1:8: outer: a block of keys with values is expected, not a list; see the manual"},
		{"a list at the top", "- text: a", "a.yaml:1:1: a block of keys with values is expected, not a list; see the manual"},
		{"alias", "text: &a b\nstring: *a", `
a.yaml:1:7: text: text is expected, not an anchor; see the manual
a.yaml:2:9: string: text is expected, not an alias; see the manual`},
		{"merge", "<<: {text: a}", "a.yaml:1:1: text is expected, not a merge; see the manual"},
		{"two documents", "text: a\n---\ntext: b", "a.yaml:3:1: a second yaml document; put all of it in one document"},
		{"no yaml", "text: a: b", "a.yaml:1:7: read yaml: mapping value is not allowed in this context; check the indentation, and quote text that holds : # { [ or @"},
		{"not closed", "text: x\nlist: [a, {b: c}, [d]", `a.yaml:2:7: read yaml: "[" is not closed; close it, or quote text that holds [ or {`},
		{"too many keys", keys("k%d: v\n"), "a.yaml:5001:6: more than 5000 keys in one place; split it"},
		{"too many keys of a block", "outer:\n  - x: y\n" + keys("    k%d: v\n"), "a.yaml:5002:10: more than 5000 keys in one place; split it"},
		{"too many keys in braces", "outer: {a: [b], " + keys("k%d: v, ") + "}", "a.yaml:1:48902: more than 5000 keys in one place; split it"},
		{"too deep", "text: " + strings.Repeat("[", 200), "a.yaml:1:107: nested more than 100 deep; write it flatter"},
		{"too deep in a line", "list:\n" + strings.Repeat("- ", 200), "a.yaml:2:201: nested more than 100 deep; write it flatter"},
		{"too large a file", strings.Repeat("#", strict.MaxSize+1), "a.yaml: the file is larger than 1024 KiB; split it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := read(test.content)
			assert.EqualError(t, err, strings.TrimPrefix(test.want, "\n"))
		})
	}
}

// At points into the value for as long as the value stands in the file as it reads.
func TestScalarAt(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]int{
		"text: abcd": 9, "text: 'abcd'": 10, `text: "abcd"`: 10, `text: "a\x62cd"`: 8, "text: 'a''b'": 8, "text: |\n  abcd": 7,
	} {
		var faults strict.Errors
		r := &strict.Reader{File: "a.yaml", Faults: &faults}
		r.Mapping("", r.Parse([]byte(content)), []strict.Field{{Name: "text", Read: func(where string, node ast.Node) {
			text, ok := r.Text(where, node)
			require.True(t, ok)
			assert.Equal(t, want, text.At(2).Column, content)
		}}})
		require.NoError(t, faults.Err())
	}
}

// FuzzReader: whatever the bytes, reading ends, every fault is in the file, and faults come sorted and once.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"", "text: a\nouter: {inner: b}", "a: &a [*a]\n<<: *a", "? [a]\n: b", "text: \"\\x", "---\n--- a", "\xff\x00", "!!a - - ["} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		_, err := read(content)
		faults, _ := errors.AsType[strict.Errors](err)
		lines := strings.Count(strings.ReplaceAll(content, "\r", "\n"), "\n") + 1
		for i, fault := range faults {
			assert.LessOrEqual(t, fault.Pos.Line, lines, "%v", fault)
			if i > 0 {
				before := faults[i-1]
				assert.NotEqual(t, before, fault)
				assert.LessOrEqual(t, before.Pos.Line, fault.Pos.Line)
			}
		}
	})
}
