package server

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"

	"clanker/router"
	"clanker/server/telemetry"
)

// tools is the list of tools, in full. None of them approves anything.
func (s *Server) tools() []tool {
	return []tool{
		{Handler: s.version, Tool: mcp.Tool{
			Name:            "clanker_version",
			Description:     "Health check, cheap: version, and for each connection who it acts as, or what is wrong and the fix. Call it first.",
			RawInputSchema:  json.RawMessage(`{"type":"object","properties":{},"additionalProperties":false}`),
			RawOutputSchema: json.RawMessage(versionSchema),
			Annotations:     readOnly(false),
		}},
		{Handler: s.routeQuestion, Tool: mcp.Tool{
			Name: "clanker_route_question",
			Description: "Ask one question about live infrastructure in plain words: health, inventory, metrics, logs, changes, topology. " +
				"Answered live, with evidence and what is unchecked.",
			RawInputSchema:  questionSchema(),
			RawOutputSchema: answerSchema,
			Annotations:     readOnly(true),
		}},
		{Handler: s.runCommand, Tool: mcp.Tool{
			Name: "clanker_run_command",
			Description: "Propose one command (kubectl, helm, terraform): a person decides on what changes something, and only then it runs, once. " +
				"Reads that policy allows run at once.",
			RawInputSchema:  commandSchemaIn(),
			RawOutputSchema: json.RawMessage(commandSchema),
			Annotations:     mcp.ToolAnnotation{ReadOnlyHint: new(false), DestructiveHint: new(true), IdempotentHint: new(false), OpenWorldHint: new(true)},
		}},
	}
}

// readOnly are the hints for a tool that only reads. The world is open when providers, not clanker, decide the result.
func readOnly(openWorld bool) mcp.ToolAnnotation {
	return mcp.ToolAnnotation{ReadOnlyHint: new(true), DestructiveHint: new(false), IdempotentHint: new(true), OpenWorldHint: &openWorld}
}

// routeQuestion answers clanker_route_question. Only an answer with status error is an error: one that is partial, asks
// back or is not supported tells the agent something.
func (s *Server) routeQuestion(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	question, err := decodeQuestion(request.Params.Arguments)
	if err != nil {
		return invalid(ctx, err)
	}
	question.Asker = asker(ctx)
	var answer router.Answer
	s.reporting(ctx, request, func(step func(string)) {
		question.Step = step
		answer, err = s.router.Route(ctx, question)
	})
	if err != nil {
		return failed(ctx, err)
	}
	note(ctx, answered(answer))
	for _, missed := range answer.Coverage.NotChecked {
		s.tell(ctx, mcp.LoggingLevelWarning, "not checked: "+router.Printable(missed.Provider+" "+missed.What+": "+missed.Fix))
	}
	return result(answer, router.Text(answer, router.TextLimits{}), answer.Status == router.StatusError), nil
}

// invalid is the result of a call whose arguments are wrong.
func invalid(ctx context.Context, err error) (*mcp.CallToolResult, error) {
	note(ctx, ended("invalid"))
	return mcp.NewToolResultError(err.Error()), nil
}

// failed is the result of a question that has no answer, because the caller took it back or for a bug.
func failed(ctx context.Context, err error) (*mcp.CallToolResult, error) {
	if ctx.Err() != nil {
		note(ctx, ended(cancelled))
	}
	return mcp.NewToolResultError(fmt.Sprintf("answer the question: %v", err)), nil
}

// recovered turns a panic of a tool into an error result and a line in the log: one bad answer never ends the
// workspace. The caller does not see the panic's text, which may hold what redaction has not seen.
func (s *Server) recovered(next mcpserver.ToolHandlerFunc) mcpserver.ToolHandlerFunc {
	return func(ctx context.Context, call mcp.CallToolRequest) (answer *mcp.CallToolResult, err error) {
		defer func() {
			if problem := recover(); problem != nil {
				note(ctx, ended("panic"))
				s.log.ErrorContext(ctx, "a tool panicked", "tool", call.Params.Name, "panic", problem, "stack", string(debug.Stack()))
				answer, err = mcp.NewToolResultError("internal error in "+call.Params.Name+": the workspace goes on and its log has the details; please report it"), nil
			}
		}()
		note(ctx, func(l *telemetry.Line) { l.Client = asker(ctx).ID })
		return next(ctx, call)
	}
}

// ToolNames are the names of the tools, in the order they are listed.
func ToolNames() []string {
	var names []string
	for _, tool := range (&Server{}).tools() {
		names = append(names, tool.Tool.Name)
	}
	return names
}
