package kubernetes

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"clanker/adapters"
)

// What one read of logs may bring at most. What is left out is told.
const (
	maxLogPods  = 20
	maxLogBytes = 512 << 10 // of each container
	maxLogLine  = 4 << 10
	defaultTail = 100
	searchTail  = 5000 // lines looked through when only some are kept
)

var podLog = target{path: core, resource: "pods/log", namespaced: true}

// Logs implements [adapters.Logger]: of the pod of that name, or of all pods of the workload, service or job of that name;
// all containers, init containers too.
func (d *Driver) Logs(ctx context.Context, q adapters.Query) ([]adapters.LogLine, []adapters.Source, error) {
	lines, sources, err := fanOut(ctx, d, q, (*session).logs)
	slices.SortStableFunc(lines, func(a, b adapters.LogLine) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Container, b.Container))
	})
	return lines, sources, err
}

func (s *session) logs(ctx context.Context) []adapters.LogLine {
	if !s.reach(ctx) {
		return nil
	}
	s.query.Kinds = nil // whatever kind was asked by, it is pods that write
	s.logging = true
	s.readAll(ctx, sources(pods, services))
	chosen := s.writers()
	if len(chosen) > maxLogPods {
		s.leaveOut(len(chosen) - maxLogPods)
		chosen = chosen[:maxLogPods]
	}
	type stream struct {
		pod       *pod
		container string
	}
	var streams []stream
	for _, p := range chosen {
		for _, name := range containersWritten(p) {
			if s.query.Log.Container == "" || s.query.Log.Container == name {
				streams = append(streams, stream{p, name})
			}
		}
	}
	read := make([][]adapters.LogLine, len(streams))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, from := range streams {
		group.Go(func() error {
			read[i] = s.containerLog(ctx, from.pod, from.container)
			return nil
		})
	}
	_ = group.Wait() // each stream tells its own failure
	return slices.Concat(read...)
}

// writers are the pods whose logs were asked for, those at fault first.
func (s *session) writers() []*pod {
	behind := s.selectedPods(s.query.Name)
	var chosen []*pod
	for i := range s.estate.pods {
		p := &s.estate.pods[i]
		if s.query.Matches(p.Resource) || behind[p.ID] {
			chosen = append(chosen, p)
		}
	}
	severity := func(p *pod) int { return slices.Index(adapters.Healths(), p.Health) }
	slices.SortStableFunc(chosen, func(a, b *pod) int { return cmp.Or(severity(a)-severity(b), cmp.Compare(a.ID, b.ID)) })
	return chosen
}

// selectedPods are the pods behind the services of that name, by ID.
func (s *session) selectedPods(name string) map[string]bool {
	found := map[string]bool{}
	index := s.selectables()
	for i := range s.estate.services {
		service := &s.estate.services[i]
		if name == "" || !strings.EqualFold(service.Name, name) {
			continue
		}
		for _, p := range index.of(service).pods {
			found[p.ID] = s.query.Scope.Environment == "" || p.Scope.Environment == s.query.Scope.Environment
		}
	}
	return found
}

// containersWritten are the containers of a pod that can have written something.
func containersWritten(p *pod) []string {
	names, _ := p.Attributes["containers"].([]string)
	return names
}

// containerLog reads one container's log. That it has not started, or never crashed, is the evidence's to tell.
func (s *session) containerLog(ctx context.Context, p *pod, container string) []adapters.LogLine {
	start := s.now()
	t := podLog
	t.tool = s.logTool(p.Name, container)
	var lines []adapters.LogLine
	err := s.call(ctx, func(client *rest.RESTClient) error {
		request := client.Get().AbsPath(core, "namespaces", p.Scope.Namespace, "pods", p.Name, "log")
		for key, value := range s.logParameters(container) {
			request.Param(key, value)
		}
		stream, err := request.Stream(ctx)
		if err != nil {
			return err
		}
		defer stream.Close() //nolint:errcheck // it was only read
		lines, err = s.keepLines(stream, p.ID, container)
		return err
	})
	s.recordLog(t, p, container, start, len(lines), err)
	return lines
}

