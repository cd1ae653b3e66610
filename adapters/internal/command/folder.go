package command

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Folder is a private folder, mode 0700, for the files of one plan or one run. In it the program has its home, its
// temporary files and, if it is not given another, its working folder.
type Folder struct{ path string }

// NewFolder makes a private folder where the user's runtime files are, else where temporary files are. The caller has to
// remove it.
func NewFolder() (*Folder, error) {
	path, err := os.MkdirTemp(cmp.Or(os.Getenv("XDG_RUNTIME_DIR"), os.TempDir()), "clanker-run-")
	if err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	f := &Folder{path}
	for _, name := range []string{"home", "tmp", "bin", "work"} {
		if err := os.Mkdir(filepath.Join(path, name), 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("make a private folder: %w", err), f.Remove())
		}
	}
	return f, nil
}

// Path is the absolute path of a file in the working folder, which is "".
func (f *Folder) Path(name string) string { return filepath.Join(f.path, "work", name) }

// Write puts a file that only we may read into the working folder, and returns its absolute path. The name may have folders
// in it, which are made, but not lead outside; a file that exists is not overwritten.
func (f *Folder) Write(name string, content []byte) (string, error) {
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("write %q: the name leads out of the private folder", name)
	}
	path := f.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("write the private file %s: %w", name, err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", fmt.Errorf("write the private file %s: %w", name, err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return "", fmt.Errorf("write the private file %s: %w", name, err)
	}
	return path, nil
}

// Remove deletes the folder with all that is in it.
func (f *Folder) Remove() error { return os.RemoveAll(f.path) }
