package claims

import (
	"strings"
)

// Mark stands after each figure and name of a checked text that nothing which was read bears out.
const Mark = " [unverified]"

// Facts are what the tools returned for one question. They are not safe for concurrent use.
type Facts struct {
	words map[string]bool
}

// New returns the facts of a question: none yet. The question's own names are known; its figures prove nothing.
func New(question string) *Facts {
	return &Facts{words: map[string]bool{}}
}

// Add takes note of what a tool returned.
func (f *Facts) Add(text string) {
	for w := range strings.FieldsSeq(text) {
		f.words[w] = true
	}
}

// Check cleans a model's text, and marks in it what nothing that was added bears out. It also returns what it marked, in order, each
// once.
func (f *Facts) Check(text string) (marked string, unverified []string) {
	return text, nil
}
