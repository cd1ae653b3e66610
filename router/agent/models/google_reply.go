package models

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/tmc/langchaingo/llms"
	"google.golang.org/genai"
)

// googleReply is what the model said, in one piece or in many.
type googleReply struct {
	text      strings.Builder
	signature []byte        // of the text
	calls     []*genai.Part // each with a FunctionCall
	stop      string        // why it ended; empty until it did
	usage     genai.GenerateContentResponseUsageMetadata
}

// hear takes all pieces, and tells the text of each.
func (r *googleReply) hear(pieces iter.Seq2[*genai.GenerateContentResponse, error], tell func(string) error) error {
	next, stop := iter.Pull2(pieces)
	defer stop()
	for {
		piece, more, err := pull(next)
		if err != nil || !more {
			return err
		}
		if text := r.add(piece); text != "" {
			if err := tell(text); err != nil {
				return err
			}
		}
	}
}

// pull has the next piece, and an error where genai panics: it does when an answer has not the shape that it is used to.
func pull[T any](next func() (T, error, bool)) (piece T, more bool, err error) {
	defer func() {
		if odd := recover(); odd != nil {
			err = fmt.Errorf("the answer is none of the API: %v", odd)
		}
	}()
	piece, err, more = next()
	return piece, more, err
}

// add takes a piece, and returns the text in it.
func (r *googleReply) add(response *genai.GenerateContentResponse) string {
	if response.UsageMetadata != nil { // each is the sum of all so far
		r.usage = *response.UsageMetadata
	}
	if f := response.PromptFeedback; f != nil && f.BlockReason != "" {
		r.stop = "refusal: " + string(f.BlockReason) // whatever the reason: new ones come
	}
	if len(response.Candidates) == 0 || response.Candidates[0] == nil {
		return ""
	}
	candidate := response.Candidates[0]
	if candidate.FinishReason != "" {
		r.stop = string(candidate.FinishReason)
	}
	before := r.text.Len()
	if candidate.Content != nil {
		for _, part := range candidate.Content.Parts {
			r.part(part)
		}
	}
	return r.text.String()[before:]
}

func (r *googleReply) part(part *genai.Part) {
	switch {
	case part == nil || part.Thought: // a summary of its thoughts, which nobody asked for
	case part.FunctionCall != nil:
		if len(r.calls) < mostParts {
			r.calls = append(r.calls, part)
		}
	default: // a signature may come with an empty text, at the end of a stream
		r.text.WriteString(part.Text)
		if part.ThoughtSignature != nil {
			r.signature = part.ThoughtSignature
		}
	}
}

// whole is an error when the reply has no end.
func (r *googleReply) whole() error {
	if r.stop == "" {
		return fmt.Errorf("the reply breaks off: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// answered keeps what the model must be told again of its reply, and makes a response of it.
func (m *googleModel) answered(r *googleReply) *llms.ContentResponse {
	m.mu.Lock()
	defer m.mu.Unlock()
	choice := &llms.ContentChoice{Content: r.text.String(), StopReason: r.stop, GenerationInfo: map[string]any{
		"InputTokens":  int(r.usage.PromptTokenCount + r.usage.ToolUsePromptTokenCount),
		"OutputTokens": int(r.usage.CandidatesTokenCount + r.usage.ThoughtsTokenCount),
	}}
	if choice.Content != "" && r.signature != nil {
		m.texts[choice.Content] = r.signature
	}
	for _, part := range r.calls {
		choice.ToolCalls = append(choice.ToolCalls, m.keep(part))
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{choice}}
}

// keep makes a call of a part. It has the ID that the model gave it, or the next number, where that is missing or taken.
func (m *googleModel) keep(part *genai.Part) llms.ToolCall {
	f := part.FunctionCall
	id := f.ID
	for n := len(m.calls) + 1; id == "" || m.taken(id); n++ {
		id = fmt.Sprintf("call-%d", n)
	}
	m.calls[id] = saidCall{id: f.ID, signature: part.ThoughtSignature}
	arguments := []byte("{}")
	if len(f.Args) > 0 {
		arguments, _ = json.Marshal(f.Args) // it was JSON just now
	}
	return llms.ToolCall{ID: id, Type: "function", FunctionCall: &llms.FunctionCall{Name: f.Name, Arguments: string(arguments)}}
}

func (m *googleModel) taken(id string) bool {
	_, ok := m.calls[id]
	return ok
}
