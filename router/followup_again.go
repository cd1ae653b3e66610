package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clanker/intents"
)

// again asks the earlier question of something else: "what about redis", "and in staging", "the same for yesterday".
func (p *pointing) again(said parts, led bool) resolved {
	stands := p.stands()
	switch {
	case stands && (p.look == nil || !led):
		return p.alone()
	case p.look == nil:
		return lost(p.text)
	}
	ways := p.ways(said)
	at := slices.IndexFunc(ways, func(text string) bool { hit, ok := p.hit(text); return ok && has(hit, said) })
	if at < 0 && !stands {
		at = slices.IndexFunc(ways, p.takes)
	}
	if at >= 0 {
		return p.asked(ways[at], p.text, "a question like the one before")
	}
	if _, needs := p.it(p.text, ""); needs != nil && said.aspect != "" && !stands {
		return resolved{needs: needs}
	}
	return p.alone()
}

// ways are the questions that it may mean, the likeliest first.
func (p *pointing) ways(said parts) []string {
	var texts []string
	if said.aspect != "" || said.several {
		if t, needs := p.it(p.text, ""); needs == nil {
			texts = append(texts, join(" ", said.aspect+said.kind, "of", t.words, cmp.Or(said.place, t.place)))
		}
	}
	switch {
	case said.aspect != "":
	case said.name != "" && nameIn(p.look.Subject.Slots) == "":
		texts = append(texts, p.template(said), p.replaced(said))
	default:
		texts = append(texts, p.replaced(said), p.template(said))
	}
	return slices.DeleteFunc(texts, func(text string) bool { return text == "" })
}

// has reports whether the matcher took what was said for a value.
func has(hit MatchHit, said parts) bool {
	name := strings.Trim(said.name, "\"'`")
	if name == "" {
		return true
	}
	for _, slot := range []string{"service", "pod", "namespace", "cluster", "node"} {
		if text, ok := hit.Slots[slot].(string); ok && strings.EqualFold(text, strings.ReplaceAll(name, " ", "-")) {
			return true
		}
	}
	return false
}

// replaced is the earlier question with what was said in the place of what it said, or behind it.
func (p *pointing) replaced(said parts) string {
	s := p.m.scratch.Get().(*scratch)
	defer p.m.scratch.Put(s)
	l := &s.lattice
	l.build(p.m.lex, p.names, p.look.Question)
	var edits []edit
	behind := ""
	put := func(text string, spans []edit) {
		switch {
		case text == "":
			return
		case len(spans) == 0:
			behind = join(" ", behind, text)
			return
		}
		spans[0].text = text
		edits = append(edits, spans...)
	}
	where := l.placesOf(said.place, p.look.Subject.Slots)
	place := inPlaceOf(said.place)
	if len(where) > 0 && placeWord(l.words[where[0].from]) == noPlace {
		place = strings.TrimPrefix(place, "in ") // "is staging healthy"
	}
	put(place, where)
	put(said.time, l.spansOf(func(s *span) bool { return s.class == isAside && isWhen(s.slot) }))
	put(said.name+said.kind, l.askedOf(p.look.Subject.Slots))
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	return join(" ", l.say(0, len(l.tokens), edits), behind)
}

// askedOf is where a question says what it asks about: a name that its slots have, else a kind.
func (l *lattice) askedOf(slots map[string]any) []edit {
	name := cmp.Or(nameIn(slots), textOf(slots, "target"))
	what := l.spansOf(func(s *span) bool {
		return s.class == isValue && s.types&bitsService != 0 && name != "" && strings.EqualFold(s.text, name)
	})
	if len(what) > 0 {
		return what
	}
	return l.spansOf(func(s *span) bool { return s.class == isValue && s.types == bit(intents.SlotKind) })
}

// inPlaceOf is a place as it stands in a question: "in staging", "on aws".
func inPlaceOf(place string) string {
	if place == "" {
		return ""
	}
	if first, rest, ok := strings.Cut(place, " "); ok && placeWord(first) != noPlace {
		if first == "on" {
			return place
		}
		place = rest
	}
	return "in " + place
}

// placesOf are the places in a question that another one replaces: all, but a namespace leaves the cluster as it is.
func (l *lattice) placesOf(place string, slots map[string]any) []edit {
	namespaced := strings.Contains(place, "namespace") && slots["namespace"] != nil
	return l.spansOf(func(s *span) bool {
		return s.class == isAside && isWhere(s.slot) && (!namespaced || s.slot == "namespace")
	})
}

// spansOf are the longest readings of a sort, none in another.
func (l *lattice) spansOf(want func(*span) bool) []edit {
	var found []edit
	for i := 0; i < len(l.tokens); i++ {
		end := 0
		for s := l.starts[i]; s < l.starts[i+1]; s++ {
			if want(&l.spans[s]) {
				end = max(end, l.spans[s].end)
			}
		}
		if end > 0 {
			found = append(found, edit{from: i, to: end})
			i = end - 1
		}
	}
	return found
}

// template asks what the earlier question asked in the plainest way, when its own words do not fit.
func (p *pointing) template(said parts) string {
	what := said.name + said.kind
	if what == "" {
		if t, needs := p.it(p.text, ""); needs == nil {
			what = t.words
		}
	}
	place := inPlaceOf(said.place)
	if place == "" {
		place = p.m.placeOfSlots(p.look.Subject.Slots)
	}
	topic, _, _ := strings.Cut(p.look.Subject.Intent, ".")
	asks := map[string]string{"health": "is %s healthy", "logs": "logs of %s", "diagnose": "why is %s unhealthy", "change": "what changed in %s",
		"topology": "what depends on %s", "latency": "why is %s slow"}[topic]
	if asks == "" || what == "" {
		return ""
	}
	return join(" ", fmt.Sprintf(asks, what), place, said.time)
}
