package modeltest

import "time"

// Script is what a model does in a test, whatever the wire format that it is asked in. It is data: a Script may be played by several
// servers at once.
type Script struct {
	// Models are the names that the server lists and answers to; with none it lists [AnyModel] and answers to every name.
	Models []string
	// Key is the only key that it accepts; with none any key will do, but there must be one.
	Key string
	// Obey makes the model do what the results of tools tell it to do; see the package comment.
	Obey bool
	// Turns are played from the first to the last, each for one request.
	Turns []Turn
}

// AnyModel is the model that a server lists whose [Script] names none.
const AnyModel = "scripted"

// Turn is what the model does in answer to one request: it writes, it calls tools, or it fails.
type Turn struct {
	// When must be in what was said since the model's last turn for this turn to be played; without it any request will do.
	When string
	// Expect is what the request must be like; if it is not, the request fails and [Server.Faults] says why.
	Expect Expect
	Text   string
	Calls  []Call
	Stop   Stop
	Error  *Failure // instead of all of the above
	Hold   Hold
	Cut    bool // the connection breaks in the middle of the answer
	Tokens Tokens
	Repeat bool // it is never used up
}

// Call is a tool that the model calls. ID is filled in by the server.
type Call struct {
	ID        string
	Tool      string
	Arguments string // JSON of an object, or not: models write what they like
}

// Expect is what a request must be like. Texts are looked for in all that the model is told: instructions, tools and messages.
type Expect struct {
	Has   []string
	Lacks []string
	Tools []string // that are offered, among others
	Alone bool     // no tool is offered, or none may be called
}

// Stop is why the model stops; the zero Stop is StopTools after calls, and StopEnd otherwise.
type Stop string

// All reasons to stop.
const (
	StopEnd    Stop = "end"
	StopTools  Stop = "tools"
	StopLength Stop = "length"  // it reached the highest number of output tokens
	StopRefuse Stop = "refusal" // it would not
	StopFilter Stop = "filter"  // the vendor's filter stopped it
)

// Hold is where an answer waits until its request is given up or [Server.Release] is called.
type Hold string

// All places to wait at.
const (
	HoldBefore Hold = "before" // nothing was sent
	HoldDuring Hold = "during" // half of the answer was sent
)

// Tokens are what a turn used. Zero counts are made up from the lengths of the texts.
type Tokens struct {
	In     int // with Cached
	Out    int
	Cached int // were read from the vendor's cache
}

// Kind is a kind of failure that every vendor has, in its own words and with its own status.
type Kind string

// All kinds of failure.
const (
	BadRequest    Kind = "badRequest"
	BadKey        Kind = "badKey"
	Forbidden     Kind = "forbidden"
	UnknownModel  Kind = "unknownModel"
	TooLong       Kind = "tooLong" // for the model's context
	RateLimit     Kind = "rateLimit"
	NoCredit      Kind = "noCredit"
	ContentFilter Kind = "contentFilter"
	Overloaded    Kind = "overloaded"
	Broken        Kind = "broken" // an internal error of the vendor
)

// Failure is an error in a vendor's shape. Status and Message are the vendor's own for the Kind when they are zero.
type Failure struct {
	Kind    Kind
	Status  int
	Message string
	Retry   Retry
	// Param and Code go with BadRequest, for vendors that say which field is wrong.
	Param, Code string
}

// Retry is when to try again: after some time or at a date, or, when it is zero, the vendor does not say.
type Retry struct {
	After time.Duration // in whole seconds
	At    time.Time
}
