//go:build e2e

package e2e

import (
	"fmt"
	"strings"
)

// demoQuestion is a question about the demo estate, and what its answer has to say.
type demoQuestion struct{ text, says string }

var demoQuestions = [...]demoQuestion{ // never changed
	{everything, "session-cache (degraded)"},
	{"Are all services in production healthy?", "session-cache (degraded)"},
	{"What instance type is prod-cluster running?", "prod-cluster: r6g.2xlarge, 3 nodes, 62%"},
	{"What changed in the last deployment?", "last deployment: checkout-api image v1.4.1 -> v1.4.2"},
	{"Which pods are using more than 80% of their memory limit?", "7 of 29 pods above 80%"},
	{"List my clusters", "2 clusters"},
	{"How many nodes are there?", "4 nodes"},
	{"Why is checkout-api slow?", "it uses cache session-cache (degraded"},
	{"What depends on session-cache?", "1 thing depends on session-cache: checkout-api"},
}

// fault says what is wrong with an answer to the question that was asked under the id; "" when it is the right one.
func (q demoQuestion) fault(got answered, id string) string {
	content := got.Result.StructuredContent
	switch {
	case got.Error != nil:
		return "an error: " + got.Error.Message
	case got.ID != id:
		return fmt.Sprintf("the answer to id %v, not %s", got.ID, id)
	case content.Question != q.text:
		return fmt.Sprintf("the answer to %q, not %q", content.Question, q.text)
	case got.Result.IsError || !strings.Contains(content.Summary, q.says):
		return fmt.Sprintf("%q is answered with %q", q.text, content.Summary)
	}
	return ""
}
