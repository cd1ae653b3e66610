package eval

import (
	"slices"
	"strings"

	"clanker/intents"
)

// Perturbation changes a question a little. Its meaning stays, so it should go where it went; of a question that is joined
// with another, or made a command, it does not, so it should not go there. A voice is another wording that the cases give.
type Perturbation struct {
	Name, What string
	change     func(question string, seed uint64) string // the question itself if there is nothing to change
}

// The perturbations that turn a question into one that must not be answered as it was.
const (
	joined = "joined"
	turned = "turned"
)

// Perturbations returns the changes, in the order in which they are reported.
func Perturbations() []Perturbation {
	all := []Perturbation{
		{"typo", "one typo in the longest word", typo},
		{"case", "upper case", func(q string, _ uint64) string { return strings.ToUpper(q) }},
		{"unmarked", "question marks dropped", func(q string, _ uint64) string { return strings.TrimSpace(strings.ReplaceAll(q, "?", "")) }},
		{"order", "two neighbouring words swapped", swapWords},
		{"polite", "wrapped in politeness", polite},
		{"injected", "an instruction appended", injected},
		{joined, `joined with a question of another topic by "and": must not be routed`, nil},
		{turned, `made a command, "show" to "delete": must not be routed but to topic write`, command},
	}
	for _, voice := range voices {
		all = append(all, Perturbation{voice, "another wording that the cases give: " + voice, func(q string, _ uint64) string { return q }})
	}
	return all
}

// mustFail reports whether what comes out must not be routed: less is better.
func (p Perturbation) mustFail() bool { return p.Name == joined || p.Name == turned }

// Robustness is how the questions fared that were right, after a perturbation. For joined and turned questions Routed is
// better the lower, and none can be right.
type Robustness struct {
	Name      string   `json:"name"`
	What      string   `json:"what"`
	Asked     int      `json:"asked"` // those that the perturbation changes
	Routed    int      `json:"routed"`
	Right     int      `json:"right"`
	Share     *float64 `json:"share"`     // routed of asked
	Precision *float64 `json:"precision"` // right of routed
}

func (r Robustness) add(s Robustness) Robustness {
	return newRobustness(Perturbation{Name: r.Name, What: r.What}, r.Asked+s.Asked, r.Routed+s.Routed, r.Right+s.Right)
}

func newRobustness(p Perturbation, asked, routed, right int) Robustness {
	r := Robustness{Name: p.Name, What: p.What, Asked: asked, Routed: routed, Right: right, Share: share(routed, asked)}
	if !p.mustFail() {
		r.Precision = share(right, routed)
	}
	return r
}

// disturb asks the questions that went right again, changed.
func disturb(outcomes []outcome, by Classifier) []Robustness {
	var all []Robustness
	for _, p := range Perturbations() {
		variants := p.variants(outcomes, by)
		routed, right := 0, 0
		for _, o := range variants {
			if o.got.Routed && (p.Name != turned || o.got.Topic != string(intents.TopicWrite)) {
				routed++
			}
			if o.verdict == Right && !p.mustFail() {
				right++
			}
		}
		all = append(all, newRobustness(p, len(variants), routed, right))
	}
	return all
}

// variants are the questions that the perturbation changes, and how they fare then.
func (p Perturbation) variants(outcomes []outcome, by Classifier) []outcome {
	if slices.Contains(voices, p.Name) {
		return rewordings(outcomes, p.Name, by)
	}
	var base []Case
	for _, o := range outcomes {
		if o.verdict == Right && (p.Name != turned || o.want.Topic != string(intents.TopicWrite)) {
			base = append(base, o.want)
		}
	}
	var all []outcome
	for i, c := range base {
		if question := p.apply(base, i); question != c.Question {
			got := by.Classify(question)
			all = append(all, outcome{c, got, c.Judge(got)})
		}
	}
	return all
}

// rewordings are the questions of a voice that are another wording of one that goes right.
func rewordings(outcomes []outcome, voice string, by Classifier) []outcome {
	var all []outcome
	for _, o := range outcomes {
		if c := o.want; c.Voice == voice && c.Of != "" && c.InScope() && c.Judge(by.Classify(c.Of)) == Right {
			all = append(all, o)
		}
	}
	return all
}

// apply changes question i of those that went right. The seed is its text.
func (p Perturbation) apply(base []Case, i int) string {
	question := base[i].Question
	if p.Name == joined {
		return join(base, i)
	}
	return p.change(question, hash(p.Name+"\x00"+question))
}
