package suggest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/router"
)

// proof is the drafts that have passed so far.
type proof struct {
	*proposer
	suites []asked
	before []result // of all questions of the suites, without any draft
	drift  []string // questions that fare worse with the drafts, and go to none of them
	passed []*draft
}

// asked is a suite with the names that are known to it.
type asked struct {
	eval.Suite
	names adapters.Names
}

// result is how a question fares, and where it goes.
type result struct {
	question, intent string
	worth            int
}

// worth orders verdicts: to be wrong is worse than to be missed.
var worth = map[eval.Verdict]int{eval.Right: 2, eval.Left: 2, eval.Missed: 1}

// prove checks the drafts together, over the catalogue: what one takes, no other gets. What speaks against a draft is noted, and the
// others go on without it.
func (p *proposer) prove(ctx context.Context, drafts []*draft) error {
	pr := &proof{proposer: p, passed: slices.Clone(drafts)}
	for _, s := range slices.Concat([]eval.Suite{eval.Examples(p.catalog), eval.Own(p.catalog)}, p.Suites) {
		pr.suites = append(pr.suites, asked{s, s.Names(p.Names)})
	}
	pr.before = pr.ask(p.matcher)
	for {
		if err := pr.settle(ctx); err != nil {
			return err
		}
		// What a draft found beside one that was given up since, it finds without.
		if slices.ContainsFunc(pr.passed, func(d *draft) bool { return d.tested != d.result.YAML }) {
			if err := pr.holdOut(ctx); err != nil {
				return err
			}
		}
		if !pr.loosen() && !pr.judge() && !pr.weigh() {
			return nil
		}
	}
}

// ask asks all questions of the suites.
func (p *proof) ask(m *router.Matcher) []result {
	var results []result
	for _, s := range p.suites {
		by := eval.ByMatcher(m, s.names)
		for _, c := range s.Cases {
			went := by.Classify(c.Question)
			results = append(results, result{c.Question, cmp.Or(went.Intent, "nothing"), worth[c.Judge(went)]})
		}
	}
	return results
}

// settle narrows drafts and gives them up until nothing speaks against those that are left.
func (p *proof) settle(ctx context.Context) error {
	for ctx.Err() == nil && len(p.passed) > 0 {
		matcher := p.loaded()
		if matcher == nil {
			return nil
		}
		p.compare(p.ask(matcher))
		if !p.narrow() && !p.dropUnstable() {
			return nil
		}
	}
	return ctx.Err()
}

// loaded puts the drafts over the catalogue, without the questions and the drafts whose files are at fault; nil if none is left.
func (p *proof) loaded() *router.Matcher {
	for len(p.passed) > 0 {
		matcher, faults, err := p.over(p.passed, whole)
		if err == nil {
			return matcher
		}
		changed := false
		for _, d := range p.passed {
			if d.leaveOut(faults) {
				changed = true
			} else if fault, ok := d.faultIn(faults); ok {
				d.result.Fault = fault.Error()
			}
			if d.asked() < p.Least && d.result.Fault == "" {
				d.result.Fault = "too few of its questions can be examples"
			}
		}
		if !p.giveUp() && !changed { // it is in no file of theirs: the smallest goes first
			p.giveUpSmallest("%v", err)
		}
	}
	return nil
}

// giveUp leaves out the drafts that something speaks against, and reports whether there are any.
func (p *proof) giveUp() bool {
	before := len(p.passed)
	p.passed = slices.DeleteFunc(p.passed, func(d *draft) bool { return d.result.Fault != "" })
	return len(p.passed) < before
}

// giveUpSmallest gives up the draft that answers the fewest questions.
func (p *proof) giveUpSmallest(why string, args ...any) {
	p.passed[len(p.passed)-1].result.Fault = fmt.Sprintf(why, args...)
	p.giveUp()
}

