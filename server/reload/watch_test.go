package reload

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// disk is a real folder, watched by the real kernel. Every load reads all that lies at the path.
type disk struct {
	t    *testing.T
	root string
	seen chan string
}

func (d *disk) at(name string) string { return filepath.Join(d.root, name) }

func (d *disk) write(name, content string) {
	require.NoError(d.t, os.MkdirAll(filepath.Dir(d.at(name)), 0o755))
	require.NoError(d.t, os.WriteFile(d.at(name), []byte(content), 0o644))
}

func (d *disk) rename(from, to string) { require.NoError(d.t, os.Rename(d.at(from), d.at(to))) }

func (d *disk) remove(name string) { require.NoError(d.t, os.RemoveAll(d.at(name))) }

// link makes a link, in place of one that may be there, as Kubernetes and deployments do.
func (d *disk) link(target, name string) {
	require.NoError(d.t, os.MkdirAll(filepath.Dir(d.at(name)), 0o755))
	require.NoError(d.t, os.Symlink(target, d.at(name+".new")))
	d.rename(name+".new", name)
}

// wants waits until a load has read exactly this.
func (d *disk) wants(content string) {
	d.t.Helper()
	late := time.After(time.Minute)
	for got := ""; got != content; {
		select {
		case got = <-d.seen:
		case <-late:
			require.Failf(d.t, "not noticed", "%q, after %q", content, got)
		}
	}
}

// watched starts to watch a path below a new folder.
func watched(t *testing.T, path string, prepare func(d *disk)) *disk {
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	d := &disk{t: t, root: root, seen: make(chan string, 1000)}
	prepare(d)
	ctx, stop := context.WithCancel(context.Background())
	r := New(Options{Log: slog.New(slog.DiscardHandler)}, Source{What: "files",
		Paths: func() []string { return []string{d.at(path)} },
		Load: func(context.Context) (Update, error) {
			d.seen <- contents(d.at(path))
			return Update{}, nil
		}})
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait(); assert.Empty(t, r.Problems()) })
	return d
}

// contents is what lies at a path: of a folder every file, links to files too.
func contents(path string) string {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "nothing"
	}
	var all []string
	_ = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name != path && strings.HasPrefix(entry.Name(), ".") {
			if entry != nil && entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if content, err := os.ReadFile(name); err == nil {
			all = append(all, string(content))
		}
		return nil
	})
	return strings.Join(all, " ")
}

func TestWatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, path     string
		prepare, story func(d *disk)
	}{
		{"a file that is saved, by writing and by renaming", "config.yaml",
			func(d *disk) { d.write("config.yaml", "one") },
			func(d *disk) {
				d.wants("one")
				d.write("config.yaml", "two")
				d.wants("two")
				d.write("config.yaml.tmp", "three")
				d.rename("config.yaml.tmp", "config.yaml")
				d.wants("three")
				d.write("config.yaml", "four")
				d.wants("four")
			}},
		{"a file that is not there yet, nor its folder, and goes again", "home/.config/clanker/config.yaml",
			func(*disk) {},
			func(d *disk) {
				d.wants("nothing")
				d.write("home/.config/clanker/config.yaml", "one")
				d.wants("one")
				d.remove("home")
				d.wants("nothing")
				d.write("home/.config/clanker/config.yaml", "two")
				d.wants("two")
			}},
		{"a folder in which another one is made, with a file in it", "intents",
			func(d *disk) { d.write("intents/a.yaml", "a") },
			func(d *disk) {
				d.wants("a")
				d.write("intents/team/deep/b.yaml", "b")
				d.wants("a b")
				d.write("intents/team/deep/b.yaml", "c")
				d.wants("a c")
				d.remove("intents/team")
				d.wants("a")
			}},
		{"a folder that is deleted and made again", "intents",
			func(d *disk) { d.write("intents/a.yaml", "one") },
			func(d *disk) {
				d.wants("one")
				d.remove("intents")
				d.write("intents/a.yaml", "two")
				d.wants("two")
				d.write("intents/a.yaml", "three")
				d.wants("three")
			}},
		{"a folder above that becomes another one", "repository/team/intents",
			func(d *disk) {
				d.write("repository/team/intents/a.yaml", "one")
				d.write("clone/team/intents/a.yaml", "two")
			},
			func(d *disk) {
				d.wants("one")
				d.rename("repository", "old")
				d.rename("clone", "repository")
				d.wants("two")
				d.write("repository/team/intents/a.yaml", "three")
				d.wants("three")
			}},
		{"a volume of Kubernetes", "mount",
			func(d *disk) {
				d.write("mount/..2026_1/a.yaml", "one")
				d.link("..2026_1", "mount/..data")
				d.link("..data/a.yaml", "mount/a.yaml")
			},
			func(d *disk) {
				d.wants("one")
				for _, version := range []string{"two", "three"} {
					d.write("mount/.."+version+"/a.yaml", version)
					d.link(".."+version, "mount/..data")
					d.wants(version)
				}
			}},
		{"a link to a file elsewhere", "intents",
			func(d *disk) {
				d.write("dotfiles/a.yaml", "one")
				d.link("../dotfiles/a.yaml", "intents/a.yaml")
			},
			func(d *disk) {
				d.wants("one")
				d.write("dotfiles/a.yaml", "two")
				d.wants("two")
			}},
		{"a link to the release that is in use", "current/intents",
			func(d *disk) {
				d.write("release-1/intents/a.yaml", "one")
				d.write("release-2/intents/a.yaml", "two")
				d.link("release-1", "current")
			},
			func(d *disk) {
				d.wants("one")
				d.link("release-2", "current")
				d.wants("two")
				d.write("release-2/intents/a.yaml", "three")
				d.wants("three")
			}},
		{"links that lead nowhere and in circles", "intents",
			func(d *disk) {
				d.link("nowhere", "intents/dangling.yaml")
				d.link("b", "intents/a")
				d.link("a", "intents/b")
				d.link("..", "intents/up")
				d.write("intents/a.yaml", "one")
			},
			func(d *disk) {
				d.wants("one")
				d.write("intents/nowhere", "found")
				d.wants("one found found")
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.story(watched(t, test.path, test.prepare))
		})
	}
}

// TestSavedIsLive measures how long a saved file takes to get live: under a second.
func TestSavedIsLive(t *testing.T) {
	t.Parallel()
	d := watched(t, "config.yaml", func(d *disk) { d.write("config.yaml", "one") })
	d.wants("one")
	saved := time.Now()
	d.write("config.yaml", "two")
	d.wants("two")
	t.Logf("live after %s", time.Since(saved))
}

// TestTooManyFolders survives a path that nobody meant.
// One source says where another lies: what happens there is seen from then on.
func TestAnotherPlace(t *testing.T) {
	t.Parallel()
	d := &disk{t: t, root: t.TempDir(), seen: make(chan string, 1000)}
	d.write("config", "old")
	place := "old"
	config := Source{What: "config", Paths: func() []string { return []string{d.at("config")} },
		Load: func(context.Context) (Update, error) {
			next := contents(d.at("config"))
			return Update{Apply: func() { place = next }}, nil
		}}
	files := Source{What: "files", Paths: func() []string { return []string{d.at(place)} },
		Load: func(context.Context) (Update, error) { d.seen <- contents(d.at(place)); return Update{}, nil }}
	ctx, stop := context.WithCancel(context.Background())
	r := New(Options{Log: slog.New(slog.DiscardHandler)}, config, files)
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	d.wants("nothing")
	d.write("new/a.yaml", "a")
	d.write("config", "new")
	d.wants("a")
	d.write("new/a.yaml", "b")
	d.wants("b")
}

func TestTooManyFolders(t *testing.T) {
	t.Parallel()
	d := &disk{t: t, root: t.TempDir()}
	for i := range maxFolders + 10 {
		require.NoError(t, os.Mkdir(d.at(string(rune('a'+i%26))+strings.Repeat("x", i/26)), 0o755))
	}
	found := survey([]Source{{Paths: func() []string { return []string{d.root} }}})
	assert.LessOrEqual(t, len(found), maxFolders+1)
	assert.ErrorContains(t, found.err(), "more than 1000 folders")
}
