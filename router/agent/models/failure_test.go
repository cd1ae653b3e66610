package models

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"clanker/adapters"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func carrier(provider string) *transport {
	v, err := vendorOf(provider)
	if err != nil {
		panic(err)
	}
	return &transport{at: endpoint{vendor: v, base: &url.URL{Scheme: "https", Host: "example.com"}, key: planted, from: "THE_KEY"}, model: "some-model", now: func() time.Time { return noon }}
}

// What vendors were seen to say, by their documentation and in public threads.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		provider string
		code     int
		header   http.Header
		body     string
		reason   adapters.Reason
		fix      string
		overflow bool
		again    bool
		after    time.Duration
	}{
		{provider: "openai", code: 401, body: `{"error":{"message":"Incorrect API key provided: ` + planted + `.","type":"invalid_request_error","code":"invalid_api_key"}}`, reason: adapters.ExpiredCredentials, fix: "THE_KEY"},
		{provider: "anthropic", code: 401, body: `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`, reason: adapters.ExpiredCredentials, fix: "THE_KEY"},
		{provider: "google", code: 400, body: `[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]`, reason: adapters.ExpiredCredentials, fix: "THE_KEY"},
		{provider: "cohere", code: 401, body: `{"message":"invalid api token"}`, reason: adapters.ExpiredCredentials, fix: "THE_KEY"},
		{provider: "anthropic", code: 403, body: `{"error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."}}`, reason: adapters.PermissionDenied, fix: "some-model"},
		{provider: "ollama", code: 401, body: `{"error":"unauthorized"}`, reason: adapters.ExpiredCredentials, fix: "as models.openai.url, with models.openai.key"},
		{provider: "ollama", code: 403, reason: adapters.PermissionDenied, fix: "as models.openai.url, with models.openai.key"},
		{provider: "openai", code: 404, body: `{"error":{"message":"The model 'gpt-9' does not exist or you do not have access to it.","code":"model_not_found"}}`, reason: adapters.Unsupported, fix: "clanker models list"},
		{provider: "anthropic", code: 404, body: `{"error":{"type":"not_found_error","message":"model: claude-9"}}`, reason: adapters.Unsupported, fix: "clanker models list"},
		{provider: "ollama", code: 404, body: `{"error":{"message":"model \"gemma9\" not found, try pulling it first","type":"api_error"}}`, reason: adapters.Unsupported, fix: "ollama pull some-model"},
		{provider: "ollama", code: 400, body: `{"error":{"message":"registry.ollama.ai/library/gemma:latest does not support tools"}}`, reason: adapters.Unsupported, fix: "choose a model that calls tools"},
		{provider: "openai", code: 400, body: `{"error":{"message":"This model's maximum context length is 128000 tokens.","code":"context_length_exceeded"}}`, reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "anthropic", code: 400, body: `{"error":{"type":"invalid_request_error","message":"prompt is too long: 200251 tokens > 200000 maximum"}}`, reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "anthropic", code: 400, body: "{\"error\":{\"type\":\"invalid_request_error\",\"message\":\"input length and `max_tokens` exceed context limit: 199000 + 20000 > 200000\"}}", reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "anthropic", code: 413, body: `{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}`, reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "google", code: 400, body: `{"error":{"code":400,"message":"The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}`, reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "cohere", code: 400, body: `{"message":"too many tokens: size limit exceeded by 11326 tokens."}`, reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "ollama", code: 400, body: `{"error":{"message":"the request exceeds the available context size"}}`, reason: adapters.Unsupported, fix: "larger context", overflow: true},
		{provider: "openai", code: 429, header: http.Header{"Retry-After": {"20"}}, body: `{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}`, reason: adapters.RateLimited, fix: "ask again in 20s", again: true, after: 20 * time.Second},
		{provider: "openai", code: 429, header: http.Header{"Retry-After": {"20"}}, body: `{"error":{"message":"Rate limit reached for gpt-5.4 in organization org-x on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.","type":"requests","code":"rate_limit_exceeded"}}`, reason: adapters.RateLimited, fix: "ask again in 20s", again: true, after: 20 * time.Second},
		{provider: "openai", code: 429, body: `{"error":{"message":"Your account is not active, please check your billing details on our website.","type":"billing_not_active","code":"billing_not_active"}}`, reason: adapters.LimitReached, fix: "add credit"},
		{provider: "openai", code: 400, body: `{"error":{"message":"Billing hard limit has been reached","code":"billing_hard_limit_reached"}}`, reason: adapters.LimitReached, fix: "add credit"},
		{provider: "openai", code: 429, header: http.Header{"Retry-After-Ms": {"250"}, "Retry-After": {"1"}}, reason: adapters.RateLimited, fix: "ask again in 1s", again: true, after: 250 * time.Millisecond},
		{provider: "anthropic", code: 429, header: http.Header{"Retry-After": {noon.Add(90 * time.Second).Format(http.TimeFormat)}}, body: `{"error":{"type":"rate_limit_error","message":"This request would exceed your rate limit"}}`, reason: adapters.RateLimited, fix: "ask again in 1m30s", again: true, after: 90 * time.Second},
		{provider: "google", code: 429, body: `{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}`, reason: adapters.RateLimited, fix: "ask again in", again: true, after: 34500 * time.Millisecond},
		{provider: "openai", code: 429, body: `{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","code":"insufficient_quota"}}`, reason: adapters.LimitReached, fix: "add credit"},
		{provider: "anthropic", code: 400, body: `{"error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}`, reason: adapters.LimitReached, fix: "add credit"},
		{provider: "google", code: 429, body: `{"error":{"code":429,"message":"Your prepayment credits are depleted.","status":"RESOURCE_EXHAUSTED"}}`, reason: adapters.LimitReached, fix: "add credit"},
		{provider: "anthropic", code: 402, body: `{}`, reason: adapters.LimitReached, fix: "add credit"},
		{provider: "anthropic", code: 529, body: `{"error":{"type":"overloaded_error","message":"Overloaded"}}`, reason: adapters.RateLimited, fix: "ask again", again: true},
		{provider: "google", code: 503, body: `{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}`, reason: adapters.Unreachable, fix: "ask again", again: true},
		{provider: "openai", code: 500, body: `oh no`, reason: adapters.Unreachable, fix: "ask again"},
		{provider: "openai", code: 504, body: `<html>`, reason: adapters.TimedOut, fix: "ask again"},
		{provider: "openai", code: 400, body: `{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.","code":"invalid_prompt"}}`, reason: adapters.Refused, fix: "other words"},
		{provider: "openai", code: 400, body: `{"error":{"message":"Unknown parameter: 'x'."}}`, reason: adapters.Internal, fix: "clanker models list"},
		{provider: "openai", code: 302, reason: adapters.Unreachable, fix: "models.openai.url"},
	} {
		t.Run(fmt.Sprint(c.provider, c.code, c.reason), func(t *testing.T) {
			e := carrier(c.provider).failure(c.code, c.header, []byte(c.body))
			assert.Equal(t, c.reason, e.Reason, e)
			assert.Contains(t, e.Fix, c.fix)
			assert.Equal(t, c.overflow, IsOverflow(e))
			assert.Equal(t, c.again, overloaded(e))
			assert.Equal(t, c.after, e.RetryAfter)
			assert.Contains(t, e.Detail, fmt.Sprint(c.code))
			assert.NotContains(t, e.Detail, planted)
			assert.NotContains(t, e.Detail, "<")
			assert.NotContains(t, e.Fix, "models.ollama.key", "there is no such setting")
		})
	}
}

