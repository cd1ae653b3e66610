package intents

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// ours is an intent of a user.
func ours(id, pattern string) string {
	return fmt.Sprintf("- id: %s\n  topic: health\n  description: Ours.\n  examples: [%s]\n  patterns: [%s]\n  action: list\n  answer: x\n", id, pattern, pattern)
}

func files2fs(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

// TestLayers puts two folders over the built-in one: what is new is added, what has an id that is taken replaces it whole.
func TestLayers(t *testing.T) {
	base, err := LoadAll(BuiltIn())
	require.NoError(t, err)
	first := Layer{"./team/", files2fs(map[string]string{"z.yaml": "# ours\n" + ours("team.one", "mood one") + "\n# another\n" + ours("team.two", "mood two"),
		"sub/health.yaml": ours("health.services", "mood services")})}
	second := Layer{"/etc/x", files2fs(map[string]string{"a.yaml": ours("team.two", "mood zwei") + ours("health.services", "mood again")})}
	c, err := LoadAll(BuiltIn(), first, second)
	require.NoError(t, err)
	assert.Equal(t, []string{"built-in", "./team/", "/etc/x"}, c.Layers)
	assert.Len(t, c.Intents, len(base.Intents)+2)
	for _, want := range []struct {
		id, position string
		layer        int
		overrides    []int
	}{
		{"team.one", "./team/z.yaml:2:3", 1, nil},
		{"team.two", "/etc/x/a.yaml:1:3", 2, []int{1}},
		{"health.services", "/etc/x/a.yaml:8:3", 2, []int{1, 0}},
	} {
		in, ok := c.Intent(want.id)
		require.True(t, ok, want.id)
		assert.Equal(t, want.position, in.Pos.String())
		assert.Equal(t, want.layer, in.Layer)
		var overrides []int
		for over := in.Overrides; over != nil; over = over.Overrides {
			assert.Equal(t, in.ID, over.ID)
			overrides = append(overrides, over.Layer)
		}
		assert.Equal(t, want.overrides, overrides)
	}
	one, _ := c.Intent("team.one")
	assert.Equal(t, ours("team.one", "mood one"), one.Source)
	again, err := LoadAll(BuiltIn(), first, second)
	require.NoError(t, err)
	assert.Equal(t, c.Digest, again.Digest)
	swapped, err := LoadAll(BuiltIn(), second, first)
	require.NoError(t, err)
	assert.NotEqual(t, c.Digest, swapped.Digest, "the order of layers matters")
}

// TestSources makes the built-in catalogue again of what is kept of its intents: an override begins with that.
func TestSources(t *testing.T) {
	c, err := LoadAll(BuiltIn())
	require.NoError(t, err)
	files := map[string]string{}
	for _, in := range c.Intents {
		assert.True(t, strings.HasPrefix(in.Source, "- id: "+in.ID+"\n"), in.Source)
		assert.Equal(t, 1, strings.Count(in.Source, "- id: "), in.Source)
		files[in.ID+".yaml"] = in.Source
	}
	again, err := LoadAll(Layer{"", files2fs(files)}) // with the words that ship
	require.NoError(t, err)
	require.Len(t, again.Intents, len(c.Intents))
	for i, in := range again.Intents {
		was := c.Intents[i]
		assert.Equal(t, was.Source, in.Source)
		assert.Equal(t, []any{was.Topic, was.Act, was.Action, was.MaxRisk, was.Columns, len(was.Examples), len(was.Patterns), len(was.NotExamples)},
			[]any{in.Topic, in.Act, in.Action, in.MaxRisk, in.Columns, len(in.Examples), len(in.Patterns), len(in.NotExamples)}, in.ID)
	}
}

func TestLayerFaults(t *testing.T) {
	words := "concepts: {healthy: [healthy]}\nkinds: {pod: [pod], node: [node, machine]}\nproviderKinds: {aws: {bucket: [s3]}}\n"
	base := Layer{"built-in", files2fs(map[string]string{"vocabulary.yaml": words, "a.yaml": ours("a.one", "mood one")})}
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"twice in one layer", map[string]string{"a.yaml": ours("x.y", "mood x"), "b.yaml": ours("x.y", "mood y")},
			[]string{`DIR/b.yaml:1:3: intent "x.y": id: the id is taken by the intent at DIR/a.yaml:1; give one of them another id`}},
		{"a pattern that is taken", map[string]string{"a.yaml": strings.Replace(ours("a.another", "mood one"), "examples: [mood one]", "examples: [mood three]", 1)},
			[]string{`DIR/a.yaml:5:14: intent "a.another": patterns: intent "a.one" at built-in/a.yaml:1 has the same pattern; make it differ, or override that intent: give this one the id a.one`}},
		{"a key in two files of words", map[string]string{"vocabulary.yaml": "nouns: [x]\nkinds: {pod: [x]}", "sub/vocabulary.yaml": "nouns: [y]",
			"vocabulary/a.yaml": "concepts: {lazy: [lazy]}\nproviders: {aws: [amazon]}\nproviderKinds: {aws: {pod: [task]}}",
			"vocabulary/b.yaml": "concepts: {lazy: [idle], busy: [busy]}\nproviders: {gcp: [amazon]}\nproviderKinds: {aws: {pod: [chore]}}\nkinds: {pod: [pod]}"},
			[]string{"DIR/vocabulary.yaml:2:9: kinds.pod: the key is taken by DIR/vocabulary/b.yaml:4; put the words of both in one place",
				"DIR/vocabulary/b.yaml:1:12: concepts.lazy: the key is taken by DIR/vocabulary/a.yaml:1; put the words of both in one place",
				`DIR/vocabulary/b.yaml:2:18: providers.gcp: "amazon" already spells the provider "aws"; keep it in one place`,
				"DIR/vocabulary/b.yaml:3:23: providerKinds.aws.pod: the key is taken by DIR/vocabulary/a.yaml:3; put the words of both in one place"}},
		{"words in many files", map[string]string{"vocabulary.yaml": "nouns: [x]\nkinds: {pod: [bean]}", "sub/vocabulary.yaml": "nouns: [y]",
			"vocabulary/a.yaml": "concepts: {lazy: [lazy]}\nproviderKinds: {aws: {pod: [task]}}", "deep/vocabulary/x/b.yaml": "providerKinds: {aws: {node: [hut]}}\nnouns: [z]"}, nil},
		{"a word that is taken", map[string]string{"vocabulary.yaml": "kinds: {pod: [machine, s3]}"},
			[]string{`DIR/vocabulary.yaml:1:9: kinds.pod: "machine" already spells the kind "node"; write kinds.node here too, without it`,
				`DIR/vocabulary.yaml:1:9: kinds.pod: "s3" already spells the kind "bucket"; write providerKinds.aws.bucket here too, without it`}},
		{"yml", map[string]string{"a.yml": ours("x.y", "mood x")},
			[]string{"DIR/a.yml: intents are read from .yaml files, not from .yml; rename it"}},
		{"large", map[string]string{"a.yaml": strings.Repeat("#", maxFileBytes+1)},
			[]string{"DIR/a.yaml: the file is larger than 1 MiB; split it into several files"}},
		{"largest", map[string]string{"a.yaml": strings.Repeat("#", maxFileBytes)}, nil},
		{"left alone", map[string]string{".x.yaml.swp": "[", ".git/x.yaml": "[", "4913": "[", "x.yaml~": "[", "README.md": "[", ".#x.yaml": "[", "..data/x.yaml": "["}, nil},
		{"nothing in it", nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := LoadAll(base, Layer{"DIR", files2fs(test.files)})
			if test.want == nil {
				require.NoError(t, err)
				return
			}
			assert.EqualError(t, err, strings.Join(test.want, "\n"))
		})
	}
}

