package eval

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"clanker/adapters"
	"clanker/intents"
	"clanker/intents/strict"
)

// Abstain is expected in the place of a topic of a question that nothing may answer.
const Abstain = "abstain"

// voices are how a question may be asked.
var voices = []string{"expert", "plain", "beginner", "symptom", "minimal"}

// Case is a question and where it has to go. See the package comment for what the fields mean.
type Case struct {
	Question, Topic, Intent string
	Slots                   map[string]string // nil: not judged
	AtLeast                 bool              // more than Slots may be read
	Not                     string            // the intent that must not take it, of a question that others may
	Provider, Source, Group string
	Voice, Of               string
	Names                   []adapters.Name
	Pos                     strict.Position
}

// InScope reports whether the question has an answer.
func (c Case) InScope() bool { return c.Topic != Abstain }

// Want is where the question has to go, as exactly as the case says it: an intent's id, a topic, [Abstain], or not where.
func (c Case) Want() string {
	if c.Not != "" && c.Intent == "" {
		return "not " + c.Not
	}
	return cmp.Or(c.Intent, c.Topic)
}

// Suite is a set of cases that are scored together.
type Suite struct {
	Name  string
	Cases []Case
}

// Names returns what has been seen together with what the suite's cases say has been.
func (s Suite) Names(seen adapters.Names) adapters.Names {
	var all []adapters.Name
	for _, fold := range seen.Folds() {
		all = append(all, seen.Find(fold)...)
	}
	for _, c := range s.Cases {
		all = append(all, c.Names...)
	}
	return adapters.NewNames(all)
}

// checker holds the cases of a file to what a catalogue knows.
type checker struct {
	catalog *intents.Catalog
	first   map[string]strict.Position // where each question was asked first
	faults  *strict.Errors
}

func (k *checker) fault(pos strict.Position, where, remedy, message string) {
	*k.faults = append(*k.faults, strict.Fault{Pos: pos, Where: where, Message: message, Remedy: remedy})
}

// check tells what is wrong with a case that was read, and completes it.
func (k *checker) check(c *Case) {
	k.checkQuestion(c)
	switch {
	case c.Intent != "":
		k.checkIntent(c)
	case c.Topic == "":
		k.fault(c.Pos, "", "write a topic, an intent, or the topic "+Abstain, "nothing says where the question has to go")
	case c.Topic != Abstain && !slices.Contains(topics(), c.Topic):
		k.fault(c.Pos, "topic", strict.Suggest(c.Topic, "", append(topics(), Abstain)), "unknown topic "+quote(c.Topic))
	case c.Topic == Abstain && c.Slots != nil:
		k.fault(c.Pos, "slots", "leave them out", "a question that nothing may answer has no slots")
	}
	if c.Voice != "" && !slices.Contains(voices, c.Voice) {
		k.fault(c.Pos, "voice", strict.Suggest(c.Voice, "", voices), "unknown voice "+quote(c.Voice))
	}
}

func (k *checker) checkQuestion(c *Case) {
	switch at, twice := k.first[c.Question]; {
	case c.Question == "":
		k.fault(c.Pos, "question", "write it, or delete the case", "there is no question")
	case !utf8.ValidString(c.Question):
		k.fault(c.Pos, "question", "save the file as UTF-8", "the text is not UTF-8")
	case twice:
		k.fault(c.Pos, "question", "keep one of them", "it is asked twice, first at "+at.String())
	default:
		k.first[c.Question] = c.Pos
	}
}

func (k *checker) checkIntent(c *Case) {
	in, known := k.catalog.Intent(c.Intent)
	switch {
	case !known:
		var ids []string
		for _, in := range k.catalog.Intents {
			ids = append(ids, in.ID)
		}
		k.fault(c.Pos, "intent", cmp.Or(strict.Suggest(c.Intent, "", ids), "clanker intents list shows all"), "unknown intent "+quote(c.Intent))
	case c.Topic != "" && c.Topic != string(in.Topic):
		k.fault(c.Pos, "topic", "leave it out", "intent "+in.ID+" has the topic "+string(in.Topic)+", not "+c.Topic)
	default:
		c.Topic = string(in.Topic)
	}
}

func topics() []string {
	var names []string
	for _, topic := range intents.Topics() {
		names = append(names, string(topic))
	}
	return names
}

// parseName reads kind/name.
func parseName(text string) (adapters.Name, bool) {
	kind, name, ok := strings.Cut(text, "/")
	return adapters.Name{Kind: adapters.Kind(kind), Name: name}, ok && kind != "" && name != ""
}
