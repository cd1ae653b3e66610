package terraform

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"clanker/adapters"
)

// What a configuration may have at most: all of it is hashed for every plan.
const (
	maxFiles = 2000
	maxBytes = 64 << 20
)

// choose finds the configured folder that -chdir names.
func choose(folders []string, chdir string) (string, error) {
	if len(folders) == 0 {
		return "", errors.New("no configuration may be worked on: set terraform.folders to the folders that may")
	}
	var fit []string
	for _, folder := range folders {
		folder = filepath.Clean(folder)
		if chdir == "" || folder == filepath.Clean(chdir) || strings.HasSuffix(folder, string(filepath.Separator)+filepath.Clean(chdir)) {
			fit = append(fit, folder)
		}
	}
	switch {
	case len(fit) == 0:
		return "", fmt.Errorf("-chdir=%s is not among the folders that may be worked on (%s): a person can add it to terraform.folders", chdir, strings.Join(folders, ", "))
	case len(fit) > 1:
		return "", fmt.Errorf("which configuration? name one with -chdir before the verb: %s", strings.Join(fit, ", "))
	case !filepath.IsAbs(fit[0]):
		return "", fmt.Errorf("terraform.folders has %s: it has to be an absolute path", fit[0])
	}
	return fit[0], nil
}

// tree collects the files of a configuration with their digests.
type tree struct {
	dir   string
	files map[string]adapters.File
	bytes int64
}

// configuration lists what terraform reads in a folder: all of it but the state, saved plans and version control; and of
// terraform's own folder the chosen backend and workspace and the modules.
func configuration(dir string) ([]adapters.File, error) {
	t := &tree{dir: dir, files: map[string]adapters.File{}}
	if err := t.walk("."); err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", dir, err)
	}
	modules, err := modules(dir)
	for _, module := range modules {
		err = errors.Join(err, t.walk(module))
	}
	for _, name := range []string{"terraform.tfstate", "environment", "modules/modules.json"} {
		name = filepath.Join(".terraform", name)
		if fail := t.add(name); fail != nil && !errors.Is(fail, fs.ErrNotExist) {
			err = errors.Join(err, fail)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", dir, err)
	}
	return slices.SortedFunc(maps.Values(t.files), func(a, b adapters.File) int { return cmp.Compare(a.Path, b.Path) }), nil
}

// modules are the folders of all modules, as terraform's init wrote them down, relative to the configuration.
func modules(dir string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, ".terraform", "modules", "modules.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var manifest struct{ Modules []struct{ Dir string } }
	if err == nil {
		err = json.Unmarshal(text, &manifest)
	}
	if err != nil {
		return nil, fmt.Errorf("read which modules there are: %w", err)
	}
	var folders []string
	for _, m := range manifest.Modules {
		folders = append(folders, m.Dir)
	}
	return folders, nil
}

// walk adds the files under a folder.
func (t *tree) walk(root string) error {
	return filepath.WalkDir(filepath.Join(t.dir, root), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(t.dir, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && name != filepath.Clean(root) && (entry.Name() == ".terraform" || entry.Name() == ".git" || entry.Name() == "terraform.tfstate.d"):
			return filepath.SkipDir
		case entry.IsDir():
			return private(path, entry)
		case isState(entry.Name()):
			return nil
		}
		return t.add(name)
	})
}

// private refuses a folder where everybody may write.
func private(path string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 {
		err = fmt.Errorf("everybody may write to %s: chmod o-w it", path)
	}
	return err
}

// isState reports whether a file is no part of the configuration, but what terraform writes beside it.
func isState(name string) bool {
	switch filepath.Ext(name) {
	case ".tfplan", ".tfstate":
		return true
	case ".backup", ".info":
		return strings.Contains(name, ".tfstate.")
	}
	return false
}

// add hashes a file.
func (t *tree) add(name string) error {
	if _, known := t.files[name]; known {
		return nil
	}
	file, err := os.Open(filepath.Join(t.dir, name))
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is neither a file nor a folder of this configuration: replace it by one", name)
	}
	if err != nil {
		return err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, io.LimitReader(file, maxBytes+1))
	if t.bytes += size; err == nil && (t.bytes > maxBytes || len(t.files) >= maxFiles) {
		err = fmt.Errorf("there are more than %d files or %d MiB: keep what is no part of the configuration elsewhere", maxFiles, maxBytes>>20)
	}
	t.files[name] = adapters.File{Path: filepath.ToSlash(name), SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size}
	return err
}

// environment is the environment that the name of a workspace or of a folder tells, the innermost first.
func environment(workspace, dir string) string {
	names := []string{workspace}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		names = append(names, filepath.Base(dir))
	}
	return adapters.EnvironmentOf(names...)
}
