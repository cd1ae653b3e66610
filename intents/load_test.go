package intents

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/intents/strict"
)

var update = flag.Bool("update", false, "write golden files")

// TestLoadFaults loads the files of each archive and compares every fault with its "want" file.
func TestLoadFaults(t *testing.T) {
	archives, err := filepath.Glob("testdata/load/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			fsys, want := unpack(archive)
			_, err = Load(fsys)
			require.Error(t, err)
			require.ErrorAs(t, err, new(Errors))
			got := err.Error() + "\n"
			if *update {
				archive.Files[want].Data = []byte(got)
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
			}
			assert.Equal(t, string(archive.Files[want].Data), got)
		})
	}
}

func unpack(archive *txtar.Archive) (fstest.MapFS, int) {
	fsys, want := fstest.MapFS{}, -1
	for i, file := range archive.Files {
		if file.Name == "want" {
			want = i
			continue
		}
		fsys[file.Name] = &fstest.MapFile{Data: file.Data}
	}
	return fsys, want
}

func TestLoadDefault(t *testing.T) {
	c, err := Load(Default())
	require.NoError(t, err)
	assert.True(t, slices.IsSortedFunc(c.Intents, func(a, b *Intent) int { return strings.Compare(a.ID, b.ID) }))
	again, err := Load(Default())
	require.NoError(t, err)
	assert.Equal(t, c.Digest, again.Digest)
	in, ok := c.Intent(c.Intents[0].ID)
	assert.True(t, ok)
	assert.Same(t, c.Intents[0], in)
	_, ok = c.Intent("no.such")
	assert.False(t, ok)
}

func TestLoadEmpty(t *testing.T) {
	_, err := Load(fstest.MapFS{})
	assert.EqualError(t, err, ".: no intents: the folder has no .yaml file; add one, for instance health.yaml")
	_, err = LoadAll()
	assert.EqualError(t, err, "intents: no intents: no folder is named; name a folder, or use the built-in ones")
}

// TestVocabularyOfAdapters keeps the list of kinds equal to the constants it repeats.
func TestVocabularyOfAdapters(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../adapters/resource.go", nil, 0)
	require.NoError(t, err)
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				value, _ := strconv.Unquote(literal.Value)
				if strings.HasPrefix(spec.Names[0].Name, "Kind") {
					declared = append(declared, value)
				}
			}
		}
		return true
	})
	assert.ElementsMatch(t, declared, kindNames())
	assert.Contains(t, kinds, adapters.KindPod)
}

// one loads a catalogue of one intent.
func one(t testing.TB, text string) *Intent {
	t.Helper()
	c, err := Load(fstest.MapFS{"one.yaml": {Data: []byte(text)}})
	require.NoError(t, err)
	require.Len(t, c.Intents, 1)
	return c.Intents[0]
}

// TestManual holds the package comment to the language: its example has every key, and loads.
func TestManual(t *testing.T) {
	manual, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var example strings.Builder
	for line := range strings.Lines(string(manual)) {
		if text, ok := strings.CutPrefix(line, "//\t"); ok {
			example.WriteString(text)
		} else if example.Len() > 0 {
			break
		}
	}
	for _, key := range (&draft{in: &Intent{}}).fields() {
		assert.Regexp(t, `(?m)^(- |  )`+key.Name+`:`, example.String())
	}
	in := one(t, strings.Replace(example.String(), ", intent: cost.spend", "", 1))
	assert.Equal(t, "metrics.memory.limit", in.ID)
}

