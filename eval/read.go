package eval

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"clanker/intents"
	"clanker/intents/strict"
)

//go:embed cases/*.tsv
var embedded embed.FS

// maxFile is how large a file of cases may be, in bytes: some hundred thousand questions.
const maxFile = 64 << 20

// home is where the built-in cases are in the project, for faults and reports to name the file that can be edited.
const home = "eval/"

const manual = "clanker eval --help shows what a case is made of"

// BuiltIn returns the suites that come with the program, sorted by name. It fails with [strict.Errors].
func BuiltIn(c *intents.Catalog) ([]Suite, error) {
	files, err := fs.Glob(embedded, "cases/*")
	if err != nil {
		return nil, fmt.Errorf("list the built-in cases: %w", err)
	}
	for i := range files {
		files[i] = home + files[i]
	}
	return load(c, func(name string) (io.ReadCloser, error) { return embedded.Open(strings.TrimPrefix(name, home)) }, files)
}

// Load reads a suite from each file. Intents and topics must be the catalogue's. It fails with [strict.Errors].
func Load(c *intents.Catalog, files ...string) ([]Suite, error) {
	return load(c, func(name string) (io.ReadCloser, error) { return os.Open(name) }, files)
}

func load(c *intents.Catalog, open func(string) (io.ReadCloser, error), files []string) ([]Suite, error) {
	var faults strict.Errors
	var suites []Suite
	from := map[string]string{}
	for _, file := range files {
		s := Suite{Name: suiteName(file)}
		if other, taken := from[s.Name]; taken {
			faults = append(faults, strict.Fault{Pos: strict.Position{File: file}, Message: "its suite has the name of that of " + other, Remedy: "rename one of the files"})
		}
		from[s.Name] = file
		s.Cases = readFile(file, open, &faults)
		k := checker{catalog: c, first: map[string]strict.Position{}, faults: &faults}
		for i := range s.Cases {
			k.check(&s.Cases[i])
		}
		suites = append(suites, s)
	}
	return suites, faults.Err()
}

func suiteName(file string) string {
	base := path.Base(filepath.ToSlash(file))
	return strings.TrimSuffix(strings.TrimSuffix(base, path.Ext(base)), "-questions")
}

// readFile reads the cases of a file by what its name ends in. A file without any is a fault: it would hold no line.
func readFile(file string, open func(string) (io.ReadCloser, error), faults *strict.Errors) []Case {
	r := reader{file: file, faults: faults}
	read := map[string]func(string) []Case{".tsv": r.tsv, ".jsonl": r.jsonLines, ".yaml": r.yaml, ".yml": r.yaml}[path.Ext(file)]
	if read == nil {
		r.fault(0, "", "name it .yaml, .tsv or .jsonl", "the name does not say what is in it")
		return nil
	}
	content, err := contentOf(file, open)
	if err != nil {
		r.fault(0, "", "", "%v", err)
		return nil
	}
	before := len(*faults)
	cases := read(strings.TrimPrefix(content, "\ufeff"))
	if len(cases) == 0 && len(*faults) == before {
		r.fault(0, "", manual, "there are no cases in it")
	}
	return cases
}

func contentOf(file string, open func(string) (io.ReadCloser, error)) (string, error) {
	f, err := open(file)
	if err != nil {
		return "", fmt.Errorf("open the file: %w", bare(err))
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the file: %w", bare(err))
	case len(content) > maxFile:
		return "", fmt.Errorf("the file is larger than %d MiB: split it", maxFile>>20)
	default:
		return string(content), nil
	}
}

// bare takes the file's name out of an error: the position says it.
func bare(err error) error {
	if inPath, ok := errors.AsType[*fs.PathError](err); ok {
		return inPath.Err
	}
	return err
}