func TestTooManyEntries(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range maxEntries + 1 {
		fsys[fmt.Sprintf("d/%d.txt", i)] = &fstest.MapFile{}
	}
	_, err := LoadAll(BuiltIn(), Layer{"/", fsys})
	assert.EqualError(t, err, "/: more than 10000 files and folders; name a folder that holds intents and nothing else")
}

// TestLayersOfVocabulary merges words: keys replace, lists are added, and a word can move from one kind to another.
func TestLayersOfVocabulary(t *testing.T) {
	load := func(over string) *Vocabulary {
		c, err := LoadAll(
			Layer{"base", files2fs(map[string]string{"vocabulary.yaml": "concepts: {healthy: [ok], down: [down]}\nkinds: {pod: [pod], node: [node, machine]}\n" +
				"providerKinds: {aws: {bucket: [s3]}}\nproviders: {aws: [aws, amazon]}\nfillers: [please]\nstopwords: [it]\nnouns: [search]\n"})},
			Layer{"over", files2fs(map[string]string{"vocabulary.yaml": over})})
		require.NoError(t, err)
		return c.Vocabulary
	}
	v := load("concepts: {healthy: [splendid], lazy: [lazy]}\nkinds: {node: [node], instance: [machine]}\nproviderKinds: {aws: {bucket: [simple storage]}}\n" +
		"providers: {aws: [aws], gcp: [google]}\nfillers: [kindly]\nstopwords: [this, it]\nnouns: [ads]\n")
	assert.Equal(t, map[string][]string{"healthy": {"splendid"}, "down": {"down"}, "lazy": {"lazy"}}, v.Concepts)
	assert.Equal(t, map[string]KindWord{"pod": {adapters.KindPod, ""}, "node": {adapters.KindNode, ""}, "machine": {adapters.KindInstance, ""},
		"simple storage": {adapters.KindBucket, "aws"}}, v.Kinds)
	assert.Equal(t, map[string]string{"aws": "aws", "google": "gcp"}, v.Providers)
	assert.Equal(t, []string{"kindly", "please"}, v.Fillers)
	assert.Equal(t, []string{"it", "this"}, v.Stopwords)
	assert.Equal(t, []string{"ads", "search"}, v.Nouns)
	assert.Empty(t, load("kinds: {node: []}").Kinds["node"], "an empty list takes words away")
}

