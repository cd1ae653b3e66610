package router

import (
	"cmp"
	"fmt"

	"clanker/adapters"
	"clanker/intents"
)

// onward is how a change is made that a question asked for.
const onward = "This build runs no commands: make the change with your own tools, then ask how it went."

// propose answers a request for a change: what was understood, that nothing was read or run, and where to go from there.
func (r *Router) propose(d *draft) error {
	if err := d.say("a change"); err != nil {
		return err
	}
	d.end(StatusUnsupported, fmt.Sprintf("This asks for a change (%s), and a question changes nothing: nothing was read or run. %s", d.wanted(), onward))
	return nil
}

// wanted says in words what change is asked for: "scaling deployment web in namespace shop".
func (d *draft) wanted() string {
	slot := func(t intents.SlotType) string {
		text, _ := d.data.Slots[t.String()].(string)
		return cut(Printable(text), maxWanted)
	}
	what := join(" ", d.answer.Summary, slot(intents.SlotKind), cmp.Or(slot(intents.SlotService), slot(intents.SlotPod)))
	if d.query.Scope != (adapters.Scope{}) || len(d.query.Providers) > 0 {
		what += " in " + cut(Printable(d.data.Place), maxWanted)
	}
	return what
}

// maxWanted bounds what the asker named, so that there is room left for what to do.
const maxWanted = 40
