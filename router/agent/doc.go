// Package agent looks into questions that no intent covers: a model of the user's choice asks read-only tools until it can
// answer, within limits, and what it says is checked against what the tools returned.
//
//	a := agent.New(agent.Options{Settings: agent.Settings{Models: models, Prices: prices, Limits: agent.DefaultLimits()}, Books: store})
//	r := router.New(matcher, workspace, router.Options{Fallback: a})
//
// # The loop
//
// [Agent.Answer] opens the model and talks to it in turns. In each turn the model gets the history and the tools of package
// toolbox, and asks for tools, several at once if it likes, or says what it makes of what it read. What a tool cannot do is told the
// model as text, and it goes on. The loop is ours, over langchaingo's vocabulary (llms.MessageContent, Tool, ToolCall): a tool has
// a schema that is checked before each call, and the loop ends.
//
// # Limits
//
// It ends when the model has answered, and at the latest when a limit of [Limits] is near: then the model is told to conclude from
// what it has read, without tools, in the rest of the time, and the answer is partial and says which limit that was. Before each turn
// the highest cost that it can have is reserved in the [Books], which is what the limit of a day is held against, also when the
// process is killed in between; afterwards it is settled with what the turn did cost. A model that asks for the same again and again
// is told so once, and then told to conclude.
//
// # What it can do
//
// It reads through a [router.Desk], from which nothing that writes can be reached. If a change is called for, the answer has a command
// as text: whoever asked may propose it, and people decide.
//
// # Honesty
//
// Evidence and coverage are what the desk has seen, whatever the model says. Figures and names in its text that no tool returned are
// marked (package claims). What others wrote - logs, events, annotations - reaches the model fenced as data, and a command that
// stands in it is not passed on.
//
// # Learning
//
// Each investigation is noted in the books with what the model asked for; "clanker intents suggest" makes intents of them.
package agent