// compare notes by draft which questions it takes though they are not its own, and the others that fare worse.
func (p *proof) compare(results []result) {
	p.drift = []string{}
	by := map[string]*draft{}
	for _, d := range p.passed {
		d.result.Compared, d.result.Harm = len(results), []string{}
		by[d.intent.ID] = d
	}
	for i, is := range results {
		if was := p.before[i]; is.worth < was.worth {
			text := fmt.Sprintf("%q went to %s, and goes to %s", is.question, was.intent, is.intent)
			if d := by[is.intent]; d != nil {
				d.result.Harm, d.taken = append(d.result.Harm, text), append(d.taken, is.question)
			} else {
				p.drift = append(p.drift, text)
			}
		}
	}
	for _, d := range p.passed {
		d.result.Drift = p.drift
	}
}

// narrowings is how often a draft may be narrowed before it is given up.
const narrowings = 3

// narrow has each draft that takes what is not its own require words which that lacks, and reports whether there are such drafts.
func (p *proof) narrow() bool {
	narrowed := false
	for _, d := range p.passed {
		if len(d.result.Harm) == 0 {
			continue
		}
		narrowed = true
		if d.narrowed++; !p.require(d) && !d.tighten() {
			d.result.Fault = fmt.Sprintf("it takes %d questions that are not its own", len(d.result.Harm))
		}
	}
	p.giveUp()
	return narrowed
}

// require has a draft take only questions with words of its own, if it has such.
func (p *proof) require(d *draft) bool {
	if d.extends != nil || d.narrowed > narrowings {
		return false
	}
	d.intent.Requires.Any = p.words.required(d.all, d.taken)
	return d.intent.Requires.Any != nil
}

// tighten has a draft that was loosened guess with more certainty, and reports whether it did.
func (d *draft) tighten() bool {
	if d.intent.MaxRisk == 0 {
		return false
	}
	if d.intent.MaxRisk /= 2; d.intent.MaxRisk <= intents.DefaultRisk {
		d.intent.MaxRisk = 0
	}
	return true
}

// dropUnstable gives up the smallest draft if too many questions drift, and reports whether it had to.
func (p *proof) dropUnstable() bool {
	if len(p.drift)*1000 <= len(p.before) {
		return false
	}
	p.giveUpSmallest("with it, %d questions at the edge of other intents fare worse, more than one in a thousand", len(p.drift))
	return true
}

// weigh gives up the smallest draft if questions drift and no more than those are found, and reports whether it had to.
func (p *proof) weigh() bool {
	found := 0
	for _, d := range p.passed {
		found += d.result.HeldOut.Right
	}
	if len(p.passed) == 0 || len(p.drift) == 0 || found > len(p.drift) {
		return false
	}
	p.giveUpSmallest("with it, %d questions at the edge of other intents fare worse, and only %d are found", len(p.drift), found)
	return true
}

// loosen lets drafts that did not find half of their own questions guess with less certainty, and reports whether there are any.
func (p *proof) loosen() bool {
	loosened := false
	for _, d := range p.passed {
		if h := d.result.HeldOut; h.Right*2 < h.Asked && d.extends == nil && !d.loosened && d.narrowed == 0 {
			d.intent.MaxRisk, d.loosened, loosened = looseRisk, true, true
		}
	}
	return loosened
}

// looseRisk is the share of wrong answers that such a draft may give, by what was learned: four times the usual one.
const looseRisk = 4 * intents.DefaultRisk

// whole leaves no question out.
func whole(d *draft) []question { return d.all }

// over puts drafts over the catalogue, each made of some of its questions. What is wrong with their files comes beside the error.
func (p *proof) over(drafts []*draft, of func(*draft) []question) (*router.Matcher, intents.Errors, error) {
	texts := files{}
	for _, d := range drafts {
		text, err := p.write(d, of(d))
		if err != nil {
			d.result.Fault = err.Error()
			return nil, nil, err
		}
		if len(of(d)) == len(d.all) {
			d.result.YAML = text
		}
		texts[d.file()] = text
	}
	_, matcher, err := load(append(slices.Clone(p.Layers), texts.layer()), p.learned)
	faults, _ := errors.AsType[intents.Errors](err)
	return matcher, faults, err
}

