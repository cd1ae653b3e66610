package modeltest

import (
	"slices"
	"strings"
)

// check is what the vendor wants of a request beyond its schema.
func (r *anthropicRequest) check() *Failure {
	for _, check := range []func() *Failure{r.checkSampling, r.checkTools, r.checkConversation} {
		if f := check(); f != nil {
			return f
		}
	}
	return nil
}

// checkSampling refuses what newer models refuse.
func (r *anthropicRequest) checkSampling() *Failure {
	newer := slices.ContainsFunc([]string{"claude-opus-4-7", "claude-opus-4-8", "claude-opus-5", "claude-fable"},
		func(p string) bool { return strings.HasPrefix(r.Model, p) })
	switch {
	case newer && r.Temperature != nil:
		return refused("`temperature` is deprecated for this model.")
	case r.Temperature != nil && r.TopP != nil:
		return refused("`temperature` and `top_p` cannot both be specified for this model. Please use only one.")
	}
	return nil
}

func (r *anthropicRequest) checkTools() *Failure {
	seen := map[string]bool{}
	for i, t := range r.Tools {
		if seen[t.Name] {
			return refused("tools: Tool names must be unique.")
		}
		seen[t.Name] = true
		if why := badParameters(t.InputSchema); why != "" {
			return refused("tools.%d.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12: %s", i, why)
		}
	}
	if r.ToolChoice.Type != "" && len(r.Tools) == 0 {
		return refused("tool_choice: `tool_choice` may only be specified while providing `tools`.")
	}
	return nil
}

// checkConversation wants a user to begin, each use of a tool answered at the beginning of the next message, and nothing else answered.
// Messages of the same role that follow one another are one.
func (r *anthropicRequest) checkConversation() *Failure {
	if r.Messages[0].Role != "user" {
		return refused(`messages: first message must use the "user" role`)
	}
	var open []string // uses that are not answered
	seen := map[string]bool{}
	for i := 0; i < len(r.Messages); i++ {
		at, role, blocks := i, r.Messages[i].Role, slices.Clone(r.Messages[i].Content)
		for ; i+1 < len(r.Messages) && r.Messages[i+1].Role == role; i++ {
			blocks = append(blocks, r.Messages[i+1].Content...)
		}
		if f := checkBlocks(at, blocks, i == len(r.Messages)-1 && role == "assistant"); f != nil {
			return f
		}
		if f := checkAnswers(at, blocks, open); f != nil {
			return f
		}
		open = nil
		for _, b := range blocks {
			if b.Type != "tool_use" {
				continue
			}
			if role != "assistant" {
				return refused("messages.%d: `tool_use` blocks can only be in `assistant` messages", at)
			}
			if seen[b.ID] {
				return refused("messages.%d: `tool_use` ids must be unique", at)
			}
			seen[b.ID] = true
			open = append(open, b.ID)
		}
	}
	if len(open) > 0 {
		return unanswered(len(r.Messages)-1, open)
	}
	return nil
}

func checkBlocks(at int, blocks []anthropicBlock, last bool) *Failure {
	if len(blocks) == 0 && !last {
		return refused("messages.%d: all messages must have non-empty content except for the optional final assistant message", at)
	}
	for _, b := range blocks {
		switch {
		case b.Type == "text" && b.Text == "":
			return refused("messages: text content blocks must be non-empty")
		case b.Type == "text" && strings.TrimSpace(b.Text) == "":
			return refused("messages: text content blocks must contain non-whitespace text")
		}
	}
	if last && len(blocks) > 0 {
		if text := blocks[len(blocks)-1].Text; text != strings.TrimRight(text, " \t\n") {
			return refused("messages: final assistant content cannot end with trailing whitespace")
		}
	}
	return nil
}

// checkAnswers wants the results of the open uses first in the blocks of the next message.
func checkAnswers(at int, blocks []anthropicBlock, open []string) *Failure {
	open, leading := slices.Clone(open), true
	for i, b := range blocks {
		if b.Type != "tool_result" {
			leading = false
			continue
		}
		if leading && slices.Contains(open, b.UseID) {
			open = slices.DeleteFunc(open, func(id string) bool { return id == b.UseID })
			continue
		}
		if !slices.Contains(open, b.UseID) {
			return refused("messages.%d.content.%d: unexpected `tool_use_id` found in `tool_result` blocks: %s. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", at, i, b.UseID)
		}
	}
	if len(open) > 0 {
		return unanswered(at-1, open)
	}
	return nil
}

func unanswered(at int, open []string) *Failure {
	return refused("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. Each `tool_use` block must have a corresponding `tool_result` block in the next message.", at, strings.Join(open, ", "))
}
