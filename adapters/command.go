package adapters

import (
	"context"
	"fmt"
	"time"
)

// Class is how far a command goes; see [ParseCommand].
type Class string

// The classes, from the weakest to the strongest. Only [ClassRead] may run without a person.
const (
	ClassRead          Class = "read"           // changes nothing, runs no code, returns no secret
	ClassSensitiveRead Class = "sensitive_read" // changes nothing, returns secrets or customers' data
	ClassWrite         Class = "write"          // changes state in a way that can be undone, or runs code that was given
	ClassDestroy       Class = "destroy"        // loses data, evidence, exposure or many workloads
)

// Command is an argv that was understood whole: every word of it is a known verb, a known flag, a flag's value or an
// argument.
type Command struct {
	Argv  []string `json:"argv"`            // as proposed; the first is the tool's name
	Tool  string   `json:"tool"`            // kubectl
	Path  []string `json:"path"`            // the verb: rollout, restart
	Flags []Flag   `json:"flags,omitempty"` // sorted by name
	Args  []string `json:"args,omitempty"`  // what is neither verb nor flag, in order
	Class Class    `json:"class"`
	Why   string   `json:"why"` // why it is of that class, in a few words
}

// Flag is a flag of a command by its long name without dashes: namespace. A switch that is on has the value "true".
type Flag struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Flag returns the value of a flag, empty when the command does not have it.
func (c Command) Flag(name string) string {
	for _, flag := range c.Flags {
		if flag.Name == name {
			return flag.Value
		}
	}
	return ""
}

// Refusal is why an argv is not a command that can be proposed, whoever approves it.
type Refusal struct {
	Why string // what is refused: "--token chooses an identity"
	Fix string // what to do instead, when there is something
	At  int    // index in the argv; -1 when it is the whole
}

func (r *Refusal) Error() string {
	if r.Fix != "" {
		return fmt.Sprintf("refused: %s; %s", r.Why, r.Fix)
	}
	return "refused: " + r.Why
}

// Runner makes plans of the commands of some tools, and carries out plans. It is the half of a provider that writes.
//
// Plan changes nothing. The same command on the same state of the world gives the same plan to the byte: nothing in it
// tells the time. Run carries out exactly the plan and looks afterwards at what came of it. It reports what the command
// writes to tell while it runs; tell may be nil. Its error means that nothing was started; once something was, whatever
// becomes of it is in the [Outcome].
type Runner interface {
	Tools() []string
	Plan(ctx context.Context, c Command) (Plan, error)
	Run(ctx context.Context, p Plan, tell func(Output)) (Outcome, error)
}

// Output is a piece of what a running command writes.
type Output struct {
	Stream string `json:"stream"` // stdout, stderr
	Text   string `json:"text"`
}

// Outcome is what became of a command that was started. Its texts are redacted.
type Outcome struct {
	Exit      int       `json:"exit"`             // the exit code; -1 when a signal or a limit ended it
	Failure   string    `json:"failure,omitzero"` // why it ended otherwise than by itself: a limit of time or of output
	Stdout    string    `json:"stdout"`
	Stderr    string    `json:"stderr"`
	Truncated bool      `json:"truncated,omitzero"` // there was more output than is kept
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended"`
	Verified  string    `json:"verified,omitzero"` // what was seen afterwards: "3 -> 5 replicas, 5 ready", or why nothing was
	Observed  []Change  `json:"observed,omitempty"`
	Secrets   int       `json:"redactions,omitzero"` // how many secrets were masked in the texts
}

// OK reports whether the command ended by itself with exit code 0.
func (o Outcome) OK() bool { return o.Exit == 0 && o.Failure == "" }