// faultIn returns the first fault that is in the draft's file.
func (d *draft) faultIn(faults intents.Errors) (intents.Fault, bool) {
	i := slices.IndexFunc(faults, func(f intents.Fault) bool { return strings.HasSuffix(f.Pos.File, "/"+d.file()) })
	if i < 0 {
		return intents.Fault{}, false
	}
	return faults[i], true
}

// leaveOut leaves out the questions whose examples are at fault, and reports whether there are any.
func (d *draft) leaveOut(faults intents.Errors) bool {
	before, _, _ := strings.Cut(d.result.YAML, "examples:\n")
	first := strings.Count(before, "\n") + 2
	out := map[int]string{}
	for _, f := range faults {
		if i := f.Pos.Line - first; strings.HasSuffix(f.Pos.File, "/"+d.file()) && f.Where == "examples" && i >= 0 && i < len(d.all) {
			out[i] = f.Message
		}
	}
	var kept []question
	for i, q := range d.all {
		if why, ok := out[i]; ok {
			d.result.LeftOut = append(d.result.LeftOut, why)
		} else {
			kept = append(kept, q)
		}
	}
	d.all = kept
	return len(out) > 0
}

// rounds is how many parts the questions of a draft are dealt into at most, to be left out one part after the other.
const rounds = 5

// parts is how many its questions are dealt into; none where there is but one.
func (d *draft) parts() int {
	if len(d.all) < 2 {
		return 0
	}
	return min(rounds, len(d.all))
}

// holdOut asks every question of the drafts that passed, while the intents are made without it.
func (p *proof) holdOut(ctx context.Context) error {
	most := 0
	for _, d := range p.passed {
		d.result.HeldOut, d.tested = HeldOut{}, d.result.YAML
		most = max(most, d.parts())
	}
	for round := range most {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.round(round); err != nil {
			return err
		}
	}
	return nil
}

// fewest is of how many of its own questions a draft must find one that it had not learned: else it was learned by heart.
const fewest = 3

// judge gives up the drafts that were learned by heart, and reports whether there are any.
func (p *proof) judge() bool {
	for _, d := range p.passed {
		if h := d.result.HeldOut; h.Right*fewest < h.Asked {
			d.result.Fault = fmt.Sprintf("it found %d of its %d questions when it had not learned them: more of them may help", h.Right, h.Asked)
		}
	}
	return p.giveUp()
}

// round leaves one part of each draft's questions out. A draft that cannot do without counts as if it found none of them.
func (p *proof) round(round int) error {
	in := func(d *draft, i int) bool { return d.parts() > 0 && i%d.parts() == round }
	part := func(d *draft, out bool) []question {
		var some []question
		for i, q := range d.all {
			if in(d, i) == out {
				some = append(some, q)
			}
		}
		return some
	}
	drafts := slices.Clone(p.passed)
	for _, d := range drafts {
		d.result.HeldOut.Asked += len(part(d, true))
	}
	for len(drafts) > 0 {
		matcher, faults, err := p.over(drafts, func(d *draft) []question { return part(d, false) })
		if err == nil {
			p.count(matcher, drafts, func(d *draft) []question { return part(d, true) })
			return nil
		}
		before := len(drafts)
		if drafts = slices.DeleteFunc(drafts, func(d *draft) bool { _, wrong := d.faultIn(faults); return wrong || d.result.Fault != "" }); len(drafts) == before {
			return fmt.Errorf("make the intents without some of their questions: %w", err)
		}
	}
	return nil
}

// count counts the questions that go to the draft that they were left out of.
func (p *proof) count(m *router.Matcher, drafts []*draft, of func(*draft) []question) {
	for _, d := range drafts {
		for _, q := range of(d) {
			if match := m.Match(q.Question, p.names(q)); match.Outcome == router.Hit && match.Hits[0].Intent.ID == d.intent.ID {
				d.result.HeldOut.Right++
			}
		}
	}
}

// names are those that are known, and what a tool was asked for by name, which there is.
func (p *proposer) names(q question) adapters.Names {
	s := eval.Suite{}
	if name := q.requests[0].Name; name != "" {
		s.Cases = []eval.Case{{Names: []adapters.Name{{Kind: adapters.KindDeployment, Name: name}}}}
	}
	return s.Names(p.Names)
}
