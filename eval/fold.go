package eval

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"

	"clanker/intents"
	"clanker/router"
)

// CrossValidation says how a [Report] was made of folds, if it was.
type CrossValidation struct {
	By       string `json:"by"`
	Examples int    `json:"examples"` // of all intents
	LeftOut  int    `json:"leftOut"`  // of them, over all folds
}

// Fold is a part of the questions, and the intents as they were if nobody had known them.
type Fold struct {
	Suite   Suite
	Catalog *intents.Catalog // fit for matching: it is not what any files say
	LeftOut int              // examples that the catalogue lacks
}

// folds is into how many parts questions are dealt.
const folds = 5

// FoldedBy is what questions can be dealt by.
func FoldedBy() []string { return []string{"examples", "learned", "source", "group"} }

// OfExamples reports whether it is the examples that are dealt, not the cases.
func OfExamples(by string) bool { return by == "examples" || by == "learned" }

// Folds deals questions into five folds. By "examples" these are the intents' examples, dealt intent by intent: a fold's
// catalogue has the others. "learned" is the same without any pattern: what examples alone teach. By "source" or "group" they are the cases that say theirs, all of one source or group in the same
// fold (without a group, all wordings of one question): a fold's catalogue lacks the examples that say nearly the same as one
// of its cases, so that a case which somebody wrote an example after counts as what it is without. Folds without a question
// are left out.
func Folds(c *intents.Catalog, suites []Suite, by string) ([]Fold, CrossValidation) {
	dealt := make([]Suite, folds)
	if OfExamples(by) {
		dealExamples(c, dealt)
	} else {
		dealCases(suites, by, dealt)
	}
	all, report := []Fold{}, CrossValidation{By: by}
	for _, in := range c.Intents {
		report.Examples += len(in.Examples)
	}
	for i, s := range dealt {
		if len(s.Cases) == 0 {
			continue
		}
		f := Fold{Suite: s}
		f.Suite.Name = fmt.Sprintf("fold %d", i+1)
		f.Catalog, f.LeftOut = without(c, s.Cases, by)
		report.LeftOut += f.LeftOut
		all = append(all, f)
	}
	return all, report
}

// Matcher makes a matcher of the fold's catalogue. Examples that do not find home without what was left out are left out too.
func (f Fold) Matcher() (*router.Matcher, error) {
	for c := f.Catalog; ; {
		m, err := router.NewMatcher(c)
		faults, strayed := errors.AsType[intents.Errors](err)
		if !strayed {
			return m, err
		}
		at := map[intents.Position]bool{}
		for _, fault := range faults {
			at[fault.Pos] = true
		}
		fit, left := trim(c, func(in *intents.Intent) {
			in.Examples = slices.DeleteFunc(in.Examples, func(e intents.Example) bool { return at[e.Pos] })
		})
		if left == 0 {
			return nil, err
		}
		c = fit
	}
}

// dealExamples gives each fold the same share of each intent's examples, in an order that does not change when one is added.
func dealExamples(c *intents.Catalog, dealt []Suite) {
	byIntent := map[string][]Case{}
	for _, one := range Examples(c).Cases {
		byIntent[one.Intent] = append(byIntent[one.Intent], one)
	}
	next := 0 // not 0 for each intent, or the first folds had most
	for _, id := range keysOf(byIntent) {
		cases := byIntent[id]
		slices.SortFunc(cases, func(a, b Case) int {
			return cmp.Or(cmp.Compare(hash(a.Question), hash(b.Question)), cmp.Compare(a.Question, b.Question))
		})
		for _, one := range cases {
			dealt[next%len(dealt)].Cases = append(dealt[next%len(dealt)].Cases, one)
			next++
		}
	}
}

func hash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // it never fails
	return h.Sum64()
}

// dealCases gives each source or group to the fold that has the fewest questions, the largest first.
func dealCases(suites []Suite, by string, dealt []Suite) {
	byValue := map[string][]Case{}
	for _, s := range suites {
		for _, c := range s.Cases {
			value := c.Source
			if by == "group" {
				value = cmp.Or(c.Group, c.Of)
			}
			byValue[value] = append(byValue[value], c)
		}
	}
	delete(byValue, "") // who wrote them is not known
	values := keysOf(byValue)
	slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(len(byValue[b]), len(byValue[a])) })
	for _, value := range values {
		least := 0
		for i := range dealt {
			if len(dealt[i].Cases) < len(dealt[least].Cases) {
				least = i
			}
		}
		dealt[least].Cases = append(dealt[least].Cases, byValue[value]...)
	}
}

// without copies the catalogue but for the examples that belong to the cases, and counts them.
func without(c *intents.Catalog, cases []Case, by string) (*intents.Catalog, int) {
	asked := make([][]string, len(cases))
	said := map[string]bool{}
	for i, one := range cases {
		asked[i] = wordsOf(one.Question)
		said[strings.Join(asked[i], " ")] = true
	}
	belongs := func(text string) bool {
		words := wordsOf(text)
		return said[strings.Join(words, " ")] ||
			!OfExamples(by) && slices.ContainsFunc(asked, func(other []string) bool { return alike(words, other) })
	}
	return trim(c, func(in *intents.Intent) {
		in.Examples = slices.DeleteFunc(in.Examples, func(e intents.Example) bool { return belongs(e.Text) })
		in.NotExamples = slices.DeleteFunc(in.NotExamples, func(e intents.NotExample) bool { return belongs(e.Text) })
		if by == "learned" {
			in.Patterns = nil
		}
	})
}

// trim copies the catalogue, edits each intent, whose lists are its own by then, and counts the examples that go.
func trim(c *intents.Catalog, edit func(*intents.Intent)) (*intents.Catalog, int) {
	left := 0
	fit := *c
	fit.Digest, fit.Intents = "", make([]*intents.Intent, len(c.Intents))
	for i, in := range c.Intents {
		one := *in
		one.Examples, one.NotExamples = slices.Clone(in.Examples), slices.Clone(in.NotExamples)
		edit(&one)
		left += len(in.Examples) - len(one.Examples)
		fit.Intents[i] = &one
	}
	return &fit, left
}

// wordsOf is what a question says, without order, case and punctuation.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
	slices.Sort(words)
	return slices.Compact(words)
}

// alike reports whether two sets of words have three of four in common.
func alike(a, b []string) bool {
	common := 0
	for _, word := range a {
		if _, found := slices.BinarySearch(b, word); found {
			common++
		}
	}
	return common > 0 && common*4 >= (len(a)+len(b)-common)*3
}