// TestRealFolder reads what only a real file system has: links, pipes, what may not be read, what is not there.
func TestRealFolder(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, content string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(at(name)), 0o755))
		require.NoError(t, os.WriteFile(at(name), []byte(content), 0o644))
	}
	load := func(name string) (*Catalog, error) {
		return LoadAll(BuiltIn(), Layer{name, os.DirFS(at(name))})
	}
	write("mount/..2026/x.yaml", ours("x.y", "mood x"))
	require.NoError(t, os.Symlink("..2026", at("mount/..data")))
	require.NoError(t, os.Symlink("..data/x.yaml", at("mount/x.yaml")))
	require.NoError(t, os.Symlink("/nowhere", at("mount/notes.txt")))
	c, err := load("mount")
	require.NoError(t, err)
	in, ok := c.Intent("x.y")
	require.True(t, ok)
	assert.Equal(t, "mount/x.yaml:1:3", in.Pos.String())

	write("odd/shared/a.yaml", ours("a.b", "mood a"))
	require.NoError(t, os.Symlink("shared", at("odd/again")))
	require.NoError(t, os.Symlink("nowhere", at("odd/dangling.yaml")))
	require.NoError(t, syscall.Mkfifo(at("odd/pipe.yaml"), 0o644))
	_, err = load("odd")
	assert.EqualError(t, err, `odd/again: a link to a folder is not followed; name the folder it leads to beside this one
odd/dangling.yaml: read the file: no such file or directory; make it readable, or remove it
odd/pipe.yaml: this is no file that can be read; remove it, or put a file in its place`)

	_, err = load("missing")
	assert.EqualError(t, err, "missing: read the folder: no such file or directory; make it a folder that can be read, or name another one")
	_, err = load("odd/shared/a.yaml")
	assert.EqualError(t, err, "odd/shared/a.yaml: read the folder: not a directory; make it a folder that can be read, or name another one")
}

// locked may not be read, in part: root may read everything, and tests run as root too.
type locked struct{ fstest.MapFS }

func (l locked) Open(name string) (fs.File, error) {
	if strings.Contains(name, "locked") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func (l locked) ReadDir(name string) ([]fs.DirEntry, error) {
	if strings.Contains(name, "locked") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.ReadDir(name)
}

func TestUnreadable(t *testing.T) {
	_, err := LoadAll(BuiltIn(), Layer{"DIR", locked{files2fs(map[string]string{"locked.yaml": "", "locked/x.yaml": "", "open.yaml": "- id: 1"})}})
	require.ErrorAs(t, err, new(Errors))
	lines := strings.Split(err.Error(), "\n")
	assert.Equal(t, "DIR/locked: read the folder: permission denied; make it a folder that can be read, or name another one", lines[0])
	assert.Equal(t, "DIR/locked.yaml: read the file: permission denied; make it readable, or remove it", lines[1])
	assert.Greater(t, len(lines), 2, "the faults of what can be read are told too")
}
