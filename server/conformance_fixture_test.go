//go:build e2e

package server

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// The conformance suite looks for these tools, prompts and resources, by these names. They stand beside clanker's own, on
// a server that is otherwise the one that runs in production.

// addFixture makes s able to do all that the suite asks about.
func addFixture(s *Server) {
	for _, capable := range []mcpserver.ServerOption{
		mcpserver.WithToolCapabilities(true), mcpserver.WithPromptCapabilities(true), mcpserver.WithResourceCapabilities(true, true),
		mcpserver.WithCompletions(), mcpserver.WithLogging(), mcpserver.WithElicitation(), mcpserver.WithRoots(),
	} {
		capable(s.mcp)
	}
	s.mcp.EnableSampling()
	s.needs = map[string]string{"test_missing_capability": "sampling"}
	f := fixture{server: s, key: []byte(rand.Text())}
	for _, part := range [][]tool{f.contents(), f.notifications(), f.changes(), f.elicitations(), f.inquiries(), f.schemas()} {
		for _, tool := range part {
			s.names = append(s.names, tool.Tool.Name)
			s.mcp.AddTool(tool.Tool, s.recovered(tool.Handler))
		}
	}
	f.addPrompts()
	f.addResources()
}

type fixture struct {
	server *Server
	key    []byte // seals the states that a client carries for the server
}

const (
	pixel   = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==" // PNG
	silence = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="                                     // WAV
)

type handler = mcpserver.ToolHandlerFunc

func plain(name, description string, h handler, options ...mcp.ToolOption) tool {
	return tool{Tool: mcp.NewTool(name, append(options, mcp.WithDescription(description))...), Handler: h}
}

// always is a tool that returns the same whatever it is called with.
func always(name, description string, content ...mcp.Content) tool {
	return plain(name, description, func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return &mcp.CallToolResult{Content: content}, nil
	})
}

func (f fixture) contents() []tool {
	return []tool{
		always("test_simple_text", "Returns text.", mcp.NewTextContent("This is a simple text response for testing.")),
		always("test_image_content", "Returns an image.", mcp.NewImageContent(pixel, "image/png")),
		always("test_audio_content", "Returns sound.", mcp.NewAudioContent(silence, "audio/wav")),
		always("test_embedded_resource", "Returns a resource.", embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")),
		always("test_multiple_content_types", "Returns text, an image and a resource.", mcp.NewTextContent("Multiple content types test:"),
			mcp.NewImageContent(pixel, "image/png"), embedded("test://mixed-content-resource", "application/json", `{"test":"data","value":123}`)),
		plain("test_error_handling", "Fails.", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			return mcp.NewToolResultError("This tool intentionally returns an error for testing"), nil
		}),
		always("test_reconnection", "Would close its stream, if streams could be resumed.", mcp.NewTextContent("done")),
	}
}

func embedded(uri, mime, text string) mcp.Content {
	return mcp.NewEmbeddedResource(mcp.TextResourceContents{URI: uri, MIMEType: mime, Text: text})
}

// notifications are tools that send some before they return, the last of them right before.
func (f fixture) notifications() []tool {
	log := func(ctx context.Context, _ mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for _, text := range []string{"Tool execution started", "Tool processing data", "Tool execution completed"} {
			if err := f.server.mcp.SendLogMessageToClient(ctx, mcp.NewLoggingMessageNotification(mcp.LoggingLevelInfo, "conformance", text)); err != nil {
				return nil, err
			}
		}
		return mcp.NewToolResultText("logged"), nil
	}
	progress := func(ctx context.Context, call mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		for _, done := range []int{0, 50, 100} {
			if err := f.server.mcp.SendNotificationToClient(ctx, string(mcp.MethodNotificationProgress),
				map[string]any{"progressToken": call.Params.Meta.ProgressToken, "progress": done, "total": 100}); err != nil {
				return nil, err
			}
		}
		return mcp.NewToolResultText("progressed"), nil
	}
	return []tool{
		plain("test_tool_with_logging", "Logs.", log),
		plain("test_logging_tool", "Logs.", log),
		plain("test_tool_with_progress", "Reports progress.", progress),
	}
}

// changes are tools that change what there is, and change it back.
func (f fixture) changes() []tool {
	return []tool{
		plain("test_trigger_tool_change", "Adds a tool and takes it away.", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			passing := always("test_passing", "Is there for a moment.")
			f.server.mcp.AddTool(passing.Tool, passing.Handler)
			f.server.mcp.DeleteTools(passing.Tool.Name)
			return mcp.NewToolResultText("changed"), nil
		}),
		plain("test_trigger_prompt_change", "Adds a prompt and takes it away.", func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			f.server.mcp.AddPrompt(mcp.NewPrompt("test_passing", mcp.WithPromptDescription("Is there for a moment.")), prompting())
			f.server.mcp.DeletePrompts("test_passing")
			return mcp.NewToolResultText("changed"), nil
		}),
	}
}

