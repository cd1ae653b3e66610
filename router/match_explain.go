package router

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/router/learn"
)

// maxReasons bounds what is told for and against an intent.
const maxReasons = 8

// Explain says how a question is understood, and why so: every pattern that was tried, every intent that came near, and what in
// the question speaks for each. It takes a hundred times as long as [Matcher.Match], and is for people.
func (m *Matcher) Explain(text string, names adapters.Names) Explanation {
	e := Explanation{Question: text, Match: m.Match(text, names), Patterns: []PatternTry{}, Scored: []ScoredIntent{}}
	e.Normalized = e.Match.Normalized
	text, ok := clean(text)
	if !ok {
		return e
	}
	s := new(scratch)
	m.match(s, text, names)
	if len(s.lattice.tokens) == 0 {
		return e
	}
	e.Act, e.ActReason = string(s.act), noAnswer(s.act)
	s.reading.read(&s.lattice)
	e.Tokens = slices.Clone(s.reading.text.Words)
	e.Unexplained = slices.Clone(s.reading.unexplained)
	e.Patterns = tries(s)
	if m.learned != nil {
		m.learned.explain(s, &e)
	}
	return e
}

func tries(s *scratch) []PatternTry {
	all := []PatternTry{}
	for _, f := range s.found {
		all = append(all, PatternTry{Intent: f.program.intent.ID, Pattern: f.program.pattern.Text, Explains: true, Score: int(f.score), Problem: f.problem})
	}
	return all
}

// explain adds what the learned part makes of the question: the best classes, those barred among them.
func (l *learned) explain(s *scratch, e *Explanation) {
	e.Learned = true
	allowed := l.allow(s)
	best := l.model.ScoreAmong(s.reading.text, allowed, &s.learn)
	every := l.model.ScoreAmong(s.reading.text, nil, &s.learn)
	for i, c := range slices.Concat(best.Top[:best.N], every.Top[:every.N]) {
		in := l.class[c.Class].intent
		if in == nil || slices.ContainsFunc(e.Scored, func(s ScoredIntent) bool { return s.Intent == in.ID }) {
			continue
		}
		scored := ScoredIntent{Intent: in.ID, Logit: round4(c.Logit), Threshold: round4(min(l.accept[riskOf(in)], 1)), Barred: l.class[c.Class].barred(s)}
		if i == 0 && best.N > 0 {
			scored.Probability, scored.Coverage = round4(best.Probability), round4(best.Coverage)
			e.MaxRisk, e.Threshold = riskOf(in), scored.Threshold
		}
		scored.For, scored.Against = weights(l.model.Explain(s.reading.text, c.Class))
		e.Scored = append(e.Scored, scored)
	}
	slices.SortStableFunc(e.Scored, func(a, b ScoredIntent) int {
		return cmp.Or(cmp.Compare(min(len(a.Barred), 1), min(len(b.Barred), 1)), cmp.Compare(b.Logit, a.Logit))
	})
}

// weights parts what speaks for a class from what speaks against it.
func weights(all []learn.Evidence) (pro, con []Weight) {
	pro, con = []Weight{}, []Weight{}
	for _, e := range all {
		switch w := (Weight{strings.TrimSpace(e.Part), round4(e.Logit)}); {
		case w.Value > 0 && len(pro) < maxReasons:
			pro = append(pro, w)
		case w.Value < 0 && len(con) < maxReasons:
			con = append(con, w)
		}
	}
	return pro, con
}

func round4(x float64) float64 { return math.Round(x*1e4) / 1e4 }
