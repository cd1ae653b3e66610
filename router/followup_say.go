package router

import (
	"regexp"
	"slices"
	"strings"

	"clanker/adapters"
)

// edit replaces the words from one token up to another.
type edit struct {
	from, to int
	text     string
}

// say writes the tokens from i to end as a question again, with what the edits replace. The edits are in order.
func (l *lattice) say(i, end int, edits []edit) string {
	var text strings.Builder
	for i < end {
		word, next := l.spelt(i), i+1
		for len(edits) > 0 && edits[0].from < i {
			edits = edits[1:]
		}
		if len(edits) > 0 && edits[0].from == i {
			word, next, edits = edits[0].text, edits[0].to, edits[1:]
		}
		if word != "" && text.Len() > 0 {
			text.WriteString([]string{" ", ", ", ". "}[l.tokens[i].pause])
		}
		text.WriteString(word)
		i = next
	}
	return text.String()
}

// spelt is the token as a question spells it.
func (l *lattice) spelt(i int) string {
	if !l.tokens[i].quoted {
		return l.tokens[i].raw
	}
	return quoted(l.tokens[i].raw)
}

// quoted puts a text in quotes that are not in it; it is empty when there are none.
func quoted(text string) string {
	for _, quote := range []string{`"`, "`", "'"} {
		if !strings.Contains(text, quote) {
			return quote + text + quote
		}
	}
	return ""
}

var plainName = regexp.MustCompile(`^[\pL\pN][\pL\pN._:@/-]*$`)

// longestName is how long a name may be that a question can hold, in bytes.
const longestName = 300

// nameWords is a name as the question has to spell it to be read as one, whatever it is called; empty when it cannot.
func (m *Matcher) nameWords(name string) string {
	switch {
	case name == "" || len(name) > longestName || Printable(name) != name:
		return ""
	case plainName.MatchString(name) && !strings.HasSuffix(name, ".") && m.lex.id(strings.ToLower(name)) == noWord && !isMeasure(strings.ToLower(name)):
		return name
	}
	return quoted(name)
}

// resourceAt is what an ID says, and its names what is not in it: the whole scope.
func resourceAt(id string, names adapters.Names) adapters.Name {
	n := adapters.Name{Name: adapters.IDName(id), Kind: adapters.IDKind(id), Provider: adapters.IDProvider(id)}
	for _, seen := range names.Find(n.Name) {
		if adapters.NewID(seen.Provider, seen.Kind, seen.Scope, seen.Name) == id {
			return seen
		}
	}
	if scope := append(adapters.IDScope(id), "", ""); n.Provider == "kubernetes" {
		n.Scope.Cluster, n.Scope.Namespace = scope[0], scope[1]
	}
	return n
}

// thingOf names one resource, with as much of its place as tells it from others of its name and kind.
func (m *Matcher) thingOf(id string, names adapters.Names) (thing, bool) {
	n := resourceAt(id, names)
	t := thing{words: m.nameWords(n.Name), id: id, label: Clipped(Printable(n.Name), maxWanted), name: n.Name}
	alike := slices.DeleteFunc(slices.Clone(names.Find(n.Name)), func(other adapters.Name) bool { return other.Kind != n.Kind })
	if len(alike) > 1 {
		t.place = m.placeOf(n)
		t.label += " in " + location(n.Scope)
	}
	return t, t.words != ""
}

// exactly names one resource with all of its place, for a change: with its kind, and without.
func (m *Matcher) exactly(id string, names adapters.Names) []thing {
	n := resourceAt(id, names)
	t := thing{words: m.nameWords(n.Name), place: m.placeOf(n), id: id, label: labels([]string{id})[0], name: n.Name}
	of := t
	of.words = string(n.Kind) + " " + t.words
	return []thing{of, t}
}

// placeOf says in words of a question where a resource is.
func (m *Matcher) placeOf(n adapters.Name) string {
	if n.Provider == "kubernetes" {
		return join(" ", m.placed("in namespace", n.Scope.Namespace), m.placed("in cluster", n.Scope.Cluster))
	}
	return join(" ", m.placed("in", n.Scope.Region), m.placed("on", n.Provider))
}

func (m *Matcher) placed(words, name string) string {
	if name == "" {
		return ""
	}
	if words == "in namespace" || words == "in cluster" {
		if name = m.nameWords(name); name == "" {
			return ""
		}
	}
	return words + " " + name
}

// placeOfSlots says in words of a question where an earlier one looked.
func (m *Matcher) placeOfSlots(slots map[string]any) string {
	return join(" ", m.placed("in namespace", textOf(slots, "namespace")), m.placed("in cluster", textOf(slots, "cluster")),
		m.placed("in", textOf(slots, "environment")), m.placed("in", textOf(slots, "region")), m.placed("on", textOf(slots, "provider")))
}

// placeNoun is the first of the places that the slots have, as a thing.
func (m *Matcher) placeNoun(slots map[string]any, of ...string) (thing, bool) {
	for _, slot := range of {
		name := textOf(slots, slot)
		words := m.nameWords(name)
		switch {
		case !isWhere(slot) || words == "":
		case slot == "namespace" || slot == "cluster":
			return thing{words: slot + " " + words, name: name, label: slot + " " + Clipped(name, maxWanted)}, true
		default: // a word of the language
			return thing{words: name, name: name, label: name}, true
		}
	}
	return thing{}, false
}

func textOf(slots map[string]any, name string) string {
	text, _ := slots[name].(string)
	return text
}

// labels are IDs as people tell them apart, sorted.
func labels(ids []string) []string {
	var texts []string
	for _, id := range ids {
		where := strings.Join(adapters.IDScope(id), "/")
		text := string(adapters.IDKind(id)) + " " + adapters.IDName(id)
		if where != "" {
			text += " in " + where
		}
		texts = append(texts, Clipped(Printable(text), mostLabel))
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

const mostLabel = 160

// kindWords is the word for several of a kind.
func (m *Matcher) kindWords(kind adapters.Kind) string {
	for _, word := range []string{string(kind) + "s", string(kind) + "es", strings.TrimSuffix(string(kind), "y") + "ies", string(kind)} {
		if m.lex.kinds[word].Kind == kind {
			return word
		}
	}
	return "resources"
}
