//go:build e2e

package server

import (
	"context"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// What needs an answer from the user, the client's model or its roots before it can go on. Each tool returns what it needs
// and is called again with the answers, as of 2026-07-28; for older clients mcp-go asks in between, with requests of its own.

func form(message, property, kind string) mcp.ElicitationParams {
	return mcp.ElicitationParams{Message: message, RequestedSchema: map[string]any{
		"type": "object", "properties": map[string]any{property: map[string]any{"type": kind}}, "required": []string{property}}}
}

func sample(text string, tokens int) mcp.CreateMessageParams {
	return mcp.CreateMessageParams{MaxTokens: tokens, Messages: []mcp.SamplingMessage{{Role: mcp.RoleUser, Content: mcp.NewTextContent(text)}}}
}

func request() *mcpserver.InputRequestBuilder { return mcpserver.NewInputRequestBuilder("") }

// eliciting is a tool that asks the user and says what the answer was.
func eliciting(name, key string, ask func(mcp.CallToolRequest) mcp.ElicitationParams, options ...mcp.ToolOption) tool {
	return plain(name, "Asks the user.", func(_ context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		answer := mcpserver.ElicitationResponse(call.Params.InputResponses, key)
		if answer == nil {
			return request().Elicit(key, ask(call)).ToolResult(), nil
		}
		return mcp.NewToolResultText(fmt.Sprintf("User response: action=%s, content=%v", answer.Action, answer.Content)), nil
	}, options...)
}

// sampling is a tool that asks the client's model and says what it answered.
func sampling(name, key string, ask func(mcp.CallToolRequest) mcp.CreateMessageParams, options ...mcp.ToolOption) tool {
	return plain(name, "Asks the client's model.", func(_ context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		answer := mcpserver.SamplingResponse(call.Params.InputResponses, key)
		if answer == nil {
			return request().Sample(key, ask(call)).ToolResult(), nil
		}
		return mcp.NewToolResultText(fmt.Sprintf("LLM response: %v", answer.Content)), nil
	}, options...)
}

func fixed[P any](params P) func(mcp.CallToolRequest) P {
	return func(mcp.CallToolRequest) P { return params }
}

func (f fixture) elicitations() []tool {
	object := func(properties map[string]any) mcp.ElicitationParams {
		return mcp.ElicitationParams{Message: "Please fill in.", RequestedSchema: map[string]any{"type": "object", "properties": properties}}
	}
	titled := []any{map[string]any{"const": "value1", "title": "First"}, map[string]any{"const": "value2", "title": "Second"}}
	return []tool{
		eliciting("test_elicitation", "user", func(call mcp.CallToolRequest) mcp.ElicitationParams {
			ask := object(map[string]any{"username": map[string]any{"type": "string"}, "email": map[string]any{"type": "string"}})
			ask.Message = call.GetString("message", "")
			return ask
		}, mcp.WithString("message", mcp.Required())),
		eliciting("test_elicitation_sep1034_defaults", "user", fixed(object(map[string]any{
			"name":     map[string]any{"type": "string", "default": "John Doe"},
			"age":      map[string]any{"type": "integer", "default": 30},
			"score":    map[string]any{"type": "number", "default": 95.5},
			"status":   map[string]any{"type": "string", "enum": []string{"active", "inactive", "pending"}, "default": "active"},
			"verified": map[string]any{"type": "boolean", "default": true},
		}))),
		eliciting("test_elicitation_sep1330_enums", "user", fixed(object(map[string]any{
			"untitledSingle": map[string]any{"type": "string", "enum": []string{"option1", "option2"}},
			"titledSingle":   map[string]any{"type": "string", "oneOf": titled},
			"legacyEnum":     map[string]any{"type": "string", "enum": []string{"opt1", "opt2"}, "enumNames": []string{"Option One", "Option Two"}},
			"untitledMulti":  map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": []string{"option1", "option2"}}},
			"titledMulti":    map[string]any{"type": "array", "items": map[string]any{"anyOf": titled}},
		}))),
		eliciting("test_streaming_elicitation", "user", fixed(form("Please confirm", "ok", "boolean"))),
		sampling("test_sampling", "model", func(call mcp.CallToolRequest) mcp.CreateMessageParams {
			return sample(call.GetString("prompt", ""), 100)
		}, mcp.WithString("prompt", mcp.Required())),
	}
}

func (f fixture) inquiries() []tool {
	const prefix = "test_input_required_result_"
	return []tool{
		eliciting(prefix+"elicitation", "user_name", fixed(form("What is your name?", "name", "string"))),
		sampling(prefix+"sampling", "capital_question", fixed(sample("What is the capital of France?", 100))),
		plain(prefix+"list_roots", "Asks for the client's roots.", listRoots),
		plain(prefix+"request_state", "Asks, and gives the client a state to carry.", f.stateful),
		plain(prefix+"tampered_state", "Asks, and gives the client a state to carry.", f.stateful),
		plain(prefix+"multiple_inputs", "Asks for three things at once.", f.multiple),
		plain(prefix+"multi_round", "Asks twice, one after the other.", f.rounds),
		plain(prefix+"capabilities", "Asks for what the client can do.", ableTo),
	}
}

func listRoots(_ context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	answer := mcpserver.RootsResponse(call.Params.InputResponses, "client_roots")
	if answer == nil {
		return request().Roots("client_roots").ToolResult(), nil
	}
	return mcp.NewToolResultText(fmt.Sprintf("Roots: %v", answer.Roots)), nil
}

func (f fixture) stateful(_ context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if mcpserver.ElicitationResponse(call.Params.InputResponses, "confirm") == nil {
		return request().RequestState(f.seal("asked")).Elicit("confirm", form("Please confirm", "ok", "boolean")).ToolResult(), nil
	}
	if _, err := f.unseal(call.Params.RequestState); err != nil {
		return nil, err
	}
	return mcp.NewToolResultText("state-ok"), nil
}

func (f fixture) multiple(_ context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if len(call.Params.InputResponses) < 3 {
		return request().RequestState(f.seal("asked")).Elicit("user_name", form("What is your name?", "name", "string")).
			Sample("greeting", sample("Generate a greeting", 50)).Roots("client_roots").ToolResult(), nil
	}
	if _, err := f.unseal(call.Params.RequestState); err != nil {
		return nil, err
	}
	return mcp.NewToolResultText("all answered"), nil
}

func (f fixture) rounds(_ context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if call.Params.RequestState == "" {
		return request().RequestState(f.seal("named")).Elicit("step1", form("Step 1: What is your name?", "name", "string")).ToolResult(), nil
	}
	state, err := f.unseal(call.Params.RequestState)
	if err == nil && state == "named" {
		return request().RequestState(f.seal("coloured")).Elicit("step2", form("Step 2: What is your favorite color?", "color", "string")).ToolResult(), nil
	}
	return mcp.NewToolResultText("two rounds"), err
}

func ableTo(ctx context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	if len(call.Params.InputResponses) > 0 {
		return mcp.NewToolResultText("answered"), nil
	}
	need := request()
	able := mcpserver.RequestProtocolInfoFromContext(ctx).ClientCapabilities
	if able != nil && able.Sampling != nil {
		need.Sample("model", sample("Say something", 50))
	}
	if able != nil && able.Elicitation != nil {
		need.Elicit("user", form("What is your name?", "name", "string"))
	}
	return need.ToolResult(), nil
}
