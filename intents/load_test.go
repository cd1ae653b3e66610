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

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
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

// TestVocabularyOfAdapters keeps the lists of kinds and metrics equal to the constants they repeat.
func TestVocabularyOfAdapters(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../adapters/resource.go", nil, 0)
	require.NoError(t, err)
	declared := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if literal, ok := spec.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				value, _ := strconv.Unquote(literal.Value)
				for _, prefix := range []string{"Kind", "Metric"} {
					if strings.HasPrefix(spec.Names[0].Name, prefix) {
						declared[prefix] = append(declared[prefix], value)
					}
				}
			}
		}
		return true
	})
	assert.ElementsMatch(t, declared["Kind"], kindNames())
	assert.ElementsMatch(t, declared["Metric"], metricNames)
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

func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("*.yaml")
	require.NoError(f, err)
	for _, name := range files {
		content, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(content[:min(len(content), 3000)])
	}
	archives, err := filepath.Glob("testdata/load/*.txtar")
	require.NoError(f, err)
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		require.NoError(f, err)
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Load(fstest.MapFS{"fuzz.yaml": {Data: content}})
		if err != nil {
			var faults Errors
			require.ErrorAs(t, err, &faults)
			for _, fault := range faults {
				assert.Positive(t, fault.Pos.Line)
				assert.Positive(t, fault.Pos.Column)
				assert.NotEmpty(t, fault.Message)
			}
			return
		}
		for _, in := range c.Intents {
			assert.NotEmpty(t, in.Patterns)
			assert.NotEmpty(t, in.Source)
		}
	})
}
