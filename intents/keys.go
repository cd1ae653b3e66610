package intents

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// fields are the keys of an intent. What is said of them here goes into the schema; the package comment is the manual.
func (d *draft) fields() []field {
	in := d.in
	texts := func(target *[]scalar) func(string, ast.Node) {
		return func(where string, node ast.Node) { *target = d.Texts(where, node) }
	}
	return []field{
		{Name: "id", Read: d.into(&d.id), Takes: anyText, Doc: "Unique, topic first: health.services. One of an earlier folder is replaced whole."},
		{Name: "topic", Read: d.into(&d.topic), Takes: func() object { return wordOf(topics) }, Doc: "What people want to know."},
		{Name: "act", Read: d.into(&d.act), Takes: func() object { return wordOf(acts) },
			Doc: "What a question does that may come here. Without it: command for the topic write, cause for the action diagnose, else state."},
		{Name: "version", Read: func(w string, n ast.Node) { in.Version = d.plain(w, n) }, Takes: anyText, Doc: "Yours; it stands in answers."},
		{Name: "description", Read: func(w string, n ast.Node) { in.Description = d.plain(w, n) }, Takes: anyText, Doc: "What is asked, in a sentence."},
		{Name: "examples", Read: texts(&d.examples), Takes: anyTexts,
			Doc: "Questions that must come here, in many wordings; [80%](percent) marks the value of a slot."},
		{Name: "notExamples", Read: d.notExamples, Takes: func() object {
			return either(anyText(), arrayOf(either(anyText(), block(d.nearFields(nil, nil), "ask"))))
		},
			Doc: "Questions that sound alike and must not come here."},
		{Name: "patterns", Read: d.patterns, Takes: anyTexts, Doc: "Token grammar, full span: [optional] (one|of) @concept {slot}."},
		{Name: "slots", Read: d.slots, Takes: func() object { return mapOf(nil, block(d.slotFields(""))) }, Doc: "Defaults of slots, as a question would spell them."},
		{Name: "requires", Read: d.requires, Takes: func() object { return block(d.requireFields()) },
			Doc: "What a question must have before a learned score may choose this intent."},
		{Name: "when", Read: d.into(&d.when), Takes: anyText, Doc: "Condition over connected, the names of the connected providers; the intent is left out where it is false."},
		{Name: "maxRisk", Read: d.maxRisk, Takes: func() object { return object{"type": "number", "exclusiveMinimum": 0, "maximum": worstRisk} },
			Doc: fmt.Sprintf("Acceptable share of wrong answers, %v without it.", DefaultRisk)},
		{Name: "needs", Read: d.into(&d.needs), Takes: anyText, Doc: "Slot without which the question is asked back."},
		{Name: "action", Read: d.into(&d.action), Takes: func() object { return wordOf(actions) }, Doc: "What is done."},
		{Name: "query", Read: d.query, Takes: func() object { return block(d.queryFields()) }, Doc: "What to read; {slot} takes a slot's value, or nothing."},
		{Name: "where", Read: d.into(&d.where), Takes: anyText, Doc: "Condition over a resource: it is left out where this is false."},
		{Name: "sort", Read: d.into(&d.sort), Takes: anyText, Doc: "Expression over a resource; a leading minus sorts downwards."},
		{Name: "limit", Read: d.into(&in.limit), Takes: anyText, Doc: "At most so many: a count or {slot}."},
		{Name: "columns", Read: texts(&d.columns), Takes: anyTexts, Doc: "Of the table, after the name: status reason since location kind attr.NAME metric.NAME."},
		{Name: "verdict", Read: func(w string, n ast.Node) { in.Verdict = d.Bool(w, n) }, Takes: trueOrFalse, Doc: "Whether the answer carries a health verdict."},
		{Name: "noise", Read: d.noise, Takes: anyTexts, Doc: "Fields whose changes answers say nothing of; * stands for any letters."},
		{Name: "answer", Read: d.into(&d.answer), Takes: anyText, Doc: "Template of text/template, rendered as one line."},
		{Name: "next", Read: texts(&d.next), Takes: anyTexts, Doc: "Templates of questions to ask next."},
		{Name: "tests", Read: d.tests, Takes: func() object { return arrayOf(block(d.testFields(&trial{}, nil), "ask")) }, Doc: "Questions that nothing is learned from."},
	}
}

func (d *draft) noise(where string, node ast.Node) {
	for _, pattern := range d.Texts(where, node) {
		d.in.Noise = append(d.in.Noise, pattern.Text)
	}
}

func (d *draft) nearFields(ask, intent *scalar) []field {
	return []field{
		{Name: "ask", Read: d.into(ask), Takes: anyText, Doc: "The question."},
		{Name: "intent", Read: d.into(intent), Takes: anyText, Doc: "The intent that it belongs to."},
	}
}

func (d *draft) slotFields(slot string) []field {
	return []field{{Name: "default", Takes: anyText, Doc: "As a question would spell it.", Read: func(where string, node ast.Node) {
		if text, ok := d.Text(where, node); ok {
			d.in.Defaults[slot] = text
		}
	}}}
}

func (d *draft) testFields(t *trial, ask *scalar) []field {
	return []field{
		{Name: "ask", Read: d.into(ask), Takes: anyText, Doc: "The question."},
		{Name: "slots", Takes: func() object { return mapOf(nil, anyText()) }, Doc: "Values that it must give at least.", Read: func(where string, node ast.Node) {
			d.Entries(where, node, func(slot scalar, value ast.Node) {
				if text, ok := d.Text(where, value); ok {
					t.slots = append(t.slots, named{slot, text})
				}
			})
		}},
		{Name: "not", Read: func(where string, node ast.Node) { t.Not = d.Bool(where, node) }, Takes: trueOrFalse, Doc: "It must not come here."},
	}
}
