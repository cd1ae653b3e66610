package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
)

const small = `places:
  here: {provider: kubernetes, cluster: c, namespace: n}
calls:
  kubernetes: {deployment: kubectl get deployments, pod: kubectl get pods}
connections:
  - {in: here, name: c}
resources:
  - {in: here, kind: deployment, name: web, replicas: 1, image: "web:1"}
events:
  - {at: -1h, resource: here/deployment/web, set: {image: "web:2"}}
logs:
  - {resource: here/deployment/web, container: app, from: -1m, text: up}
`

func TestMistakesInAStoryAreNamed(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "name: web,", "title: web,", `story.yaml:8:34: unknown field "title"`},
		{"wrong type", "replicas: 1", "replicas: many", "story.yaml:8:55: cannot unmarshal"},
		{"no YAML", "places:", "places: [", "story.yaml:"},
		{"a tag that makes the library panic", "  - {in: here, name: c}", "  !0", "story.yaml: this YAML cannot be read"},
		{"no such place", "{in: here, kind", "{in: there, kind", "resource there/deployment/web: its place or the call that lists it is missing"},
		{"no call for the kind", "deployment: kubectl get deployments, ", "", "add it to places or calls"},
		{"twice", "events:", "  - {in: here, kind: deployment, name: web}\nevents:", "is there twice"},
		{"event of nothing", "resource: here/deployment/web, set", "resource: here/deployment/wbe, set", "an event refers to here/deployment/wbe"},
		{"log of nothing", "resource: here/deployment/web, container", "resource: web, container", "a log line refers to web"},
		{"relation to nothing", `image: "web:1"`, `relations: {uses: [cache/x]}`, "here/deployment/web refers to here/cache/x"},
		{"connection to nowhere", "{in: here, name: c}", "{in: nowhere, name: c}", `connection c: no place "nowhere"`},
		{"events out of order", "logs:", "  - {at: -2h, resource: here/deployment/web}\nlogs:", "sort the events"},
		{"too many replicas", "replicas: 1", "replicas: 1000000", "from 0 to 1000"},
		{"use without a request", "replicas: 1", "replicas: 1, cpu: {usage: 1}", "request above zero"},
		{"attribute of no known type", "replicas: 1", "attributes: {a: {b: c}}", "attribute a"},
		{"event that tells no change", `set: {image: "web:2"}`, "tells: [{field: data, before: a, after: a}]", `it tells of "data"`},
		{"event that tells of nothing", `set: {image: "web:2"}`, "tells: [{after: a}]", `it tells of ""`},
		{"event that tells no text", `set: {image: "web:2"}`, "tells: [{field: data, after: [a]}]", "is not a text"},
		{"event that sets no known type", `set: {image: "web:2"}`, "set: {attributes: {a: {b: c}}}", "event of here/deployment/web at -1h0m0s: attribute a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, small, c.old)
			_, err := open(time.Now, "story.yaml", strings.Replace(small, c.old, c.new, 1))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestASmallStory(t *testing.T) {
	d, err := open(func() time.Time { return start }, "small.yaml", small)
	require.NoError(t, err)
	found, _, err := d.List(t.Context(), adapters.Query{})
	require.NoError(t, err)
	require.Len(t, found, 2)
	assert.Equal(t, "web:2", found[0].Attributes["image"], "the event has happened")
}

func FuzzLoad(f *testing.F) {
	f.Add(small)
	f.Add(storyYAML)
	f.Add("resources: [{in: a, kind: b, name: c, replicas: -1}]")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := open(func() time.Time { return start }, "story.yaml", text)
		if err != nil {
			assert.ErrorContains(t, err, "story.yaml")
			return
		}
		for _, read := range []func(){
			func() { _, _, err = d.List(t.Context(), adapters.Query{}) },
			func() { _, _, err = d.Changes(t.Context(), adapters.Query{}) },
			func() { _, _, err = d.Logs(t.Context(), adapters.Query{}) },
		} {
			read()
			assert.NoError(t, err)
		}
	})
}
