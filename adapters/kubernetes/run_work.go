package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/adapters/internal/command"
)

// work is one plan or one run: the tool, a private folder with all that it reads, and the way into the cluster.
type work struct {
	runner  *Runner
	command adapters.Command
	argv    []string // without the tool's name; paths lead to the private copies
	binary  adapters.Binary
	access  *access
	files   []adapters.File
	folder  *command.Folder
}

func (r *Runner) work(ctx context.Context, c adapters.Command) (w *work, err error) {
	w = &work{runner: r, command: c, argv: slices.Clone(c.Argv[1:])}
	if w.binary, err = command.Find(c.Tool, r.options.Path); err != nil {
		return nil, err
	}
	if w.folder, err = command.NewFolder(); err != nil {
		return nil, err
	}
	if err := errors.Join(w.copyFiles(), w.copyChart(), w.enter(ctx), w.learnVersion(ctx)); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// reads reports whether the command changes nothing.
func (w *work) reads() bool {
	return w.command.Class == adapters.ClassRead || w.command.Class == adapters.ClassSensitiveRead
}

// inputs is all that is read besides the tool: the command's files and the sign-in program.
func (w *work) inputs() []adapters.File {
	files := append(slices.Clone(w.files), w.access.files...)
	slices.SortFunc(files, func(a, b adapters.File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

func (w *work) close() error { return w.folder.Remove() }

// enter resolves the context, and puts a kubeconfig for it alone into the folder.
func (w *work) enter(ctx context.Context) (err error) {
	if w.access, err = w.runner.access(ctx, w.command); err != nil {
		return err
	}
	_, err = w.folder.Write(".kubeconfig", w.access.kubeconfig)
	return err
}

// generated are the variables whose values are generated paths.
func (w *work) generated() []adapters.Variable {
	return []adapters.Variable{{Name: "KUBECONFIG", Value: w.folder.Path(".kubeconfig")}}
}

// mostOutput is how much a tool may say to this package, in bytes.
const mostOutput = 64 << 20

// ask runs the tool for this package and returns what it says.
func (w *work) ask(ctx context.Context, args ...string) ([]byte, error) {
	answer := &limited{left: mostOutput}
	o, err := w.folder.Run(ctx, command.Spec{
		Binary: w.binary, Args: args, Env: append(w.generated(), environment()...), Secrets: w.access.secrets, Raw: answer, Time: time.Minute,
	})
	switch {
	case err != nil:
		return nil, err
	case o.Failure != "":
		return nil, fmt.Errorf("%s: %s", w.binary.Name, o.Failure)
	case o.Exit != 0:
		return nil, fmt.Errorf("%s refuses: %s", w.binary.Name, strings.TrimPrefix(oneLine(o.Stderr), "error: "))
	case o.Truncated:
		return nil, fmt.Errorf("%s said more than %d MiB: name less", w.binary.Name, mostOutput>>20)
	}
	return answer.content.Bytes(), nil
}

// limited keeps so much, and then fails.
type limited struct {
	content bytes.Buffer // a field: its own ways of being written to know no limit
	left    int
}

// Write implements [io.Writer].
func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, io.ErrShortWrite
	}
	return l.content.Write(p)
}

// learnVersion asks the tool for its version, once for each digest.
func (w *work) learnVersion(ctx context.Context) error {
	if w.access == nil { // what is wrong is told already
		return nil
	}
	w.runner.mu.Lock()
	w.binary.Version = w.runner.versions[w.binary.SHA256]
	w.runner.mu.Unlock()
	if w.binary.Version != "" {
		return nil
	}
	version, err := w.version(ctx)
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w", w.binary.Path, err)
	}
	w.runner.mu.Lock()
	defer w.runner.mu.Unlock()
	w.binary.Version, w.runner.versions[w.binary.SHA256] = version, version
	return nil
}

func (w *work) version(ctx context.Context) (string, error) {
	if w.command.Tool == helmTool {
		said, err := w.ask(ctx, "version", "--template", "{{.Version}}")
		return cmp.Or(strings.TrimSpace(string(said)), "unknown"), err
	}
	said, err := w.ask(ctx, "version", "--client", "--output", "json")
	if err != nil {
		return "", err
	}
	return kubectlVersion(said)
}

// kubectlVersion reads what kubectl version says. The kubectl of the Google Cloud CLI is refused: it starts another one,
// by the version of the cluster.
func kubectlVersion(said []byte) (string, error) {
	var answer struct {
		ClientVersion struct{ GitVersion string } `json:"clientVersion"`
	}
	if err := json.Unmarshal(said, &answer); err != nil {
		return "", err
	}
	version := cmp.Or(answer.ClientVersion.GitVersion, "unknown")
	if strings.HasSuffix(version, "-dispatcher") {
		return "", errors.New("it starts another kubectl, whose digest nobody would have seen: put the folder of a plain kubectl first in the PATH")
	}
	return version, nil
}

// fileFlags are the flags whose values are local files, or lists of them; some have a key before the path: name=path.
var fileFlags = [...]string{"filename", "patch-file", "from-file", "from-env-file", "values", "set-file"}

// mostFile is how large a file that a command reads may be, in bytes.
const mostFile = 1 << 20

// copyFiles puts private copies of the files that the command names into the folder, and notes their digests. A file is read
// once: what is hashed is what is run.
func (w *work) copyFiles() error {
	for _, flag := range w.command.Flags {
		if flag.Name == "kustomize" {
			return errors.New("a kustomization may read anything: build it (kubectl kustomize FOLDER) and propose the file that comes out")
		}
		if !slices.Contains(fileFlags[:], flag.Name) {
			continue
		}
		for path := range strings.SplitSeq(flag.Value, ",") {
			if key, value, ok := strings.Cut(path, "="); ok && (flag.Name == "from-file" || flag.Name == "set-file") && key != "" {
				path = value
			}
			err := w.copyFile(path)
			if err == nil && filepath.IsAbs(path) {
				err = w.redirect(path, w.private(path))
			}
			if err != nil {
				return fmt.Errorf("read the file of --%s: %w", flag.Name, err)
			}
		}
	}
	return nil
}

func (w *work) copyFile(path string) error {
	if slices.ContainsFunc(w.files, func(f adapters.File) bool { return f.Path == path }) {
		return nil
	}
	content, err := w.runner.read(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	w.files = append(w.files, adapters.File{Path: path, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))})
	if !filepath.IsAbs(path) { // the tool runs in the folder
		_, err = w.folder.Write(path, content)
		return err
	}
	_, err = w.folder.Write(filepath.Join("files", path), content)
	return err
}

