package policies

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"clanker/adapters"
	"clanker/intents/strict"
)

// DataFile is the file of settings in a folder of policies.
const DataFile = "data.yaml"

const (
	regoSuffix = ".rego"
	testSuffix = "_test.rego"
	mostFiles  = 200
)

// set is a folder of policies that was read.
type set struct {
	files    map[string][]byte
	modules  map[string]*ast.Module // without tests
	tests    map[string]*ast.Module
	settings Settings
	zone     *time.Location
}

// Load reads a folder of policies: data.yaml, and all files that end in .rego, in folders below it too. If it has no Rego
// file, those that ship with the program are taken, and if it has no data.yaml, that is: who only names people needs
// nothing else. An error is [strict.Errors]: all faults at once, each as file:line:column. Tests are compiled, not run;
// see [Check].
func Load(files fs.FS) (*Engine, error) {
	own, err := gather(files)
	if err != nil {
		return nil, err
	}
	base, err := gather(Default())
	if err != nil {
		return nil, err
	}
	isRego := func(name string, _ []byte) bool { return strings.HasSuffix(name, regoSuffix) }
	if hasRego := slices.ContainsFunc(slices.Collect(maps.Keys(own)), func(name string) bool { return isRego(name, nil) }); hasRego {
		maps.DeleteFunc(base, isRego)
	}
	maps.Copy(base, own)
	return LoadFiles(base)
}

// LoadFiles makes an engine of the files that [Engine.Files] returned: nothing is added to them.
func LoadFiles(files map[string][]byte) (*Engine, error) {
	var faults strict.Errors
	s := &set{files: files, modules: map[string]*ast.Module{}, tests: map[string]*ast.Module{}}
	s.settings, s.zone = readSettings(files[DataFile], &faults)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, regoSuffix) {
			s.parse(name, &faults)
		}
	}
	s.modules[typesFile] = ast.MustParseModuleWithOpts(types, options())
	if err := faults.Err(); err != nil {
		return nil, err
	}
	e, err := newEngine(s)
	if err != nil {
		return nil, positions(err)
	}
	return e, nil
}

// gather reads the files of a folder that are policies.
func gather(files fs.FS) (map[string][]byte, error) {
	var faults strict.Errors
	found := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			return skip(entry)
		case entry.IsDir():
			return nil
		case slices.Contains([]string{"data.yml", "data.json"}, name):
			faults = append(faults, strict.Fault{Pos: strict.Position{File: name}, Message: "this file is not read", Remedy: "name it " + DataFile})
		case name == DataFile || path.Ext(name) == regoSuffix:
			found[name], err = read(files, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the policies: %w", err)
	}
	if len(found) > mostFiles {
		faults = append(faults, strict.Fault{Pos: strict.Position{File: "."}, Message: fmt.Sprintf("more than %d files", mostFiles), Remedy: "name a folder that holds policies alone"})
	}
	return found, faults.Err()
}

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func read(files fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(files, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > strict.MaxSize {
		return nil, fmt.Errorf("%s is larger than %d KiB", name, strict.MaxSize>>10)
	}
	return fs.ReadFile(files, name)
}

// parse reads a Rego file.
func (s *set) parse(name string, faults *strict.Errors) {
	module, err := ast.ParseModuleWithOpts(name, string(s.files[name]), options())
	if err == nil && module == nil {
		err = &ast.Error{Location: ast.NewLocation(nil, name, 1, 1), Message: "there is nothing in it"}
	}
	if err != nil {
		*faults = append(*faults, positions(err)...)
		return
	}
	*faults = append(*faults, hygiene(module)...)
	if strings.HasSuffix(name, testSuffix) {
		s.tests[name] = module
	} else {
		s.modules[name] = module
	}
}

func options() ast.ParserOptions {
	return ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: capabilities(testBuiltins[:]...)}
}

// positions are the errors of the compiler as faults.
func positions(err error) strict.Errors {
	var faults strict.Errors
	if one := (*ast.Error)(nil); errors.As(err, &one) {
		err = ast.Errors{one}
	}
	if many := (ast.Errors)(nil); errors.As(err, &many) {
		for _, e := range many {
			faults = append(faults, explained(e))
		}
	} else {
		faults = strict.Errors{{Pos: strict.Position{File: "."}, Message: err.Error()}}
	}
	_ = faults.Err() // sorts them
	return slices.Compact(faults)
}

// invented are the names that the compiler gives to what has none.
var invented = regexp.MustCompile(`__local\d+__`)

// explained is an error of the compiler with what to do about it, where it knows.
func explained(e *ast.Error) strict.Fault {
	f := fault(e.Location, "", "%s", invented.ReplaceAllString(e.Message, "_"))
	if wrong, ok := e.Details.(*ast.RefErrInvalidDetail); ok && len(wrong.OneOf) > 0 {
		var known []string
		for _, name := range wrong.OneOf {
			known = append(known, strings.Trim(name.String(), `"`))
		}
		f.Remedy = strict.Suggest(strings.Trim(wrong.Ref[wrong.Pos].String(), `"`), "", known)
	}
	return f
}

func fault(at *ast.Location, remedy, format string, args ...any) strict.Fault {
	pos := strict.Position{File: "."}
	if at != nil {
		pos = strict.Position{File: at.File, Line: at.Row, Column: max(1, at.Col)}
	}
	return strict.Fault{Pos: pos, Message: fmt.Sprintf(format, args...), Remedy: remedy}
}

// revision is the digest of all files.
func revision(files map[string][]byte) (string, error) {
	type sum struct {
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
	}
	var sums []sum
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sums = append(sums, sum{name, sha(files[name])})
	}
	text, err := adapters.Canonical(sums)
	if err != nil {
		return "", err
	}
	return adapters.Digest("clanker.policies.v1", text), nil
}

// withTests are all modules.
func (s *set) withTests() map[string]*ast.Module {
	all := maps.Clone(s.modules)
	maps.Copy(all, s.tests)
	return all
}

// typedIn are the settings that a phrase typed at a terminal has to be enough for in development.
var typedIn = regexp.MustCompile(`(?m)^(  (?:write|production|offHours|workspace): )\d`)

// LoadDevelopment loads the policies that ship with the program, as they are for trying things out: a phrase typed at a terminal
// is enough, but for what destroys.
func LoadDevelopment() (*Engine, error) {
	files, err := gather(Default())
	if err != nil {
		return nil, err
	}
	files[DataFile] = typedIn.ReplaceAll(files[DataFile], []byte("${1}0"))
	return LoadFiles(files)
}
