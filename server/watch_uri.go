package server

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// watchURI is what the URI of a watched question begins with; the question follows, percent-encoded.
const watchURI = "clanker://watch/"

// usualInterval is how often a watched question is asked when the URI does not say.
const usualInterval = 30 * time.Minute

// watched is a question that is asked every so often. Equal ones are asked once.
type watched struct {
	question string
	every    time.Duration
}

// strictly is what a template's variable may expand to: mcp-go finds the resource only when nothing else stands there.
var strictly = regexp.MustCompile(`^(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*$`)

// parseWatched reads the URI of a watched question. The error says how to write it.
func parseWatched(uri string) (watched, error) {
	rest, _ := strings.CutPrefix(uri, watchURI)
	escaped, query, _ := strings.Cut(rest, "?")
	question, err := url.PathUnescape(escaped)
	question = strings.Join(strings.Fields(question), " ")
	switch {
	case err != nil || !utf8.ValidString(question):
		return watched{}, fmt.Errorf("%.120q is not percent-encoded UTF-8: write it as %s", uri, watchURI+"Are%20all%20services%20healthy%3F")
	case question == "":
		return watched{}, fmt.Errorf("%.120q has no question: write it as %s", uri, watchURI+"Are%20all%20services%20healthy%3F")
	case utf8.RuneCountInString(question) > maxQuestion:
		return watched{}, fmt.Errorf("the question has %d characters, at most %d are read: shorten it", utf8.RuneCountInString(question), maxQuestion)
	case !strictly.MatchString(escaped):
		return watched{}, fmt.Errorf("percent-encode all of the question but letters, digits and -._~: %s", (watched{question, usualInterval}).uri())
	}
	every, err := parseInterval(query)
	return watched{question, every}, err
}

// parseInterval reads the query of the URI.
func parseInterval(query string) (time.Duration, error) {
	name, text, _ := strings.Cut(query, "=")
	if query == "" {
		return usualInterval, nil
	}
	every, err := time.ParseDuration(text)
	if name != "every" || err != nil || every <= 0 {
		return 0, fmt.Errorf("%.60q is nothing that a watched question takes: write ?every=30m, or nothing", "?"+query)
	}
	return every, nil
}

// uri is how the question is spelled as a resource.
func (w watched) uri() string {
	uri := watchURI + strings.ReplaceAll(url.QueryEscape(w.question), "+", "%20")
	if cmp.Or(w.every, usualInterval) != usualInterval {
		uri += "?every=" + w.every.String()
	}
	return uri
}
