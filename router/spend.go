package router

import (
	"encoding/json"
	"time"
)

// Tokens are what went into a model and what came out of it. What was read from the model's cache is in In as well.
type Tokens struct {
	In  int `json:"in"`
	Out int `json:"out"`
}

// Sum is all of the tokens.
func (t Tokens) Sum() int { return t.In + t.Out }

// Cost is an amount of money in millionths of a US dollar; nil means that nobody knows, which is never the same as nothing.
type Cost = *int64

// Spend is what one call of a model costs: first what it may cost at most, and then what it did.
type Spend struct {
	ID     string // of this call
	Answer string // id of the answer that it was for
	Asker  string // who asked, as far as that was claimed; empty when it was not
	Model  string // provider/model
	At     time.Time
	Tokens Tokens
	Cost   Cost
}

// Spent sums up what calls cost. What a call that never ended may have cost is in it.
type Spent struct {
	Calls    int
	Tokens   Tokens
	Cost     int64 // millionths of a US dollar, of the calls whose cost is known
	Unpriced Tokens
}

// Investigation is a question that a model looked into, with what it asked for: what a new intent can be made from.
type Investigation struct {
	Answer   string    `json:"answer"` // id of the answer
	At       time.Time `json:"at"`
	Asker    string    `json:"asker,omitempty"`
	Question string    `json:"question"` // redacted
	Model    string    `json:"model"`
	Status   Status    `json:"status"`
	Uses     []ToolUse `json:"uses,omitempty"` // in the order in which they were asked for
}

// ToolUse is one tool that a model used.
type ToolUse struct {
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"` // as they were checked, an object; redacted
	Rows      int             `json:"rows"`      // that came of it
	OK        bool            `json:"ok"`
}
