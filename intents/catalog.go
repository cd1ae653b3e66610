package intents

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"text/template"
)

// Catalog is all that can be asked: a set of intents that fit together. It never changes once loaded.
type Catalog struct {
	Intents    []*Intent // sorted by id
	Vocabulary *Vocabulary
	Digest     string // of the files' names and bytes: the same catalogue routes the same way
}

// Intent returns the intent with the id.
func (c *Catalog) Intent(id string) (*Intent, bool) {
	i, found := slices.BinarySearchFunc(c.Intents, id, func(in *Intent, id string) int { return cmp.Compare(in.ID, id) })
	if !found {
		return nil, false
	}
	return c.Intents[i], true
}

// Intent is one thing that can be asked, compiled. See the package comment for what its keys mean.
type Intent struct {
	ID, Version, Description string
	Topic                    Topic
	Action                   Action
	Examples                 []Example
	Patterns                 []Pattern
	Columns                  []string
	Verdict                  bool
	Needs                    string // slot without which the question is asked back; see [Intent.SlotType]
	Defaults                 Slots  // of slots that the question does not give
	Pos                      Position

	slots    map[string]SlotType
	usesTime bool
	query    querySpec
	where    *condition
	order    *ordering
	limit    scalar
	answer   *template.Template
	next     []*template.Template
}

// Example is a question that must route to its intent.
type Example struct {
	Text string
	Pos  Position
}

// SlotType returns the type of a slot that one of the intent's patterns or defaults names, or 0.
func (in *Intent) SlotType(name string) SlotType { return in.slots[name] }

// UsesTime reports whether a time range in the question changes what the intent reads or selects. One that does not
// must not answer a question that gives one, as if it had looked there.
func (in *Intent) UsesTime() bool { return in.usesTime }

// Load reads every .yaml file at the top of fsys. The error is [Errors]: all faults of all files, by position. A
// catalogue without a vocabulary.yaml uses the one that ships with the program.
func Load(fsys fs.FS) (*Catalog, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil || len(names) == 0 {
		return nil, Errors{{Pos: Position{File: ".", Line: 1, Column: 1}, Message: "no intents: the folder has no .yaml file",
			Remedy: "add one, for instance health.yaml"}}
	}
	slices.Sort(names)
	l := &loader{catalog: &Catalog{Vocabulary: newVocabulary()}, digest: sha256.New(), known: fieldNames()}
	l.vocabulary(fsys, names)
	for _, name := range names {
		if path.Base(name) != vocabularyFile {
			l.file(fsys, name)
		}
	}
	l.finish()
	if err := l.faults.Err(); err != nil {
		return nil, err
	}
	l.catalog.Digest = hex.EncodeToString(l.digest.Sum(nil))
	return l.catalog, nil
}

func (l *loader) vocabulary(fsys fs.FS, names []string) {
	if !slices.Contains(names, vocabularyFile) {
		fsys = files
	}
	if r, content := l.open(fsys, vocabularyFile); content != nil {
		if top := r.Parse(content); top != nil {
			l.catalog.Vocabulary.read(r, top)
		}
	}
}

func (l *loader) open(fsys fs.FS, name string) (*reader, []byte) {
	r := &reader{File: name, Manual: "see the package comment of intents", Faults: &l.faults}
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		r.Fault(Position{name, 1, 1}, "", "make it readable", "read file: %v", err)
		return r, nil
	}
	l.digest.Write(fmt.Appendf(nil, "%s %d\n", name, len(content)))
	l.digest.Write(content)
	return r, content
}

func (l *loader) file(fsys fs.FS, name string) {
	r, content := l.open(fsys, name)
	if content == nil {
		return
	}
	top := r.Parse(content)
	if top == nil {
		return
	}
	for _, item := range r.Items("", top, false) {
		r.Subject = ""
		if in := l.intent(r, item); in != nil {
			l.catalog.Intents = append(l.catalog.Intents, in)
		}
	}
}

// finish checks what only the whole catalogue shows: ids and patterns that occur twice.
func (l *loader) finish() {
	all := l.catalog.Intents
	slices.SortStableFunc(all, func(a, b *Intent) int { return cmp.Compare(a.ID, b.ID) })
	patterns := map[string]*Intent{}
	for i, in := range all {
		if i > 0 && all[i-1].ID == in.ID {
			l.faults = append(l.faults, Fault{Pos: in.Pos, Subject: Subject(in.ID), Where: "id", Remedy: "give one of them another id",
				Message: fmt.Sprintf("the id is taken by the intent at %s:%d", all[i-1].Pos.File, all[i-1].Pos.Line)})
		}
		for _, pattern := range in.Patterns {
			other, taken := patterns[pattern.Text]
			if patterns[pattern.Text] = in; taken && other != in {
				l.faults = append(l.faults, Fault{Pos: pattern.Pos, Subject: Subject(in.ID), Where: "patterns", Remedy: "remove one of them, or make them differ",
					Message: fmt.Sprintf("intent %q at %s:%d has the same pattern", other.ID, other.Pos.File, other.Pos.Line)})
			}
		}
	}
}