// What people set is what they are told to look at.
func TestFailuresNameTheURLThatWasSet(t *testing.T) {
	for where, fixes := range map[string][]string{
		"":                  {"choose one of those that are there: clanker models list", "check that example.com can be reached from here", "check that example.com can be reached from here"},
		"OPENAI_BASE_URL":   {"choose one of those that are there: clanker models list; or check the URL in OPENAI_BASE_URL", "check that example.com answers, and the URL in OPENAI_BASE_URL", "check that example.com answers, and the URL in OPENAI_BASE_URL"},
		"models.openai.url": {"choose one of those that are there: clanker models list; or check the URL in models.openai.url", "check that example.com answers, and the URL in models.openai.url", "check that example.com answers, and the URL in models.openai.url"},
	} {
		of := carrier("openai")
		of.at.where = where
		list := carrier("openai")
		list.at.where, list.model = where, itsModels
		page := []byte("404 page not found")
		assert.Equal(t, fixes, []string{of.failure(404, nil, page).Fix, list.failure(404, nil, page).Fix, of.known(errors.New("connection refused")).Fix}, where)
	}
}

func TestIsTurnedAway(t *testing.T) {
	for code, want := range map[int]bool{302: false, 400: true, 404: true, 408: false, 422: true, 429: true, 500: false, 502: false, 503: true, 504: false, 529: true} {
		assert.Equal(t, want, IsTurnedAway(carrier("openai").failure(code, nil, nil)), code)
	}
	assert.False(t, IsTurnedAway(errors.New("broken")))
}

func TestRetryAfterIsNoMischief(t *testing.T) {
	for said, want := range map[string]time.Duration{
		"": 0, "-1": 0, "0": 0, "NaN": 0, "Inf": mostRetry, "1e300": mostRetry, "x": 0, "1.5": 1500 * time.Millisecond, "99999999": mostRetry,
		noon.Add(-time.Hour).Format(http.TimeFormat): 0, noon.Add(1000 * time.Hour).Format(http.TimeFormat): mostRetry,
	} {
		assert.Equal(t, want, retryAfter(http.Header{"Retry-After": {said}}, nil, noon), said)
	}
}

func FuzzFailure(f *testing.F) {
	for _, seed := range []string{"", "null", "[]", "[null]", "[[]]", `{"error":null}`, `{"error":{"message":1}}`, `{"message":"x"}`, `{"error":"x"}`, "<html>", `{"error":{"code":{}}}`, "\x1b[31m"} {
		f.Add(429, seed)
	}
	f.Fuzz(func(t *testing.T, code int, body string) {
		e := carrier("google").failure(code, http.Header{}, []byte(body+planted))
		assert.NotEmpty(t, e.Reason)
		assert.NotEmpty(t, e.Fix)
		assert.Less(t, len(e.Detail), mostWords+100)
		assert.False(t, strings.ContainsFunc(e.Detail, func(r rune) bool { return r < ' ' || r == 0x7f }))
		assert.NotContains(t, e.Detail, planted)
		_, err := json.Marshal(e)
		assert.NoError(t, err)
	})
}