// schemas are tools about what a schema may hold, and what a client must be able to do.
func (f fixture) schemas() []tool {
	nothing := func(context.Context, mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		return mcp.NewToolResultText("done"), nil
	}
	return []tool{
		{Handler: nothing, Tool: mcp.NewToolWithRawSchema("json_schema_2020_12_tool", "Has a schema with all that JSON Schema 2020-12 allows.", json.RawMessage(`{
			"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
			"$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
			"properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
				"contactMethod": {"type": "string", "enum": ["phone", "email"]}, "phone": {"type": "string"}, "email": {"type": "string"}},
			"allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
			"if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
			"then": {"required": ["phone"]}, "else": {"required": ["email"]}, "additionalProperties": false}`))},
		{Handler: nothing, Tool: mcp.NewToolWithRawSchema("test_x_mcp_header", "Has an argument that travels in a header too.", json.RawMessage(
			`{"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}, "required": ["region"]}`))},
		{Handler: nothing, Tool: mcp.NewTool("test_missing_capability", mcp.WithDescription("Needs a client that can sample."))},
	}
}

// seal makes a state that the client cannot change unnoticed; unseal returns what was sealed.
func (f fixture) seal(state string) string {
	mac := hmac.New(sha256.New, f.key)
	mac.Write([]byte(state))
	return state + "." + hex.EncodeToString(mac.Sum(nil))
}

func (f fixture) unseal(sealed string) (string, error) {
	state, _, _ := strings.Cut(sealed, ".")
	if !hmac.Equal([]byte(f.seal(state)), []byte(sealed)) {
		return "", errors.New("the state was changed on its way: send it back as it was")
	}
	return state, nil
}

func (f fixture) addPrompts() {
	add := func(name string, h mcpserver.PromptHandlerFunc, arguments ...string) {
		options := []mcp.PromptOption{mcp.WithPromptDescription("For the suite: " + name + ".")}
		for _, argument := range arguments {
			options = append(options, mcp.WithArgument(argument, mcp.RequiredArgument(), mcp.ArgumentDescription("Is put in.")))
		}
		f.server.mcp.AddPrompt(mcp.NewPrompt(name, options...), h)
	}
	add("test_simple_prompt", prompting(mcp.NewTextContent("This is a simple prompt for testing.")))
	add("test_prompt_with_image", prompting(mcp.NewImageContent(pixel, "image/png"), mcp.NewTextContent("Please analyze the image above.")))
	add("test_prompt_with_arguments", func(ctx context.Context, get mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		given := get.Params.Arguments
		return prompting(mcp.NewTextContent(fmt.Sprintf("Prompt with arguments: arg1='%s', arg2='%s'", given["arg1"], given["arg2"])))(ctx, get)
	}, "arg1", "arg2")
	add("test_prompt_with_embedded_resource", func(ctx context.Context, get mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		return prompting(embedded(get.Params.Arguments["resourceUri"], "text/plain", "Embedded resource content for testing."),
			mcp.NewTextContent("Please process the embedded resource above."))(ctx, get)
	}, "resourceUri")
	add("test_input_required_result_prompt", func(ctx context.Context, get mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		answer := mcpserver.ElicitationResponse(get.Params.InputResponses, "user_context")
		if answer == nil {
			return mcpserver.NewInputRequestBuilder("").Elicit("user_context", form("What context should the prompt use?", "context", "string")).PromptResult(), nil
		}
		return prompting(mcp.NewTextContent(fmt.Sprintf("Use this context: %v", answer.Content)))(ctx, get)
	})
}

// prompting is a prompt of these messages, all of them the user's.
func prompting(contents ...mcp.Content) mcpserver.PromptHandlerFunc {
	return func(context.Context, mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		messages := make([]mcp.PromptMessage, len(contents))
		for i, content := range contents {
			messages[i] = mcp.NewPromptMessage(mcp.RoleUser, content)
		}
		return mcp.NewGetPromptResult("For the suite.", messages), nil
	}
}

func (f fixture) addResources() {
	add := func(contents mcp.ResourceContents, uri, mime string) {
		f.server.mcp.AddResource(mcp.NewResource(uri, strings.TrimPrefix(uri, "test://"), mcp.WithResourceDescription("For the suite."), mcp.WithMIMEType(mime)),
			func(context.Context, mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
				return []mcp.ResourceContents{contents}, nil
			})
	}
	const text, binary, watched, templated = "test://static-text", "test://static-binary", "test://watched-resource", "test://template/"
	f.server.uris = append(f.server.uris, text, binary, watched, templated)
	add(mcp.TextResourceContents{URI: text, MIMEType: "text/plain", Text: "This is the content of the static text resource."}, text, "text/plain")
	add(mcp.BlobResourceContents{URI: binary, MIMEType: "image/png", Blob: pixel}, binary, "image/png")
	add(mcp.TextResourceContents{URI: watched, MIMEType: "text/plain", Text: "Nothing happens."}, watched, "text/plain")
	f.server.mcp.AddResourceTemplate(mcp.NewResourceTemplate(templated+"{id}/data", "template", mcp.WithTemplateDescription("For the suite.")),
		func(_ context.Context, read mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
			id := strings.TrimSuffix(strings.TrimPrefix(read.Params.URI, templated), "/data")
			data, err := json.Marshal(map[string]any{"id": id, "templateTest": true, "data": "Data for ID: " + id})
			return []mcp.ResourceContents{mcp.TextResourceContents{URI: read.Params.URI, MIMEType: "application/json", Text: string(data)}}, err
		})
}