func (s *session) recordLog(t target, p *pod, container string, start time.Time, count int, err error) {
	source := adapters.Source{
		Provider: Provider, Call: s.spell(t, p.Scope.Namespace), At: start.UTC(), Took: s.now().Sub(start), Count: count,
		Scope: adapters.Scope{Cluster: s.cluster.name, Namespace: p.Scope.Namespace},
	}
	if err != nil {
		source.Error = s.explain(t, p.Scope.Namespace, err)
		source.Error.What = fmt.Sprintf("log of %s in pod %s", container, p.Name)
		if source.Error.Reason == adapters.Internal { // a bad request: the container is waiting, or has no previous run
			source.Error.Reason = adapters.Unsupported
		}
	}
	s.add(source, t)
}

func (s *session) logTool(pod, container string) string {
	tool := "logs " + shellQuote(pod) + " -c " + shellQuote(container) + " --tail " + strconv.Itoa(s.tail())
	if s.query.Log.Previous {
		tool += " --previous"
	}
	if !s.query.Since.IsZero() {
		tool += " --since-time " + s.query.Since.UTC().Format(time.RFC3339)
	}
	return tool
}

func (s *session) logParameters(container string) map[string]string {
	parameters := map[string]string{
		"container": container, "timestamps": "true", "limitBytes": strconv.Itoa(maxLogBytes), "tailLines": strconv.Itoa(s.tail()),
	}
	if s.query.Log.Previous {
		parameters["previous"] = "true"
	}
	if !s.query.Since.IsZero() {
		parameters["sinceTime"] = s.query.Since.UTC().Format(time.RFC3339)
	}
	return parameters
}

// wanted is how many lines of each container are returned; tail how many are looked at to find them.
func (s *session) wanted() int { return cmp.Or(max(s.query.Log.Tail, 0), defaultTail) }

func (s *session) tail() int {
	if s.query.Log.Grep != "" || s.query.Log.Errors {
		return max(searchTail, s.wanted())
	}
	return s.wanted()
}

// keepLines returns the last lines that were asked for.
func (s *session) keepLines(stream io.Reader, pod, container string) ([]adapters.LogLine, error) {
	var lines []adapters.LogLine
	reader := bufio.NewReaderSize(io.LimitReader(stream, maxLogBytes), maxLogLine)
	for {
		text, more, err := reader.ReadLine()
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return lines, err
		}
		line := parseLine(string(text), pod, container)
		for more && err == nil { // the rest of a line that is too long
			_, more, err = reader.ReadLine()
		}
		if s.query.Log.Keeps(line.Text) {
			lines = append(lines, line)
		}
		if len(lines) > s.wanted() {
			lines = lines[1:]
		}
	}
}

// parseLine splits off the time that the kubelet put in front.
func parseLine(text, pod, container string) adapters.LogLine {
	line := adapters.LogLine{Resource: pod, Container: container, Text: text}
	if stamp, rest, ok := strings.Cut(text, " "); ok {
		if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			line.At, line.Text = at.UTC(), rest
		}
	}
	return line
}

// leaveOut tells that not all pods' logs were read.
func (s *session) leaveOut(count int) {
	s.add(adapters.Source{
		Provider: Provider, Call: "kubectl logs --context " + shellQuote(s.cluster.name), At: s.at.UTC(), Took: 1,
		Scope: adapters.Scope{Cluster: s.cluster.name, Namespace: s.query.Scope.Namespace},
		Error: &adapters.SourceError{
			Reason: adapters.Unsupported, What: "logs of " + adapters.Count(count, "more pod"),
			Detail: fmt.Sprintf("the logs of at most %d pods are read at once, those at fault first", maxLogPods),
			Fix:    "ask for the logs of one pod or workload by name, or of one namespace",
		},
	}, podLog)
}
