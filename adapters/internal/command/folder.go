package command

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Folder is a private folder, mode 0700, for the files of one plan or one run. In it the program has its home, its
// temporary files and, if it is not given another, its working folder.
type Folder struct {
	path string
	mark *os.File // says that it is in use, as long as this process lives
}

// prefix begins the names of private folders.
const prefix = "clanker-run-"

// settled is how old a folder has to be before it may count as left behind: one that is being made has no mark yet.
const settled = time.Minute

// NewFolder makes a private folder where the user's runtime files are, else where temporary files are. The caller has to
// remove it. Folders that a workspace left behind when it was killed, with what is secret in them, are removed on the way.
func NewFolder() (*Folder, error) {
	parent := cmp.Or(os.Getenv("XDG_RUNTIME_DIR"), os.TempDir())
	sweep(parent)
	path, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	f := &Folder{path: path}
	if f.mark, err = occupy(path); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(fmt.Errorf("make a private folder: %w", err), f.Remove())
	}
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
func (f *Folder) Remove() error {
	err := os.RemoveAll(f.path)
	if f.mark != nil {
		_ = f.mark.Close() // it was only read
	}
	return err
}

// sweep removes the folders that nobody uses any more. What cannot be removed is somebody else's.
func sweep(parent string) {
	left, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return
	}
	for _, path := range left {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < settled || owned(path, info, false) != nil {
			continue
		}
		if mark, err := occupy(path); err == nil {
			_ = (&Folder{path: path, mark: mark}).Remove()
		}
	}
}
