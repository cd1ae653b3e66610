package eval

import (
	"fmt"
	"maps"
	"strings"

	"clanker/intents"
	"clanker/router"
)

// OwnName is the name of the suite of [Own].
const OwnName = "own"

// Own returns as a suite what the intents say of themselves beside their examples: their tests, which nobody learns from,
// and their notExamples. Both are cases of the group that their key is called; slots are held to those that a test gives.
func Own(c *intents.Catalog) Suite {
	s := Suite{Name: OwnName}
	for _, in := range c.Intents {
		for _, test := range in.Tests {
			one := Case{Question: test.Ask, Group: "tests", Pos: test.Pos}
			if test.Not {
				one.keepFrom(in)
			} else {
				one.belongTo(in, test.Slots)
			}
			s.Cases = append(s.Cases, one)
		}
		for _, near := range in.NotExamples {
			one := Case{Question: near.Text, Group: "notExamples", Pos: near.Pos}
			one.keepFrom(in)
			if owner, ok := c.Intent(near.Intent); ok {
				one.Topic, one.Intent = string(owner.Topic), owner.ID
			}
			s.Cases = append(s.Cases, one)
		}
	}
	return s
}

// Examples returns the examples of the intents as a suite, each with the slots that are marked up in it, but for those that are
// text: a name that nobody has seen need not be taken for one.
func Examples(c *intents.Catalog) Suite {
	s := Suite{Name: "examples"}
	for _, in := range c.Intents {
		for _, example := range in.Examples {
			one := Case{Question: example.Text, Group: "examples", Pos: example.Pos}
			one.belongTo(in, withoutText(example.Slots))
			s.Cases = append(s.Cases, one)
		}
	}
	return s
}

func withoutText(slots intents.Slots) intents.Slots {
	measured := maps.Clone(slots)
	maps.DeleteFunc(measured, func(_ string, value any) bool { _, isText := value.(string); return isText })
	return measured
}

func (c *Case) belongTo(in *intents.Intent, slots intents.Slots) {
	c.Topic, c.Intent, c.AtLeast = string(in.Topic), in.ID, true
	if len(slots) > 0 {
		c.Slots = spell(slots)
	}
}

func (c *Case) keepFrom(in *intents.Intent) { c.Topic, c.Not = Abstain, in.ID }

// spell writes slots as clanker route prints them.
func spell(slots intents.Slots) map[string]string {
	spelled := make(map[string]string, len(slots))
	for name, value := range router.ReadableSlots(slots) {
		spelled[name] = fmt.Sprint(value)
	}
	return spelled
}

// sameValue reports whether two spelled values are the same: times may be said in other words.
func sameValue(a, b string) bool {
	if a == b {
		return true
	}
	x, isTime := wholeTime(a)
	y, too := wholeTime(b)
	return isTime && too && x.Equal(y)
}

func wholeTime(text string) (intents.TimeRange, bool) {
	words := strings.Fields(text)
	r, read := intents.ParseTimeRange(words)
	return r, read > 0 && read == len(words)
}
