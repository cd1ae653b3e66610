package toolbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tmc/langchaingo/llms"

	"clanker/intents"
	"clanker/intents/strict"
	"clanker/router"
)

// How many intents are offered as tools: at first, and in the end.
const (
	firstOffered = 4
	mostOffered  = 12
)

// callTime is how long one call may take: a little more than a driver gets.
const callTime = 15 * time.Second

// Box is the tools for one question. It is safe for concurrent use.
type Box struct {
	desk   *router.Desk
	estate []*tool // that read it

	mu      sync.Mutex
	offered []*tool // of intents, the oldest first
}

// Result is what a call brought, for the model.
type Result struct {
	Text      string
	OK        bool            // false: the call was wrong or could not be made, and Text says what to do
	Rows      int             // that are in Text
	Arguments json.RawMessage // as they were understood; nil if they were not
	Resources []string        // IDs of the resources in Text, in its order
	Foreign   []string        // texts that others wrote in it: log lines, messages of events, labels, reasons
	Fault     string          // of this program, for those who use it; empty if there was none
}

// New returns the tools for the question of a desk.
func New(desk *router.Desk) *Box {
	b := &Box{desk: desk, estate: tools()}
	for _, candidate := range desk.Match().Tried {
		if in, ok := desk.Catalog().Intent(candidate.Intent); ok && len(b.offered) < firstOffered {
			b.offer(in)
		}
	}
	return b
}

// Tools is what to offer in the next turn; it grows when intents are found.
func (b *Box) Tools() []llms.Tool {
	var all []llms.Tool
	for _, t := range b.now() {
		all = append(all, t.offered())
	}
	return all
}

// now are the tools that are offered at this time.
func (b *Box) now() []*tool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Concat(b.estate, b.offered)
}

// offer adds an intent to what is offered, instead of the oldest if there are enough, and reports whether it can be asked at all.
func (b *Box) offer(in *intents.Intent) bool {
	if !b.takes(in) {
		return false
	}
	t := intentTool(in)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.offered = slices.DeleteFunc(b.offered, func(other *tool) bool { return other.name == t.name })
	b.offered = append(b.offered, t)
	b.offered = b.offered[max(0, len(b.offered)-mostOffered):]
	return true
}

// takes reports whether an intent is a tool: one that only reads, of providers that are connected.
func (b *Box) takes(in *intents.Intent) bool {
	connected, known := b.desk.Names().Providers()
	return in.Action != intents.ActionPropose && (!known || in.Applies(connected))
}

// Call makes a call. It never panics and never fails: what is wrong is in the text, for the model.
func (b *Box) Call(ctx context.Context, asked llms.FunctionCall) (result Result) {
	defer func() {
		if failure := recover(); failure != nil {
			fault := fmt.Sprintf("the tool %s failed: %v", asked.Name, failure)
			result = Result{Text: heading(asked.Name, asked.Arguments, fault) +
				"the tool failed, which is a fault of clanker and says nothing of the estate: use another tool\n",
				Fault: router.Clipped(router.Printable(fault), mostAsked) + "; report this as a bug"}
		}
	}()
	t := b.find(asked.Name)
	if t == nil {
		return Result{Text: heading(asked.Name, asked.Arguments, "there is no such tool") + cmp.Or(b.alike(asked.Name), "use a tool that is offered, or find_intents") + "\n"}
	}
	args, err := t.understand(asked.Arguments)
	if err != nil {
		return Result{Text: heading(asked.Name, asked.Arguments, err.Error()) + t.usage() + "\n"}
	}
	arguments, _ := json.Marshal(args) // of what JSON was read from
	ctx, done := context.WithTimeout(ctx, callTime)
	defer done()
	c := &call{desk: b.desk, box: b, tool: t, args: args}
	found, err := t.do(ctx, c)
	if err != nil {
		return Result{Text: failed(ctx, t, string(arguments), err), Arguments: arguments}
	}
	c.unecho(found)
	result = found.result(b.desk.ID(), heading(t.name, string(arguments), ""))
	result.Arguments = arguments
	return result
}

// failed says why a call brought nothing.
func failed(ctx context.Context, t *tool, arguments string, err error) string {
	var wrong *wrongError
	switch {
	case errors.As(err, &wrong):
		return heading(t.name, arguments, wrong.what) + cmp.Or(wrong.instead, t.usage()) + "\n"
	case ctx.Err() != nil:
		return heading(t.name, arguments, "") + "it took too long, and nothing is known of it: ask for less at once (one namespace, one kind), or conclude\n"
	default:
		return heading(t.name, arguments, "failed: "+err.Error()) + "it could not be read, and nothing is known of it: use another tool\n"
	}
}

// find returns the tool of a name: an intent goes by its id, too.
func (b *Box) find(name string) *tool {
	all := b.now()
	if i := slices.IndexFunc(all, func(t *tool) bool { return t.name == name }); i >= 0 {
		return all[i]
	}
	for _, in := range b.desk.Catalog().Intents {
		if (ToolName(in.ID) == name || in.ID == name) && b.takes(in) {
			return intentTool(in)
		}
	}
	return nil
}

// alike suggests a tool instead of one that is not there.
func (b *Box) alike(name string) string {
	var names []string
	for _, t := range b.estate {
		names = append(names, t.name)
	}
	for _, in := range b.desk.Catalog().Intents {
		if b.takes(in) {
			names = append(names, ToolName(in.ID))
		}
	}
	return strict.Suggest(router.Clipped(name, 2*mostName), "", names)
}
