package models

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/router"
)

// status is the HTTP status that a failure came with.
type status int

func (s status) Error() string { return fmt.Sprintf("HTTP status %d", int(s)) }

const statusOverloaded status = 529 // Anthropic's

// errOverflow is the cause of the failure of a request that is longer than the model can take.
var errOverflow = errors.New("longer than the model can take")

// IsOverflow reports whether a model failed because it was told more than it can take.
func IsOverflow(err error) bool { return errors.Is(err, errOverflow) }

// IsTurnedAway reports whether a model's server would not begin with a request, which nobody is charged for.
func IsTurnedAway(err error) bool {
	code, ok := errors.AsType[status](err)
	return ok && (code >= 400 && code < 500 && code != http.StatusRequestTimeout || code == http.StatusServiceUnavailable || code == statusOverloaded)
}

// overloaded reports whether the same request may well succeed a little later.
func overloaded(e *adapters.SourceError) bool {
	var s status
	return errors.As(e.Err, &s) && e.Reason != adapters.LimitReached && (s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable || s == statusOverloaded)
}

// How the vendors say what a status alone does not. Google speaks of plans whenever it is asked too often, and OpenAI of its page for
// billing to small accounts.
var (
	saysOverflow = regexp.MustCompile(`(?i)context[_ -]?(length|window|size|limit)|prompt is too long|maximum context|too many tokens|input token count|exceeds? the (maximum number of tokens|available context)|token limit`)
	saysNoMoney  = regexp.MustCompile(`(?i)insufficient[_ ]quota|exceeded your current quota|credit balance|billing[_ ](hard[_ ]limit|not[_ ]active)`)
	saysNoCredit = regexp.MustCompile(`(?i)credits are depleted`)
	saysBadKey   = regexp.MustCompile(`(?i)api[_ ]?key (not valid|expired|not found)|api_key_invalid|invalid (x-)?api[_ -]?(key|token)`)
	saysRefused  = regexp.MustCompile(`(?i)content[_ ]?(filter|policy)|usage policy|invalid_prompt|responsible ?ai|safety (system|polic)`)
	saysNoModel  = regexp.MustCompile(`(?i)model[_ ]not[_ ]found|model .{0,120}(not found|does not exist|not exist)|not a chat model|unknown model`)
	saysNoTools  = regexp.MustCompile(`(?i)does not support (tools|function)`)
	retryDelay   = regexp.MustCompile(`"retryDelay"\s*:\s*"([0-9.]+)s"`)
)

// meaning is what a failure means that has one of the statuses, or is the client's fault and says so.
type meaning struct {
	reason   adapters.Reason
	fix      string
	overflow bool
	says     *regexp.Regexp
	statuses []int
}

func (m meaning) of(code int, words string) bool {
	return slices.Contains(m.statuses, code) || m.says != nil && code >= 400 && code < 500 && m.says.MatchString(words)
}

// meanings are those that there are; the first that fits counts.
func (t *transport) meanings() []meaning {
	reason, fix := t.at.rejected()
	name, key, again := t.at.vendor.Name, cmp.Or(t.at.from, "models."+t.at.vendor.Name+".key"), "ask again in a while, or choose another model"
	broke := saysNoMoney
	if name == google {
		broke = saysNoCredit
	}
	return []meaning{
		{adapters.LimitReached, fmt.Sprintf("add credit, or raise the limit, of your account at %s, or choose another model", name), false, broke, []int{402}},
		{reason, fix, false, saysBadKey, []int{401}},
		{adapters.RateLimited, again, false, nil, []int{429, int(statusOverloaded)}},
		{adapters.Unsupported, FixContext(name + "/" + t.model), true, saysOverflow, []int{413}},
		{adapters.PermissionDenied, t.at.vendor.keyed(fmt.Sprintf("let the key in %s use %s, or choose another model: %s", key, t.model, fixList)), false, nil, []int{403}},
		{adapters.Refused, "ask in other words, or choose another model", false, saysRefused, nil},
		{adapters.Unsupported, "choose a model that calls tools; clanker models test tells whether one does", false, saysNoTools, nil},
		{adapters.Unsupported, t.fixModel(), false, saysNoModel, []int{404}},
		{adapters.TimedOut, again, false, nil, []int{408, 504}},
	}
}

