package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"clanker/adapters"
	"clanker/router"
)

// The resources: what is connected, now; an answer that was given lately, as it was given; and a question, answered whenever
// it is read, which those who subscribe to it are told of when its answer changes (see [watches]).
const (
	providersURI = "clanker://providers"
	answersURI   = "clanker://answers/"
)

const jsonType = "application/json"

// addResources lists the resources.
func (s *Server) addResources() {
	s.uris = []string{providersURI, answersURI, watchURI}
	s.mcp.AddResource(mcp.NewResource(providersURI, "providers",
		mcp.WithResourceDescription("What the workspace is connected to, as whom, and how to fix what is not: read live."),
		mcp.WithMIMEType(jsonType)), s.readProviders)
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(answersURI+"{id}", "answer",
		mcp.WithTemplateDescription("A recent answer of clanker_route_question by its answerId, as it was observed then."),
		mcp.WithTemplateMIMEType(jsonType)), s.readAnswer)
	s.mcp.AddResourceTemplate(mcp.NewResourceTemplate(watchURI+"{question}{?every}", "watch",
		mcp.WithTemplateDescription("The live answer to a question, with what changed since you last read it. Subscribe to be told when it changes: "+
			"it is asked every 30m, or ?every=1m at most, while somebody is subscribed."),
		mcp.WithTemplateMIMEType(jsonType)), s.readWatched)
}

func (s *Server) readProviders(ctx context.Context, _ mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	return document(providersURI, struct {
		Connections []adapters.Connection `json:"connections"`
	}{s.connections(ctx)})
}

// readAnswer reads an answer that [Server.admit] has seen to be there; it may have been forgotten since.
func (s *Server) readAnswer(_ context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	answer, ok := s.router.Recent(strings.TrimPrefix(request.Params.URI, answersURI))
	if !ok {
		return nil, fmt.Errorf("%s", forgotten(request.Params.URI))
	}
	return document(request.Params.URI, answer)
}

// readWatched answers a question. A client that watches it learns what changed since it last read the resource or, before
// that, subscribed; any other what changed since its last look.
func (s *Server) readWatched(ctx context.Context, request mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	of, err := parseWatched(request.Params.URI)
	if err != nil {
		return nil, err
	}
	client := requestOf(ctx).client
	answer, err := s.router.Route(ctx, router.Question{Text: of.question, Asker: asker(ctx), Since: s.watches.since(client, of.question)})
	if err != nil {
		return nil, fmt.Errorf("answer the question: %w", err)
	}
	s.watches.read(client, of.question, answer)
	return document(request.Params.URI, answer)
}

// missing says what is wrong with the URI of a resource; empty when it can be read.
func (s *Server) missing(uri string) string {
	if id, ok := strings.CutPrefix(uri, answersURI); ok {
		if _, known := s.router.Recent(id); !known {
			return forgotten(uri)
		}
	}
	if strings.HasPrefix(uri, watchURI) {
		if _, err := parseWatched(uri); err != nil {
			return err.Error()
		}
	}
	for _, known := range s.uris {
		if uri == known || strings.HasSuffix(known, "/") && strings.HasPrefix(uri, known) {
			return ""
		}
	}
	return fmt.Sprintf("unknown resource %.120q: resources/list and resources/templates/list say which there are", uri)
}

func forgotten(uri string) string {
	return fmt.Sprintf("no answer is known as %.120q: answers are kept for a while only, ask clanker_route_question again", uri)
}

func document(uri string, value any) ([]mcp.ResourceContents, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", uri, err)
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: uri, MIMEType: jsonType, Text: string(text)}}, nil
}
