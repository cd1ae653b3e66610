package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clanker/router"
)

// learnedFolder keeps what the matcher learned of catalogues, so that a start takes what the last one learned. Whatever goes
// wrong with it only costs the second or two to learn anew, so it reports nothing.
type learnedFolder struct{ dir string }

var _ router.Cache = learnedFolder{}

// maxLearned bounds the files that are kept: those of catalogues that changed since are of no use.
const maxLearned = 8

const learnedSuffix = ".learned"

// newLearnedFolder is the folder of the user's caches ($XDG_CACHE_HOME/clanker), none where there is no such place.
func newLearnedFolder() []router.Cache {
	dir, err := os.UserCacheDir()
	if err != nil {
		return nil
	}
	return []router.Cache{learnedFolder{filepath.Join(dir, "clanker")}}
}

// Load returns what was stored under the key.
func (f learnedFolder) Load(key string) ([]byte, bool) {
	data, err := os.ReadFile(filepath.Join(f.dir, key+learnedSuffix))
	return data, err == nil
}

// Store keeps the value, whole or not at all, and forgets the oldest.
func (f learnedFolder) Store(key string, value []byte) {
	if os.MkdirAll(f.dir, 0o700) != nil {
		return
	}
	file, err := os.CreateTemp(f.dir, ".new-*"+learnedSuffix)
	if err != nil {
		return
	}
	defer func() { _ = os.Remove(file.Name()) }() // fails when it has been renamed
	_, wrote := file.Write(value)
	if closed := file.Close(); wrote != nil || closed != nil {
		return
	}
	if os.Rename(file.Name(), filepath.Join(f.dir, key+learnedSuffix)) == nil {
		f.forget()
	}
}

// forget removes all but the newest.
func (f learnedFolder) forget() {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return
	}
	var files []os.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && strings.HasSuffix(entry.Name(), learnedSuffix) {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b os.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, old := range files[min(len(files), maxLearned):] {
		_ = os.Remove(filepath.Join(f.dir, old.Name()))
	}
}
