package config

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"clanker/intents/strict"
)

// Options say where the configuration comes from.
type Options struct {
	Path   string                                          // of the file; empty: see [Locate]
	Getenv func(name string) string                        // an empty variable counts as none
	Flag   func(name string) (values []string, given bool) // of the command line; nil: there are none
}

// Locate returns the path of the file, and whether somebody named it: path, $CLANKER_CONFIG, else clanker/config.yaml in
// $XDG_CONFIG_HOME or in the folder where this system keeps configuration. The error is that there is no such folder.
func Locate(path string, getenv func(string) string) (file string, named bool, err error) {
	if path = cmp.Or(path, getenv("CLANKER_CONFIG")); path != "" {
		file, wrong := expand(path, "")
		if wrong.message != "" {
			return "", true, errors.New(wrong.message)
		}
		return file, true, nil
	}
	dir, err := folder(getenv)
	return filepath.Join(dir, "clanker", "config.yaml"), false, err
}

// folder is where configuration is kept. A relative $XDG_CONFIG_HOME is passed over, as its specification wants.
func folder(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return os.UserConfigDir()
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".config"), err
}

// Load reads the file, the environment and the flags over the defaults. The error is [strict.Errors]: every fault, sorted
// by where it stands.
func Load(o Options) (Config, error) {
	l := &loader{config: Default()}
	l.config.origins = map[string]strict.Position{}
	path, named, err := Locate(o.Path, o.Getenv)
	switch {
	case err == nil:
		l.file(path, named)
		l.beside(filepath.Join(filepath.Dir(path), "intents"))
	case named:
		l.fault(cmp.Or(o.Path, "CLANKER_CONFIG"), "", problem{err.Error(), "name a file"})
	}
	for _, k := range Keys() {
		l.outside(k, o)
	}
	l.models()
	if err := l.faults.Err(); err != nil {
		return Config{}, err
	}
	return l.config, nil
}

// loader gathers one configuration and all that is wrong with it.
type loader struct {
	config Config
	faults strict.Errors
}

func (l *loader) fault(from, where string, p problem) {
	l.faultAt(strict.Position{File: from}, where, p)
}

func (l *loader) faultAt(pos strict.Position, where string, p problem) {
	l.faults = append(l.faults, strict.Fault{Pos: pos, Where: where, Message: p.message, Remedy: p.remedy})
}

// outside reads what the environment says of a key, then what its flag says.
func (l *loader) outside(k Key, o Options) {
	if text := o.Getenv(k.Variable()); text != "" {
		texts := []string{text}
		switch k.Type {
		case Paths:
			texts = filepath.SplitList(text)
		case Names, Aliases:
			texts = strings.Split(text, ",")
		}
		l.over(k, k.Variable(), k.Path, texts)
	}
	if k.Flag == "" || o.Flag == nil {
		return
	}
	if texts, given := o.Flag(k.Flag); given {
		l.over(k, "--"+k.Flag, "", texts)
	}
}

func (l *loader) over(k Key, from, where string, texts []string) {
	if p := k.set(&l.config, texts...); p.message != "" {
		l.fault(from, where, p)
	}
	l.config.origins[k.Path] = strict.Position{File: from}
}

// beside takes the folder beside the file as the one with intents, unless the file says something else.
func (l *loader) beside(dir string) {
	if _, said := l.config.origins["intents.dirs"]; said {
		return
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		l.config.Intents.Dirs = []string{dir}
	}
}

func (l *loader) file(path string, named bool) {
	content, err := strict.ReadFile(path, 0o022, strict.MaxSize+1)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return
	case errors.Is(err, fs.ErrNotExist):
		l.fault(path, "", problem{"there is no such file", "name one that is there: clanker config init writes one"})
	case errors.Is(err, strict.ErrShared):
		l.fault(path, "", problem{"others than its owner may write it, and it names commands to run", "run: chmod go-w " + quoted(path)})
	case errors.Is(err, strict.ErrNoFile):
		l.fault(path, "", problem{reason(err), "name a file: it is read again whenever it changes"})
	case err != nil:
		l.fault(path, "", problem{"read the configuration: " + reason(err), "name a file that you may read"})
	default:
		l.config.File = path
		l.parse(path, content)
	}
}

// reason is an error of the file system without the path, which is said already.
func reason(err error) string {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok {
		return wrong.Err.Error()
	}
	return err.Error()
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsAny(path, " \t'\"\\$`&|;<>()*?[]#~!{}\n") {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}
