package router

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

// TestAnswersEndWhereTheTimeAskedForEnds asks for times that have passed: what came later must not show. It is noon on a
// sunday.
func TestAnswersEndWhereTheTimeAskedForEnds(t *testing.T) {
	f := shop()
	times := map[string]time.Time{"friday": ago(40 * time.Hour), "yesterday": ago(20 * time.Hour), "morning": ago(3 * time.Hour), "now": ago(time.Minute)}
	for _, name := range []string{"now", "morning", "yesterday", "friday"} {
		change := deployed("image", "old", name)
		change.At, change.Event = times[name], name
		f.changed = append(f.changed, change)
		event := resource(adapters.KindEvent, "event-"+name, "", "BackOff")
		event.Since, event.Attributes = times[name], map[string]any{"type": "Warning", "involved": "pod/checkout-api-a"}
		f.resources = append(f.resources, event)
	}
	for _, name := range []string{"friday", "yesterday", "morning", "now"} {
		f.written = append(f.written, adapters.LogLine{Resource: id(adapters.KindPod, "checkout-api-a"), At: times[name], Text: "error " + name})
	}
	r := New(defaultMatcher(t), f, Options{Now: func() time.Time { return noon }, Entropy: zeros{}})
	for _, test := range []struct{ when, has, lacks string }{
		{"yesterday", "yesterday", "morning now"},
		{"between 8am and 10am", "morning", "now"},
		{"last night", "", "morning now"},
		{"over the weekend", "yesterday morning now", ""},
		{"since yesterday", "yesterday morning now", ""},
	} {
		for _, question := range []string{"what changed %s", "show me all events %s", "errors in the logs of checkout-api %s"} {
			question = fmt.Sprintf(question, test.when)
			answer, err := r.Route(t.Context(), Question{Text: question})
			require.NoError(t, err)
			shown := dated(answer)
			assert.Subset(t, shown, strings.Fields(test.has), question)
			for name := range strings.FieldsSeq(test.lacks) {
				assert.NotContains(t, shown, name, question)
			}
		}
	}
}

func TestSinceTheLastDeployment(t *testing.T) {
	f := shop().rolledOut()
	for i, at := range []time.Time{ago(time.Hour), ago(5 * time.Minute)} {
		event := resource(adapters.KindEvent, fmt.Sprintf("event-%d", i), "", "BackOff")
		event.Since, event.Attributes = at, map[string]any{"type": "Warning"}
		f.resources = append(f.resources, event)
	}
	r := New(defaultMatcher(t), f, Options{Now: func() time.Time { return noon }, Entropy: zeros{}})
	answer, err := r.Route(t.Context(), Question{Text: "what changed in checkout-api and why"})
	require.NoError(t, err)
	assert.Equal(t, StatusUnsupported, answer.Status)
	answer, err = r.Route(t.Context(), Question{Text: "has anything changed since the last deployment?"})
	require.NoError(t, err)
	assert.Len(t, answer.Changes, 2, "those of the deployment, not those before")
	assert.Contains(t, answer.Warnings, "the last deployment was checkout-api revision 8 at 2026-11-22T11:46:00Z")
	f.changed = nil
	answer, err = r.Route(t.Context(), Question{Text: "errors in the logs of checkout-api since the last deployment"})
	require.NoError(t, err)
	assert.Equal(t, StatusNoData, answer.Status)
	assert.Contains(t, answer.Summary, "no deployment on record")
}

// dated returns the names of the times of which an answer shows something.
func dated(a Answer) []string {
	var names []string
	for _, change := range a.Changes {
		names = append(names, fmt.Sprint(change.New))
	}
	for _, item := range a.Items {
		line, _ := item.Fields["line"].(string)
		names = append(names, strings.TrimPrefix(line, "error "), strings.TrimPrefix(item.Name, "event-"))
	}
	return names
}
