package models

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
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

// overloaded reports whether the same request may well succeed a little later.
func overloaded(e *adapters.SourceError) bool {
	var s status
	return errors.As(e.Err, &s) && e.Reason != adapters.LimitReached && (s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable || s == statusOverloaded)
}

// How the vendors say what a status alone does not.
var (
	saysOverflow = regexp.MustCompile(`(?i)context[_ -]?(length|window|size|limit)|prompt is too long|maximum context|too many tokens|input token count|exceeds? the (maximum number of tokens|available context)|token limit`)
	saysNoMoney  = regexp.MustCompile(`(?i)insufficient[_ ]quota|exceeded your current quota|credit balance|credits are depleted|billing`)
	saysQuota    = regexp.MustCompile(`(?i)exceeded your current quota`)
	saysBadKey   = regexp.MustCompile(`(?i)api[_ ]?key (not valid|expired|not found)|api_key_invalid|invalid (x-)?api[_ -]?(key|token)`)
	saysRefused  = regexp.MustCompile(`(?i)content[_ ]?(filter|policy)|usage policy|invalid_prompt|responsible ?ai|safety (system|polic)`)
	saysNoModel  = regexp.MustCompile(`(?i)model[_ ]not[_ ]found|model .{0,120}(not found|does not exist|not exist)|does not support (tools|function)|not a chat model|unknown model`)
	retryDelay   = regexp.MustCompile(`"retryDelay"\s*:\s*"([0-9.]+)s"`)
)

// failure is what an answer that is none means, and what to do about it.
func (t *transport) failure(code int, header http.Header, body []byte) *adapters.SourceError {
	words := t.at.scrub(message(body))
	e := &adapters.SourceError{Detail: strings.TrimSuffix(fmt.Sprintf("%s answered with HTTP status %d: %s", t.at.vendor.name, code, excerpt(words)), ": "), Err: status(code)}
	e.Reason, e.Fix = t.reason(code, words)
	switch {
	case e.Reason == adapters.Unsupported && (code == http.StatusRequestEntityTooLarge || saysOverflow.MatchString(words)):
		e.Err = errOverflow
	case e.Reason == adapters.PermissionDenied:
		e.Permission = "use " + t.model
	case overloaded(e):
		if e.RetryAfter = retryAfter(header, body, t.now()); e.RetryAfter > 0 {
			e.Fix = fmt.Sprintf("ask again in %s, or choose another model", max(e.RetryAfter.Round(time.Second), time.Second))
		}
	}
	return e
}

// reason says what a status means with these words of the vendor. Google speaks of plans and billing whenever it is asked too often.
func (t *transport) reason(code int, words string) (adapters.Reason, string) {
	name, again := t.at.vendor.name, "ask again in a while, or choose another model"
	key := cmp.Or(t.at.from, "models."+name+".key")
	switch refused := code >= 400 && code < 500; {
	case saysNoMoney.MatchString(words) && refused && (name != google || !saysQuota.MatchString(words)) || code == http.StatusPaymentRequired:
		return adapters.LimitReached, fmt.Sprintf("add credit, or raise the limit, of your account at %s, or choose another model", name)
	case code == http.StatusUnauthorized || saysBadKey.MatchString(words) && refused:
		return adapters.ExpiredCredentials, fmt.Sprintf("put a valid key into %s", key)
	case code == http.StatusTooManyRequests || code == int(statusOverloaded):
		return adapters.RateLimited, again
	case code == http.StatusRequestEntityTooLarge || saysOverflow.MatchString(words) && refused:
		return adapters.Unsupported, "ask for less at once, or choose a model with a larger context"
	case code == http.StatusForbidden:
		return adapters.PermissionDenied, fmt.Sprintf("let the key in %s use %s, or choose another model: %s", key, t.model, fixList)
	case saysRefused.MatchString(words) && refused:
		return adapters.Refused, "ask in other words, or choose another model"
	case code == http.StatusNotFound || saysNoModel.MatchString(words) && refused:
		return adapters.Unsupported, t.fixModel()
	case code == http.StatusRequestTimeout || code == http.StatusGatewayTimeout:
		return adapters.TimedOut, again
	case code >= 500:
		return adapters.Unreachable, again
	case code < 400:
		return adapters.Unreachable, fmt.Sprintf("set models.%s.url to the URL of the API itself", name)
	default:
		return adapters.Internal, "choose another model: " + fixList
	}
}

func (t *transport) fixModel() string {
	if t.at.vendor.name == ollama {
		return fmt.Sprintf("ollama pull %s, or choose one of those that are there: %s", t.model, fixList)
	}
	return fixList
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

func excerpt(words string) string {
	words = strings.TrimSpace(router.Printable(words))
	if len(words) > mostWords {
		words = strings.ToValidUTF8(words[:mostWords], "") + "..."
	}
	return words
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
