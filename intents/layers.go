package intents

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"clanker/intents/strict"
)

// Layer is a folder of intents.
type Layer struct {
	Name  string // the folder as its user wrote it: faults are at Name/file.yaml:line:column; may be empty
	Files fs.FS
}

// BuiltIn is the layer that ships with the program, the first of most catalogues.
func BuiltIn() Layer { return Layer{Name: "built-in", Files: files} }

// path spells a file of the layer, or the layer itself, so that its user can open it.
func (l Layer) path(name string) string {
	switch {
	case l.Name == "":
		return name
	case name == ".":
		return l.Name
	default:
		return strings.TrimSuffix(l.Name, "/") + "/" + name
	}
}

// Bounds of what a folder of intents holds. More is somebody's home, or a mistake.
const (
	maxFileBytes = 1 << 20
	maxEntries   = 10_000                 // of a layer: files and folders of every kind
	maxFound     = 100 * strict.MaxFaults // with more faults a file is not read on
)

// Load reads one folder. It is [LoadAll] of one layer without a name.
func Load(fsys fs.FS) (*Catalog, error) { return LoadAll(Layer{Files: fsys}) }

// LoadAll reads the layers one over the other: see the package comment. The error is [Errors]: all faults of all files,
// by position. Layers without any words of their own use those that ship with the program.
func LoadAll(layers ...Layer) (*Catalog, error) {
	l := &loader{catalog: &Catalog{Vocabulary: newVocabulary()}, digest: sha256.New(), known: fieldNames()}
	names, total := make([][]string, len(layers)), 0
	for i, layer := range layers {
		names[i] = l.find(layer)
		total += len(names[i])
		l.catalog.Layers = append(l.catalog.Layers, layer.Name)
	}
	switch {
	case len(layers) == 0:
		l.faultAt("intents", "name a folder, or use the built-in ones", "no intents: no folder is named")
	case total == 0 && len(l.faults) == 0:
		l.faultAt(cmp.Or(strings.Join(l.catalog.Layers, ", "), "."), "add one, for instance health.yaml", "no intents: the folder has no .yaml file")
	}
	l.vocabularies(layers, names)
	for i, layer := range layers {
		l.layer = i
		l.read(layer, names[i])
	}
	l.checkAll()
	if err := l.faults.Err(); err != nil {
		return nil, err
	}
	l.catalog.Digest = hex.EncodeToString(l.digest.Sum(nil))
	return l.catalog, nil
}

func (l *loader) faultAt(file, remedy, format string, args ...any) {
	l.faults = append(l.faults, Fault{Pos: Position{File: file}, Message: fmt.Sprintf(format, args...), Remedy: remedy})
}

// find lists the .yaml files of a layer, sub-folders too, in the order of their paths.
func (l *loader) find(layer Layer) []string {
	var names []string
	entries := 0
	// The function given returns no error, so there is none.
	_ = fs.WalkDir(layer.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		entries++
		switch {
		case err != nil:
			l.faultAt(layer.path(name), "make it a folder that can be read, or name another one", "read the folder: %v", cause(err))
		case name != "." && strings.HasPrefix(path.Base(name), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entries > maxEntries:
			l.faultAt(layer.path("."), "name a folder that holds intents and nothing else", "more than %d files and folders", maxEntries)
			return fs.SkipAll
		case !entry.IsDir() && l.isFile(layer, name, entry):
			names = append(names, name)
		}
		return nil
	})
	return names
}

// isFile reports whether what is no folder is to be read, and faults what its user may think is read but is not.
func (l *loader) isFile(layer Layer, name string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink != 0 {
		if info, err := fs.Stat(layer.Files, name); err == nil && info.IsDir() {
			l.faultAt(layer.path(name), "name the folder it leads to beside this one", "a link to a folder is not followed")
			return false
		}
	}
	if path.Ext(name) == ".yml" {
		l.faultAt(layer.path(name), "rename it", "intents are read from .yaml files, not from .yml")
	}
	return path.Ext(name) == ".yaml"
}

// vocabularies reads the words of each layer that has some, over those before it, and leaves the intents in names.
func (l *loader) vocabularies(layers []Layer, names [][]string) {
	found := false
	for i, layer := range layers {
		found = l.vocabulary(layer, names[i]) || found
		names[i] = slices.DeleteFunc(names[i], isVocabulary)
	}
	if !found {
		l.vocabulary(BuiltIn(), l.find(BuiltIn()))
	}
}

// vocabulary reads the words of a layer: a key is defined once in all of its files, lists are added. It reports whether
// there are any.
func (l *loader) vocabulary(layer Layer, names []string) bool {
	words, found := newVocabulary(), false
	for _, name := range names {
		if !isVocabulary(name) {
			continue
		}
		found = true
		if r, content := l.open(layer, name); content != nil {
			if top := r.Parse(content); top != nil {
				words.read(r, top)
			}
		}
	}
	l.catalog.Vocabulary.overlay(words, &l.faults)
	return found
}

// read reads the intents of a layer and puts them over those before it.
func (l *loader) read(layer Layer, names []string) {
	var own []*Intent
	forms := map[string]*form{}
	for _, name := range names {
		if f := l.form(layer, name); f != nil {
			forms[name] = f
		}
	}
	for _, name := range names {
		if f := forms[name]; f != nil {
			own = append(own, l.intentsOf(f, l.defaultsOf(f, name, forms))...)
		}
	}
	slices.SortStableFunc(own, byID)
	for i, in := range own {
		if i > 0 && own[i-1].ID == in.ID {
			l.faults = append(l.faults, Fault{Pos: in.Pos, Subject: Subject(in.ID), Where: "id", Remedy: "give one of them another id",
				Message: fmt.Sprintf("the id is taken by the intent at %s:%d", own[i-1].Pos.File, own[i-1].Pos.Line)})
			continue
		}
		if at, found := slices.BinarySearchFunc(l.catalog.Intents, in, byID); found {
			in.Overrides = l.catalog.Intents[at]
			l.catalog.Intents[at] = in
		} else {
			l.catalog.Intents = slices.Insert(l.catalog.Intents, at, in)
		}
	}
}

func byID(a, b *Intent) int { return cmp.Compare(a.ID, b.ID) }

// open reads a file that is no larger than people write them. It never waits, as reading a pipe would.
func (l *loader) open(layer Layer, name string) (*reader, []byte) {
	r := &reader{File: layer.path(name), Manual: "see the package comment of intents", Faults: &l.faults}
	info, err := fs.Stat(layer.Files, name)
	var content []byte
	if err == nil && info.Mode().IsRegular() {
		content, err = readFile(layer.Files, name)
	}
	switch {
	case err != nil:
		l.faultAt(r.File, "make it readable, or remove it", "read the file: %v", cause(err))
	case !info.Mode().IsRegular():
		l.faultAt(r.File, "remove it, or put a file in its place", "this is no file that can be read")
	case len(content) > maxFileBytes:
		l.faultAt(r.File, "split it into several files", "the file is larger than 1 MiB")
	default:
		l.digest.Write(fmt.Appendf(nil, "%s %d\n", name, len(content)))
		l.digest.Write(content)
		return r, content
	}
	return r, nil
}

// readFile reads a byte more than a file may have at most.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	return content, errors.Join(err, file.Close())
}

// cause leaves the path out of an error: the fault's position tells it, as its user wrote it.
func cause(err error) error {
	if located, ok := errors.AsType[*fs.PathError](err); ok {
		return located.Err
	}
	return err
}