// TestBroken loads what is broken on every line. How long it takes is printed: it must not grow with the square.
func TestBroken(t *testing.T) {
	lines := func(line string) string { return strings.Repeat(line, 100_000)[:min(len(line)*100_000, maxFileBytes)] }
	for _, test := range []struct{ text, want string }{
		{lines("- a\n"), "one.yaml:1:3: a block of keys with values is expected, not text"},
		{lines("- {id: x}\n"), `one.yaml:1:3: intent "x": action: the key "action" is missing`},
		{lines("a: b\n"), "one.yaml:5001:2: more than 5000 keys in one place"},
		{lines("- [\n"), "one.yaml:101:3: nested more than 100 deep"},
		{"[" + lines("a, "), `one.yaml:1:1: read yaml: "[" is not closed`},
		{lines("!!@@{{\n"), "one.yaml:"},
		{"- id: x\n  patterns: [" + lines("a, ") + "]\n", `one.yaml:2:1514: intent "x": patterns: more than 500 patterns`},
	} {
		began := time.Now()
		_, err := Load(fstest.MapFS{"one.yaml": {Data: []byte(test.text)}, "vocabulary.yaml": {}})
		t.Logf("%.10q: %s", test.text, time.Since(began))
		var faults Errors
		require.ErrorAs(t, err, &faults)
		assert.LessOrEqual(t, len(faults), strict.MaxFaults+1)
		assert.Contains(t, err.Error()[:min(1000, len(err.Error()))], test.want)
	}
}

// few are words enough to fuzz with: reading those that ship takes a hundred times as long as most intents.
const few = "concepts: {cpu: [cpu], healthy: [healthy], list: [list, show]}\nkinds: {pod: [pod, pods], service: [services]}\nfillers: [the]\n"

// FuzzLoad: whatever is in a file of intents, its faults are told with their places, or each intent can be asked for.
func FuzzLoad(f *testing.F) {
	addFiles(f, "*.yaml")
	f.Add([]byte(language))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Load(fstest.MapFS{"fuzz.yaml": {Data: content}, "vocabulary.yaml": {Data: []byte(few)}})
		if err != nil {
			placed(t, err)
			return
		}
		for _, in := range c.Intents {
			assert.True(t, len(in.Patterns) > 0 || len(in.Examples) >= enough)
			assert.NotEmpty(t, in.Source)
			in.Applies([]string{"aws"})
		}
	})
}

// FuzzVocabulary: whatever is in a file of words, its faults are told, or all spellings can be matched.
func FuzzVocabulary(f *testing.F) {
	addFiles(f, "vocabulary*/*.yaml")
	f.Add([]byte(few))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Load(fstest.MapFS{"vocabulary.yaml": {Data: []byte(few)}, "vocabulary/fuzz.yaml": {Data: content}})
		if err != nil {
			placed(t, err)
			return
		}
		for _, spelling := range slices.Concat(c.Vocabulary.Fillers, c.Vocabulary.Stopwords, c.Vocabulary.Nouns) {
			assert.Equal(t, strings.ToLower(spelling), spelling)
		}
	})
}

// addFiles adds the beginnings of files that ship, and those with faults, as seeds.
func addFiles(f *testing.F, glob string) {
	f.Helper()
	names, err := filepath.Glob(glob)
	require.NoError(f, err)
	for _, name := range names {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(content[:min(len(content), 1000)])
	}
	archives, err := filepath.Glob("testdata/load/*.txtar")
	require.NoError(f, err)
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		f.Add(archive.Files[0].Data)
	}
}

// placed checks that every fault says what is wrong, and where.
func placed(t *testing.T, err error) {
	t.Helper()
	var faults Errors
	require.ErrorAs(t, err, &faults)
	for _, fault := range faults {
		assert.Positive(t, fault.Pos.Line)
		assert.Positive(t, fault.Pos.Column)
		assert.NotEmpty(t, fault.Message)
	}
}

func TestNoiseOfAnIntent(t *testing.T) {
	catalog, err := Load(fstest.MapFS{"a.yaml": {Data: []byte("- id: a.b\n  topic: health\n  description: d\n  examples: [which gizmos exist]\n  patterns: [which gizmos exist]\n" +
		"  action: list\n  answer: fine\n  noise: [label.*, image]\n")}})
	require.NoError(t, err)
	assert.Equal(t, []string{"label.*", "image"}, catalog.Intents[0].Noise)
}
