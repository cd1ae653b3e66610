package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clanker/adapters"
)

// thing is what a question points at, as a question can name it.
type thing struct {
	words string   // "checkout-api", "pods"
	place string   // what tells it apart or says where: "in namespace staging"; empty for nowhere in particular
	name  string   // as the slots of a match have it
	label string   // for people
	id    string   // of the one resource that it is; empty when it is not known to be one
	set   []string // the IDs of several
}

// meant finds what a mention points at, or what to ask back.
func (p *pointing) meant(b mention) (thing, *Needs) {
	words, listed := p.l.say(b.from, b.to, nil), p.listed(b.kind)
	switch {
	case b.sort == toNth && b.nth < 0:
		return p.row(words, listed, len(listed)-1)
	case b.sort == toNth:
		return p.row(words, listed, b.nth-1)
	case b.sort == toOneAt:
		return p.oneAt(words, p.l.say(b.from+2, b.to, nil))
	case b.sort == toThem && len(listed) > 1:
		return p.them(listed), nil
	}
	return p.it(words, b.kind)
}

// listed are the resources that the earlier answer showed, of a kind if one is given.
func (p *pointing) listed(kind adapters.Kind) []string {
	return slices.DeleteFunc(slices.Clone(p.look.Listed), func(id string) bool {
		of := adapters.IDKind(id)
		return kind != "" && of != kind || of == adapters.KindEvent || of == KindLog
	})
}

// which asks back for one of several.
func (p *pointing) which(words string, ids []string) *Needs {
	return &Needs{Slot: "service", Candidates: labels(ids),
		Question: fmt.Sprintf("Which one is %q? Answer %s showed %d.", Clipped(Printable(words), maxWanted), p.look.AnswerID, len(ids))}
}

// it is the one thing that the earlier answer was about: what its question named, or where it looked if it asked about that, or
// the only thing that it showed.
func (p *pointing) it(words string, kind adapters.Kind) (thing, *Needs) {
	slots := p.look.Subject.Slots
	if t, ok := p.m.placeNoun(slots, string(kind)); ok {
		return t, nil
	}
	if name := nameIn(slots); name != "" {
		if t, ok := p.named(name, kind); ok {
			return t, nil
		}
	} else if kind == "" && p.askedOfPlace() {
		if t, ok := p.m.placeNoun(slots, "namespace", "cluster", "environment"); ok {
			return t, nil
		}
	}
	listed := p.listed(kind)
	if len(listed) == 0 {
		return thing{}, &Needs{Slot: "service", Question: fmt.Sprintf("Answer %s tells of nothing that could be meant. What is?", p.look.AnswerID)}
	}
	if len(listed) > 1 {
		return thing{}, p.which(words, listed)
	}
	return p.row(words, listed, 0)
}

// nameIn is what slots name.
func nameIn(slots map[string]any) string {
	return cmp.Or(textOf(slots, "service"), textOf(slots, "pod"), textOf(slots, "node"))
}

// named is what the earlier question named, in the place that it named. It is one resource if one of those shown is called so.
func (p *pointing) named(name string, kind adapters.Kind) (thing, bool) {
	t := thing{words: p.m.nameWords(name), name: name, label: Clipped(Printable(name), maxWanted), place: p.m.placeOfSlots(p.look.Subject.Slots)}
	alike := slices.DeleteFunc(slices.Clone(p.look.Subject.Refs), func(id string) bool {
		return !strings.EqualFold(adapters.IDName(id), name) || kind != "" && adapters.IDKind(id) != kind
	})
	if len(alike) == 1 {
		t.id = alike[0]
	}
	return t, t.words != "" && (kind == "" || len(alike) > 0)
}

// askedOfPlace reports whether the earlier question was about a place, "is staging healthy", and not about something in it.
func (p *pointing) askedOfPlace() bool {
	s := p.m.scratch.Get().(*scratch)
	defer p.m.scratch.Put(s)
	l := &s.lattice
	l.build(p.m.lex, p.names, p.look.Question)
	for i := range l.tokens {
		if to := l.asideEnd(i, len(l.tokens), isWhere); to > 0 {
			return placeWord(l.words[i]) == noPlace && !l.kindWithin(0, i) && !l.kindWithin(to, len(l.tokens))
		}
	}
	return false
}

// them are several that the earlier answer showed, by the kind of all of them.
func (p *pointing) them(listed []string) thing {
	words := p.m.kindWords(adapters.IDKind(listed[0]))
	if slices.ContainsFunc(listed, func(id string) bool { return adapters.IDKind(id) != adapters.IDKind(listed[0]) }) {
		words = "services"
	}
	return thing{words: words, place: p.m.placeOfSlots(p.look.Subject.Slots), set: listed, label: fmt.Sprintf("the %d that it showed", len(listed))}
}

// row is one of the rows that the earlier answer showed.
func (p *pointing) row(words string, listed []string, n int) (thing, *Needs) {
	if n >= 0 && n < len(listed) {
		if t, ok := p.m.thingOf(listed[n], p.names); ok {
			return t, nil
		}
	}
	return thing{}, p.which(words, listed)
}

// oneAt is the only row of the earlier answer that is in a place.
func (p *pointing) oneAt(words, place string) (thing, *Needs) {
	all := p.listed("")
	there := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return !isIn(resourceAt(id, p.names), place) })
	switch len(there) {
	case 0:
		return thing{}, p.which(words, all)
	case 1:
		return p.row(words, there, 0)
	}
	return thing{}, p.which(words, there)
}

// isIn reports whether a resource is in a place: its provider, or a part of its scope.
func isIn(n adapters.Name, place string) bool {
	s := n.Scope
	for word := range strings.FieldsSeq(place) {
		word = strings.Trim(word, "\"'`")
		environment, _, _ := environmentWord(strings.ToLower(word))
		for _, part := range []string{n.Provider, s.Account, s.Region, s.Cluster, s.Namespace} {
			if strings.EqualFold(word, part) {
				return true
			}
		}
		if environment != "" && environment == s.Environment {
			return true
		}
	}
	return false
}
