package kubernetes

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"

	"clanker/adapters"
)

// logsOf reads logs; the fake answers the same lines for every container.
func logsOf(t *testing.T, q adapters.Query, lines []string, objects ...runtime.Object) ([]adapters.LogLine, []adapters.Source) {
	t.Helper()
	api := newFakeAPI(t, objects...)
	api.logs = lines
	found, sources, err := driverFor(t, api).Logs(t.Context(), q)
	require.NoError(t, err)
	return found, sources
}

func texts(lines []adapters.LogLine) (found []string) {
	for _, l := range lines {
		found = append(found, l.Text)
	}
	return found
}

func TestLogs(t *testing.T) {
	lines := []string{"2026-11-20T09:00:01.5Z starting", "2026-11-20T09:00:02Z ERROR no database", "no time here", "2026-11-20T09:00:04Z ready"}
	pod := running("production", "web-1", app("web"), "web:1")
	for _, c := range []struct {
		name string
		q    adapters.Query
		want []string
	}{
		{"all", adapters.Query{Name: "web-1"}, []string{"no time here", "starting", "ERROR no database", "ready"}},
		{"tail", adapters.Query{Name: "web-1", Log: adapters.LogFilter{Tail: 1}}, []string{"ready"}},
		{"grep", adapters.Query{Name: "web-1", Log: adapters.LogFilter{Grep: "DATABASE", Tail: 1}}, []string{"ERROR no database"}},
		{"errors", adapters.Query{Name: "web-1", Log: adapters.LogFilter{Errors: true}}, []string{"ERROR no database"}},
		{"since", adapters.Query{Name: "web-1", Since: start.Add(3 * time.Second)}, []string{"no time here", "ready"}},
		{"by the app label", adapters.Query{Name: "web", Log: adapters.LogFilter{Tail: 1}}, []string{"ready"}},
		{"another container", adapters.Query{Name: "web-1", Log: adapters.LogFilter{Container: "proxy"}}, nil},
		{"another namespace", adapters.Query{Name: "web-1", Scope: adapters.Scope{Namespace: "staging"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, _ := logsOf(t, c.q, lines, pod)
			assert.Equal(t, c.want, texts(found))
		})
	}
}

func TestLogsOfAService(t *testing.T) {
	front := service("production", "front")
	front.Spec.Selector = app("web")
	found, sources := logsOf(t, adapters.Query{Name: "front"}, []string{"2026-11-20T09:00:01Z hello"}, front, running("production", "web-1", app("web"), "web:1"))
	assert.Equal(t, []string{"hello"}, texts(found))
	assert.Equal(t, "kubectl logs web-1 -c app --tail 100 -n production --context prod", sources[len(sources)-1].Call)
	assert.Equal(t, "kubernetes/prod/production/pod/web-1", found[0].Resource)
}

func TestNoPreviousLog(t *testing.T) {
	found, sources := logsOf(t, adapters.Query{Name: "web-1", Log: adapters.LogFilter{Previous: true}}, nil, running("production", "web-1", nil, "web:1"))
	assert.Empty(t, found)
	problem := sources[len(sources)-1].Error
	require.NotNil(t, problem)
	assert.Equal(t, adapters.Unsupported, problem.Reason)
	assert.Equal(t, `previous terminated container "app" in pod not found`, problem.Detail)
	assert.Equal(t, "log of app in pod web-1", problem.What)
}

func TestLogsAreBounded(t *testing.T) {
	var objects []runtime.Object
	for n := range maxLogPods + 5 {
		objects = append(objects, running("production", fmt.Sprintf("web-%02d", n), app("web"), "web:1"))
	}
	objects = append(objects, crashing("production", "zz-crashing", app("web")))
	long := "2026-11-20T09:00:01Z " + strings.Repeat("x", 3*maxLogLine)
	found, sources := logsOf(t, adapters.Query{Name: "web"}, []string{long, "2026-11-20T09:00:02Z next"}, objects...)
	assert.Len(t, found, 2*maxLogPods)
	assert.Equal(t, "next", found[len(found)-1].Text)
	assert.LessOrEqual(t, len(found[0].Text), maxLogLine)
	var leftOut string
	read := false
	for _, s := range sources {
		if s.Error != nil {
			leftOut = s.Error.What
		}
		read = read || strings.Contains(s.Call, "zz-crashing")
	}
	assert.Equal(t, "logs of 6 more pods", leftOut)
	assert.True(t, read, "pods at fault come first")
}
