package models

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tmc/langchaingo/llms"
	"google.golang.org/genai"
)

// googleTurns makes Gemini's contents of messages.
type googleTurns struct {
	model    *googleModel
	system   *genai.Content
	contents []*genai.Content
	last     llms.ChatMessageType // of the last content
	names    map[string]string    // of the functions that were called, by the call's ID
}

// history writes messages as Gemini wants to have them: what one side says in several messages is one content.
func (m *googleModel) history(messages []llms.MessageContent) (system *genai.Content, contents []*genai.Content, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &googleTurns{model: m, names: map[string]string{}}
	for i, message := range messages {
		for _, part := range message.Parts {
			if err := t.add(message.Role, part); err != nil {
				return nil, nil, fmt.Errorf("message %d, of %s: %w", i+1, message.Role, err)
			}
		}
	}
	return t.system, t.contents, nil
}

func (t *googleTurns) add(role llms.ChatMessageType, part llms.ContentPart) error {
	switch role {
	case llms.ChatMessageTypeSystem:
		return t.instruct(part)
	case llms.ChatMessageTypeHuman, llms.ChatMessageTypeGeneric:
		text, ok := part.(llms.TextContent)
		if !ok {
			return fmt.Errorf("a %T cannot be sent", part)
		}
		t.write(llms.ChatMessageTypeHuman, text.Text, nil)
	case llms.ChatMessageTypeAI:
		return t.repeat(part)
	case llms.ChatMessageTypeTool, llms.ChatMessageTypeFunction:
		return t.respond(part)
	default:
		return errors.New("nobody has this role")
	}
	return nil
}

// instruct adds to what the model is told before all else.
func (t *googleTurns) instruct(part llms.ContentPart) error {
	text, ok := part.(llms.TextContent)
	if !ok {
		return fmt.Errorf("a %T cannot be an instruction", part)
	}
	if text.Text == "" {
		return nil
	}
	if t.system == nil {
		t.system = &genai.Content{Role: genai.RoleUser}
	}
	t.system.Parts = append(t.system.Parts, &genai.Part{Text: text.Text})
	return nil
}

// repeat tells the model what it said, with its signature.
func (t *googleTurns) repeat(part llms.ContentPart) error {
	switch part := part.(type) {
	case llms.TextContent:
		t.write(llms.ChatMessageTypeAI, part.Text, t.model.texts[part.Text])
		return nil
	case llms.ToolCall:
		return t.called(part)
	default:
		return fmt.Errorf("a %T cannot be repeated to the model", part)
	}
}

func (t *googleTurns) called(call llms.ToolCall) error {
	if call.FunctionCall == nil {
		return fmt.Errorf("the call %q calls nothing", call.ID)
	}
	args := map[string]any{}
	if err := json.Unmarshal([]byte(call.FunctionCall.Arguments), &args); err != nil {
		return fmt.Errorf("the arguments of the call %q are not a JSON object: %w", call.ID, err)
	}
	t.names[call.ID] = call.FunctionCall.Name
	said := t.model.said(call.ID)
	t.say(llms.ChatMessageTypeAI, &genai.Part{
		FunctionCall:     &genai.FunctionCall{ID: said.id, Name: call.FunctionCall.Name, Args: args},
		ThoughtSignature: said.signature,
	})
	return nil
}

// respond tells the model what came of its call.
func (t *googleTurns) respond(part llms.ContentPart) error {
	response, ok := part.(llms.ToolCallResponse)
	if !ok {
		return fmt.Errorf("a %T is no response to a call", part)
	}
	name, ok := t.names[response.ToolCallID]
	if !ok {
		return fmt.Errorf("it responds to the call %q, which is not in the conversation", response.ToolCallID)
	}
	t.say(llms.ChatMessageTypeTool, &genai.Part{FunctionResponse: &genai.FunctionResponse{
		ID: t.model.said(response.ToolCallID).id, Name: name, Response: map[string]any{"output": response.Content},
	}})
	return nil
}

// said is what is known of a call. One that is not known was made by another model: it has the ID that the conversation has.
func (m *googleModel) said(id string) saidCall {
	if said, ok := m.calls[id]; ok {
		return said
	}
	return saidCall{id: id}
}

// write adds a text. Empty ones are no parts to Gemini.
func (t *googleTurns) write(by llms.ChatMessageType, text string, signature []byte) {
	if text != "" {
		t.say(by, &genai.Part{Text: text, ThoughtSignature: signature})
	}
}

// say adds a part to the content of the same speaker, or begins one. Responses stand apart from what a person says after them,
// although both are the user's to Gemini: it counts responses against calls, and turns by what people say.
func (t *googleTurns) say(by llms.ChatMessageType, part *genai.Part) {
	if by != t.last || len(t.contents) == 0 {
		role := genai.RoleUser
		if by == llms.ChatMessageTypeAI {
			role = genai.RoleModel
		}
		t.contents, t.last = append(t.contents, &genai.Content{Role: role}), by
	}
	content := t.contents[len(t.contents)-1]
	content.Parts = append(content.Parts, part)
}
