package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBadArgumentsAreNamedWithTheRemedy(t *testing.T) {
	long := strings.Repeat("ä", maxQuestion)
	cases := map[string]struct{ tool, arguments, says string }{
		"no question":         {"clanker_route_question", `{}`, "question is missing or empty: ask in plain words"},
		"empty question":      {"clanker_route_question", `{"question":""}`, "question is missing or empty"},
		"blank question":      {"clanker_route_question", `{"question":" \t\n"}`, "question is missing or empty"},
		"null arguments":      {"clanker_route_question", `null`, "question is missing or empty"},
		"arguments a list":    {"clanker_route_question", `["q"]`, "arguments must be an object, got a list"},
		"arguments a string":  {"clanker_route_question", `"q"`, `arguments must be an object, got the string "q"`},
		"question a number":   {"clanker_route_question", `{"question":5}`, "question must be a string of at most 2000 characters, got 5"},
		"question null":       {"clanker_route_question", `{"question":null}`, "question must be a string of at most 2000 characters, got null"},
		"question too long":   {"clanker_route_question", `{"question":"` + long + `a"}`, "question has 2001 characters, at most 2000 are read: shorten it"},
		"limit a string":      {"clanker_route_question", `{"question":"q","limit":"x"}`, `limit must be a whole number from 1 to 200, got the string "x"`},
		"limit negative":      {"clanker_route_question", `{"question":"q","limit":-1}`, "limit must be a whole number from 1 to 200, got -1; leave it out for 20"},
		"limit zero":          {"clanker_route_question", `{"question":"q","limit":0}`, "limit must be a whole number"},
		"limit too large":     {"clanker_route_question", `{"question":"q","limit":201}`, "limit must be a whole number"},
		"limit huge":          {"clanker_route_question", `{"question":"q","limit":1e300}`, "limit must be a whole number"},
		"limit a fraction":    {"clanker_route_question", `{"question":"q","limit":1.5}`, "limit must be a whole number"},
		"limit null":          {"clanker_route_question", `{"question":"q","limit":null}`, "limit must be a whole number from 1 to 200, got null"},
		"context an object":   {"clanker_route_question", `{"question":"q","context":{}}`, "context must be a string of at most 500 characters, got an object"},
		"context too long":    {"clanker_route_question", `{"question":"q","context":"` + long + `"}`, "context has 2000 characters"},
		"unknown argument":    {"clanker_route_question", `{"question":"q","zone":"a","cluster":"b"}`, `unknown argument "cluster": this tool takes question, limit, context`},
		"wrong case":          {"clanker_route_question", `{"Question":"q"}`, `unknown argument "Question"`},
		"version takes none":  {"clanker_version", `{"question":"q"}`, `unknown argument "question": this tool takes none`},
		"version with a list": {"clanker_version", `[]`, "arguments must be an object"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, _ := newServer(echo, oneConnection)
			got := call(t, s, c.tool, c.arguments)
			require.Nil(t, got.Error, "a tool's error is a result, which the model sees")
			require.Len(t, got.Result.Content, 1)
			assert.True(t, got.Result.IsError)
			assert.Contains(t, got.Result.Content[0].Text, c.says)
		})
	}
}

func TestGoodArgumentsAreAccepted(t *testing.T) {
	long := strings.Repeat("ä", maxQuestion)
	for _, arguments := range []string{`{"question":"` + long + `"}`, `{"question":"q","limit":1,"context":""}`, `{"question":"q","limit":2e2}`} {
		s, _ := newServer(echo, oneConnection)
		assert.False(t, call(t, s, "clanker_route_question", arguments).Result.IsError, arguments[:20])
	}
}
