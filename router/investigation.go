package router

import (
	"encoding/json"
	"time"
)

// Investigation is a question that a model looked into, with what it asked for: what a new intent can be made from.
type Investigation struct {
	Answer   string    `json:"answer"` // id of the answer
	At       time.Time `json:"at"`
	Asker    string    `json:"asker,omitempty"`
	Question string    `json:"question"` // redacted
	Model    string    `json:"model"`
	Tokens   Tokens    `json:"tokens,omitzero"` // that it took
	Cost     Cost      `json:"costMicroUsd,omitempty"`
	Uses     []ToolUse `json:"uses,omitempty"` // in the order in which they were asked for
}

// ToolUse is one tool that a model used.
type ToolUse struct {
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"` // as they were checked, an object; redacted
	Rows      int             `json:"rows"`      // that came of it
	OK        bool            `json:"ok"`
}