// redirect makes the flags of the argv that name a file by its absolute path name the private copy.
func (w *work) redirect(path, private string) error {
	done := false
	for i, word := range w.argv {
		value := i > 0 && strings.HasPrefix(w.argv[i-1], "-") &&
			slices.ContainsFunc(strings.FieldsFunc(word, func(r rune) bool { return r == ',' || r == '=' }), func(part string) bool { return part == path })
		if value || strings.HasPrefix(word, "-") && strings.Contains(word, path) {
			w.argv[i], done = strings.ReplaceAll(word, path, private), true
		}
	}
	if !done {
		return fmt.Errorf("%s is not found in the command: name it by a relative path", path)
	}
	return nil
}

// read reads a regular file within the folder of commands, or by an absolute path; no symbolic link leads out of its folder.
func (r *Runner) read(path string) ([]byte, error) {
	folder, name := cmp.Or(r.options.Folder, "."), path
	if filepath.IsAbs(path) {
		folder, name = filepath.Split(path)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	if info, err := root.Stat(name); err != nil || !info.Mode().IsRegular() { // before it is opened, which a pipe would block
		return nil, cmp.Or(err, fmt.Errorf("%s is not a file", path))
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, mostFile+1))
	if err == nil && len(content) > mostFile {
		err = fmt.Errorf("%s is larger than %d KiB", path, mostFile>>10)
	}
	return content, err
}

// private is where the copy of a file is that the command names.
func (w *work) private(path string) string {
	if filepath.IsAbs(path) {
		return w.folder.Path(filepath.Join("files", path))
	}
	return w.folder.Path(path)
}
