// Package toolbox is what a model may do: read. Its tools are over a [router.Desk], and nothing that they reach can write.
package toolbox

import (
	"context"
	"encoding/json"

	"github.com/tmc/langchaingo/llms"

	"clanker/router"
)

// Box is the tools of one question. It is safe for concurrent use.
type Box struct {
	desk *router.Desk
}

// Result is what a call brought, for the model.
type Result struct {
	Text      string
	OK        bool            // false: the call was wrong or failed, and Text says what to do
	Rows      int             // that are in Text
	Arguments json.RawMessage // as they were understood; nil if they were not
	Resources []string        // IDs of the resources in Text
	Foreign   []string        // texts that others wrote in it: log lines, event messages, annotations
}

// New returns the tools for the question of a desk.
func New(desk *router.Desk) *Box { return &Box{desk: desk} }

// Tools is what to offer in the next turn; it grows when intents are found.
func (b *Box) Tools() []llms.Tool { return nil }

// Call makes a call. It never panics: what is wrong is in the text, for the model.
func (b *Box) Call(ctx context.Context, call llms.FunctionCall) Result {
	return Result{Text: "asked: " + router.Printable(call.Name) + "\nthere is no such tool"}
}
