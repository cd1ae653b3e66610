package models

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/llms"
	"google.golang.org/genai"
)

func TestGoogleRefusesWhatItCannotSend(t *testing.T) {
	model := openedGoogle(t, "http://127.0.0.1:1")
	call := func(arguments string) llms.ToolCall {
		return llms.ToolCall{ID: "1", FunctionCall: &llms.FunctionCall{Name: "read", Arguments: arguments}}
	}
	for _, test := range []struct {
		role llms.ChatMessageType
		part llms.ContentPart
		says string
	}{
		{llms.ChatMessageTypeHuman, llms.BinaryPart("image/png", nil), "message 1, of human: a llms.BinaryContent cannot be sent"},
		{llms.ChatMessageTypeSystem, llms.ImageURLPart("x"), "a llms.ImageURLContent cannot be an instruction"},
		{llms.ChatMessageTypeAI, llms.ToolCallResponse{}, "a llms.ToolCallResponse cannot be repeated to the model"},
		{llms.ChatMessageTypeAI, llms.ToolCall{ID: "1"}, `the call "1" calls nothing`},
		{llms.ChatMessageTypeAI, call("{"), `the arguments of the call "1" are not a JSON object`},
		{llms.ChatMessageTypeAI, call("[1]"), `the arguments of the call "1" are not a JSON object`},
		{llms.ChatMessageTypeTool, llms.TextPart("x"), "a llms.TextContent is no response to a call"},
		{llms.ChatMessageTypeTool, llms.ToolCallResponse{ToolCallID: "2"}, `it responds to the call "2", which is not in the conversation`},
		{"robot", llms.TextPart("x"), "nobody has this role"},
	} {
		var c geminiTalk
		c.say(test.role, test.part)
		_, err := model.GenerateContent(t.Context(), c)
		assert.ErrorContains(t, err, "write the conversation for gemini")
		assert.ErrorContains(t, err, test.says)
	}
	_, err := model.GenerateContent(t.Context(), geminiTalkAbout("why?"), llms.WithTools([]llms.Tool{{}}))
	assert.ErrorContains(t, err, "tool 1 is no function")
}

// FuzzGoogleReply has a model say anything, and tells it that again.
func FuzzGoogleReply(f *testing.F) {
	f.Add(`{"candidates":[{"content":{"role":"model","parts":[{"text":"so"},{"functionCall":{"name":"read","args":{"of":"b"}},"thoughtSignature":"c2lnbmVk"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3}}`)
	f.Add(`{"candidates":[{"content":{"parts":[{"functionCall":{"id":"x","name":"a"}},{"functionCall":{"id":"x","name":"b","args":{}}},null,{"text":"","thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}`)
	f.Add(`{"promptFeedback":{"blockReason":"SAFETY"}}`)
	f.Add(`{"candidates":[null]}`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, answer string) {
		response := &genai.GenerateContentResponse{}
		if json.Unmarshal([]byte(answer), response) != nil {
			return // what is no answer is not read
		}
		model := openedGoogle(t, "http://127.0.0.1:1")
		reply := &googleReply{}
		reply.add(response)
		choice := model.answered(reply).Choices[0]
		require.Len(t, choice.ToolCalls, len(reply.calls))
		c := geminiTalkAbout("why?")
		c.heard(choice)

		_, contents, err := model.history(c)

		require.NoError(t, err)
		var parts []*genai.Part
		for _, content := range contents[1:] {
			require.NotEmpty(t, content.Parts)
			if content.Role == "model" {
				parts = append(parts, content.Parts...)
			}
		}
		if choice.Content != "" {
			require.Equal(t, choice.Content, parts[0].Text)
			require.Equal(t, reply.signature, parts[0].ThoughtSignature)
			parts = parts[1:]
		}
		require.Len(t, parts, len(reply.calls))
		for i, part := range parts {
			said := reply.calls[i]
			require.Equal(t, said.ThoughtSignature, part.ThoughtSignature)
			require.Equal(t, said.FunctionCall.ID, part.FunctionCall.ID)
			require.Equal(t, said.FunctionCall.Name, part.FunctionCall.Name)
			require.Equal(t, len(said.FunctionCall.Args), len(part.FunctionCall.Args))
		}
	})
}

// FuzzGoogleHistory writes any conversation, each byte of which is a message: nothing panics, and nothing comes out that Gemini would
// not take.
func FuzzGoogleHistory(f *testing.F) {
	f.Add([]byte("shattahattt"))
	f.Add([]byte("xsheHaAta"))
	roles := []llms.ChatMessageType{llms.ChatMessageTypeSystem, llms.ChatMessageTypeHuman, llms.ChatMessageTypeAI, llms.ChatMessageTypeTool, llms.ChatMessageTypeGeneric, "robot"}
	f.Fuzz(func(t *testing.T, messages []byte) {
		var c geminiTalk
		for _, b := range messages {
			id := string('a' + rune(b>>6))
			parts := []llms.ContentPart{llms.TextPart(id), llms.TextPart(""), llms.BinaryPart("", nil), llms.ToolCall{ID: id},
				llms.ToolCall{ID: id, FunctionCall: &llms.FunctionCall{Name: "read", Arguments: `{"of":1}`}}, llms.ToolCallResponse{ToolCallID: id}}
			c.say(roles[int(b)%len(roles)], parts[int(b>>3)%len(parts)])
		}
		_, contents, err := openedGoogle(t, "http://127.0.0.1:1").history(c)
		if err != nil {
			return
		}
		for i, content := range contents {
			require.NotEmpty(t, content.Parts)
			require.Contains(t, []string{"user", "model"}, content.Role)
			require.False(t, i > 0 && content.Role == "model" && contents[i-1].Role == "model")
			for _, part := range content.Parts {
				require.Equal(t, part.FunctionCall != nil, content.Role == "model" && part.Text == "")
				require.Equal(t, part.FunctionResponse != nil, content.Parts[0].FunctionResponse != nil)
			}
		}
	})
}