// meaning is that of a failure with these words of the vendor.
func (t *transport) meaning(code int, words string) meaning {
	all := t.meanings()
	if i := slices.IndexFunc(all, func(m meaning) bool { return m.of(code, words) }); i >= 0 {
		return all[i]
	}
	switch {
	case code >= 500:
		return meaning{reason: adapters.Unreachable, fix: "ask again in a while, or choose another model"}
	case code < 400:
		return meaning{reason: adapters.Unreachable, fix: fmt.Sprintf("set %s to the URL of the API itself", cmp.Or(t.at.where, "models."+t.at.vendor.Name+".url"))}
	default:
		return meaning{reason: adapters.Internal, fix: "choose another model: " + fixList}
	}
}

// failure is what an answer that is none means, and what to do about it.
func (t *transport) failure(code int, header http.Header, body []byte) *adapters.SourceError {
	words := message(body)
	means := t.meaning(code, words)
	e := &adapters.SourceError{Reason: means.reason, Fix: means.fix, Err: status(code),
		Detail: strings.TrimSuffix(fmt.Sprintf("%s answered with HTTP status %d: %s", t.at.vendor.Name, code, excerpt(words, t.at.scrub)), ": ")}
	switch {
	case means.overflow:
		e.Err = errOverflow
	case means.reason == adapters.PermissionDenied:
		e.Permission = "use " + t.model
	case overloaded(e):
		if e.RetryAfter = retryAfter(header, body, t.now()); e.RetryAfter > 0 {
			e.Fix = fmt.Sprintf("ask again in %s, or choose another model", max(e.RetryAfter.Round(time.Second), time.Second))
		}
	}
	return e
}

// fixModel is what to do where there is no such model, or nothing at the path that it is asked at.
func (t *transport) fixModel() string {
	switch {
	case t.model == itsModels:
		return t.at.fix()
	case t.at.vendor.Name == ollama:
		return fmt.Sprintf("ollama pull %s, or choose one of those that are there: %s", t.model, fixList)
	case t.at.where != "":
		return fmt.Sprintf("choose one of those that are there: %s; or check the URL in %s", fixList, t.at.where)
	}
	return "choose one of those that are there: " + fixList
}

// message is what a vendor says in the body of a failure.
func message(body []byte) string {
	type said struct {
		Message string          `json:"message"`
		Error   json.RawMessage `json:"error"`
		Code    any             `json:"code"`
		Type    string          `json:"type"`
	}
	var many []json.RawMessage
	if json.Unmarshal(body, &many) == nil && len(many) > 0 { // Gemini's compatible endpoint has a list of one
		body = many[0]
	}
	var outer, inner said
	var text string
	switch {
	case json.Unmarshal(body, &outer) != nil:
		if strings.HasPrefix(strings.TrimSpace(string(body)), "<") {
			return "" // a page for people
		}
		return string(body)
	case json.Unmarshal(outer.Error, &text) == nil:
		return text
	case json.Unmarshal(outer.Error, &inner) != nil:
		inner = outer
	}
	if code, ok := inner.Code.(string); ok && !strings.Contains(inner.Message, code) {
		return strings.TrimSpace(fmt.Sprintf("%s (%s)", inner.Message, code))
	}
	return cmp.Or(inner.Message, inner.Type)
}

const mostWords = 300 // bytes of what a vendor says that are shown

// excerpt is what is shown of it, on one line. A secret may be one only there: with something between that cannot be seen.
func excerpt(words string, scrub func(string) string) string {
	return router.Clipped(scrub(router.Printable(words)), mostWords)
}

// retryAfter is how long a vendor says to wait; 0 if it does not.
func retryAfter(header http.Header, body []byte, now time.Time) time.Duration {
	said := strings.TrimSpace(header.Get("Retry-After"))
	if at, err := http.ParseTime(said); err == nil {
		return min(max(at.Sub(now), 0), mostRetry)
	}
	unit := time.Second
	if ms := header.Get("Retry-After-Ms"); ms != "" {
		said, unit = ms, time.Millisecond
	} else if match := retryDelay.FindSubmatch(body); said == "" && match != nil {
		said = string(match[1])
	}
	n, err := strconv.ParseFloat(said, 64)
	if err != nil || !(n > 0) {
		return 0
	}
	return time.Duration(min(n*float64(unit), float64(mostRetry)))
}

const mostRetry = 24 * time.Hour
