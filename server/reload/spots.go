package reload

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxFolders bounds the watches: more folders than this hold no intents, but somebody's home.
const maxFolders = 1000

// maxLinks bounds a chain of links, as the kernel does.
const maxLinks = 40

// spots are the folders to watch, by real path: none of them is reached by a link.
type spots map[string]*spot

// spot says what in a folder matters.
type spot struct {
	names map[string]bool // these; they are on the way to a path
	all   bool            // all but what editors leave behind
	vital bool            // changes of content show here, not only that a folder on the way is another one
}

// survey finds what to watch for the sources right now.
func survey(sources []Source) spots {
	s := spots{}
	for _, source := range sources {
		for _, path := range source.Paths() {
			if absolute, err := filepath.Abs(path); err == nil { // it fails when there is no working directory: nothing to watch
				s.follow(absolute, true, maxLinks)
			}
		}
	}
	return s
}

// follow goes to a path name by name, and on from every link. Of a folder at its end all is watched if whole is set.
func (s spots) follow(path string, whole bool, links int) {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	folder, rest := root, strings.TrimPrefix(path, root)
	for rest != "" {
		name, after, _ := strings.Cut(rest, string(filepath.Separator))
		next := filepath.Join(folder, name)
		here := s.at(folder)
		here.names[name] = true
		info, err := os.Lstat(next)
		here.vital = here.vital || err != nil || after == ""
		switch {
		case err != nil:
			return // it will show here once it is there
		case info.Mode()&os.ModeSymlink != 0:
			s.followLink(folder, name, after, whole, links)
			return
		case !info.IsDir():
			return
		}
		folder, rest = next, after
	}
	if whole {
		s.tree(folder)
	}
}

func (s spots) followLink(folder, name, after string, whole bool, links int) {
	target, err := os.Readlink(filepath.Join(folder, name))
	if err != nil || links == 0 {
		return
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(folder, target)
	}
	s.follow(filepath.Join(target, after), whole, links-1)
}

// tree watches a folder with those in it, and where the links in it lead.
func (s spots) tree(folder string) {
	if len(s) > maxFolders || s[folder] != nil && s[folder].all {
		return
	}
	here := s.at(folder)
	here.all, here.vital = true, true
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // laying the watch says why
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		switch {
		case leftover(entry.Name()):
		case entry.IsDir():
			s.tree(path)
		case entry.Type()&os.ModeSymlink != 0:
			s.follow(path, false, maxLinks)
		}
	}
}

func (s spots) at(folder string) *spot {
	if s[folder] == nil {
		s[folder] = &spot{names: map[string]bool{}}
	}
	return s[folder]
}

// concern reports whether a change of the path matters.
func (s spots) concern(path string) bool {
	here, name := s[filepath.Dir(path)], filepath.Base(path)
	return here != nil && (here.names[name] || here.all && !leftover(name))
}

// leftover reports whether a name is hidden, or of a file that an editor makes for itself.
func leftover(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || name == "4913"
}

// marks are the folders, to compare with: laying watches is done when no folder came or went.
func (s spots) marks() map[string]bool {
	marks := map[string]bool{}
	for folder, here := range s {
		marks[folder] = here.all
	}
	return marks
}

// err says that there are too many folders.
func (s spots) err() error {
	if len(s) > maxFolders {
		return fmt.Errorf("there are more than %d folders to watch: name folders that hold nothing else", maxFolders)
	}
	return nil
}
