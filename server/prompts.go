package server

import (
	"context"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// occasion is a moment at which people and agents want to know how things stand: a prompt that names the questions to ask.
type occasion struct {
	name, title, description string
	service                  string   // what the argument "service" is for; empty when it is not taken
	questions                []string // with {service} and {environment}; those with {service} are left out without one
	judge                    string   // what to do with the answers
}

// occasions is the list of prompts, in full. Every question in it is understood without a model: a test asks them.
func occasions() []occasion {
	return []occasion{
		{"before-deploy", "Before a deploy", "Is it safe to deploy now?", "what is about to be deployed", []string{
			"are all services in {environment} healthy?", "is {service} healthy?", "what depends on {service}?",
			"what changed in {environment} in the last hour?", "which pods are using more than 80% of their memory limit?",
		}, "Say GO or NO-GO in the first line, then why. Something degraded that the deploy touches or depends on, or a change that is still rolling out, is a NO-GO."},
		{"after-deploy", "After a deploy", "Did the deploy work, and did it break anything?", "what was deployed", []string{
			"what changed in the last deployment?", "is {service} healthy?", "what errors did {service} log in the last 15 minutes?",
			"which pods are not ready in {environment}?", "which pods are crashing in {environment}?", "are all services in {environment} healthy?",
		}, "Say whether it worked in the first line. Name what is worse than before, since when, and the change that is the likely cause."},
		{"cost-review", "Cost review", "What runs and is hardly used?", "", []string{
			"which resources are idle?", "which volumes are unused?", "which pods have no memory limit?", "which nodes have the most free memory?",
		}, "List what could be made smaller or be removed, the largest saving first. Give an amount of money only where an answer has one."},
		{"incident", "Incident", "What is broken, since when, and what changed before it?", "what seems to be broken", []string{
			"are all services in {environment} healthy?", "why is {service} degraded?", "what changed in {environment} in the last hour?",
			"which pods are crashing in {environment}?", "what warnings are there in the last hour?",
			"what errors did {service} log in the last hour?", "what depends on {service}?",
		}, "First line: what is broken and since when. Then the likely cause with its evidence, what else is affected, and what you would look at next. Tell what you know from what you guess."},
	}
}

// prompt is the occasion as MCP lists it.
func (o occasion) prompt() mcpserver.ServerPrompt {
	arguments := []mcp.PromptArgument{{Name: "environment", Description: "production when left out"}}
	if o.service != "" {
		arguments = append(arguments, mcp.PromptArgument{Name: "service", Description: o.service})
	}
	return mcpserver.ServerPrompt{
		Prompt: mcp.Prompt{Name: o.name, Title: o.title, Description: o.description, Arguments: arguments},
		Handler: func(_ context.Context, request mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
			text := o.text(request.Params.Arguments)
			return mcp.NewGetPromptResult(o.description, []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text))}), nil
		},
	}
}

// text is the prompt with its arguments in place.
func (o occasion) text(arguments map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Find out from the live state, not from memory: call clanker_version once, then ask clanker_route_question each of these.\n\n", o.description)
	for i, question := range o.ask(arguments) {
		fmt.Fprintf(&b, "%d. %s\n", i+1, question)
	}
	fmt.Fprintf(&b, "\nAsk more where an answer calls for it. Read coverage.notChecked: what was not checked is unknown, not well. %s", o.judge)
	return b.String()
}

// ask returns the questions about what the arguments name.
func (o occasion) ask(arguments map[string]string) []string {
	service, environment := word(arguments["service"]), word(arguments["environment"])
	if environment == "" {
		environment = "production"
	}
	var questions []string
	for _, question := range o.questions {
		if strings.Contains(question, "{service}") && service == "" {
			continue
		}
		questions = append(questions, strings.NewReplacer("{service}", service, "{environment}", environment).Replace(question))
	}
	return questions
}

// word is an argument as one line of at most a hundred characters: it is put into a sentence that a model reads.
func word(argument string) string {
	return fmt.Sprintf("%.100s", strings.Join(strings.Fields(argument), " "))
}
