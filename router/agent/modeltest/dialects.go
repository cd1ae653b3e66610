package modeltest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

func openAIDialect() dialect {
	return dialect{name: "openai", base: "/v1", request: "openai.json", refusals: true, mark: "fp_scripted", check: checkReasoning,
		noKey:   "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
		invalid: openAIInvalid, failure: openAIFailure, models: openAIModels}
}

// ollamaDialect is Ollama's: no key, calls in one piece.
func ollamaDialect() dialect {
	return dialect{name: "ollama", base: "/v1", request: "ollama.json", more: []string{"/api/tags"}, keyless: true, whole: true,
		mark: "fp_ollama", check: checkArguments, invalid: plainInvalid, failure: ollamaFailure, models: ollamaModels}
}

// cohereDialect is that of Cohere's compatibility API; the list of models is that of its own.
func cohereDialect() dialect {
	return dialect{name: "cohere", base: "/compatibility/v1", request: "cohere.json", more: []string{"/v1/models"},
		noKey: "no api key supplied", check: checkArguments, invalid: plainInvalid, failure: cohereFailure, models: cohereModels}
}

// googleDialect is that of Gemini's compatible endpoint, whose errors are a list of one.
func googleDialect() dialect {
	return dialect{name: "google", base: "/v1beta/openai", request: "google.json", whole: true, noKey: "Missing or invalid Authorization header.", check: checkArguments,
		invalid: googleInvalid, failure: googleCompatible, models: googleModels}
}

// googleCompatible is an error in a list of one. A prompt that is filtered is no error of HTTP at Google.
func googleCompatible(f Failure, c *chat) (int, http.Header, any) {
	if f.Kind == ContentFilter {
		filtered := openAIFinish(StopFilter)
		return http.StatusOK, nil, openAIAnswer{ID: "filtered", Object: "chat.completion", Model: c.model,
			Choices: []openAIChoice{{Message: &openAIReply{Role: "assistant"}, Finish: &filtered}}, Usage: openAIUsed(Tokens{})}
	}
	status, body := googleFailure(f, c)
	return status, nil, []any{body}
}

// checkReasoning refuses what OpenAI's reasoning models refuse.
func checkReasoning(r *openAIRequest) *Failure {
	reasons := slices.ContainsFunc([]string{"gpt-5", "o1", "o3", "o4"}, func(p string) bool { return strings.HasPrefix(r.Model, p) })
	switch {
	case r.MaxTokens != nil && r.MaxNew != nil:
		return &Failure{Kind: BadRequest, Code: "invalid_parameter_combination", Param: "max_tokens",
			Message: "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."}
	case reasons && r.MaxTokens != nil:
		return &Failure{Kind: BadRequest, Code: "unsupported_parameter", Param: "max_tokens",
			Message: "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}
	case reasons && r.Temperature != nil && *r.Temperature != 1:
		return &Failure{Kind: BadRequest, Code: "unsupported_value", Param: "temperature",
			Message: fmt.Sprintf("Unsupported value: 'temperature' does not support %v with this model. Only the default (1) value is supported.", *r.Temperature)}
	}
	return nil
}

// checkArguments wants the arguments of earlier calls to be objects: others than OpenAI read them.
func checkArguments(r *openAIRequest) *Failure {
	for _, m := range r.Messages {
		for _, call := range m.ToolCalls {
			var object map[string]any
			if json.Unmarshal([]byte(call.Function.Arguments), &object) != nil {
				return &Failure{Kind: BadRequest, Message: "invalid tool call arguments"}
			}
		}
	}
	return nil
}

func openAIInvalid(f flaw, value any) Failure {
	wrong := Failure{Kind: BadRequest, Param: dotted(f.path, true)}
	where := wrong.Param
	switch k := f.kind.(type) {
	case *kind.AdditionalProperties:
		wrong.Param, wrong.Code = dotted(append(f.path, k.Properties[0]), true), "unknown_parameter"
		wrong.Message = fmt.Sprintf("Unknown parameter: '%s'.", wrong.Param)
	case *kind.Required:
		wrong.Param, wrong.Code = dotted(append(f.path, k.Missing[0]), true), "missing_required_parameter"
		wrong.Message = fmt.Sprintf("Missing required parameter: '%s'.", wrong.Param)
	case *kind.Type:
		wrong.Code = "invalid_type"
		wrong.Message = fmt.Sprintf("Invalid type for '%s': expected %s, but got %s instead.", where, an(k.Want...), an(k.Got))
	case *kind.Enum:
		wrong.Code = "invalid_value"
		wrong.Message = fmt.Sprintf("Invalid value: '%v'. Supported values are: %s.", k.Got, quoted(k.Want))
	case *kind.MinItems:
		wrong.Code = "empty_array"
		wrong.Message = fmt.Sprintf("Invalid '%s': empty array. Expected an array with minimum length %d, but got an empty array instead.", where, k.Want)
	case *kind.Pattern:
		wrong.Code = "invalid_value"
		wrong.Message = fmt.Sprintf("Invalid '%s': string does not match pattern. Expected a string that matches the pattern '%s'.", where, k.Want)
	default:
		wrong.Code = "invalid_value"
		wrong.Message = fmt.Sprintf("Invalid value for '%s': it does not fit %s.", where, strings.Join(f.kind.KeywordPath(), "."))
	}
	return wrong
}

func an(types ...string) string {
	names := slices.DeleteFunc(slices.Sorted(slices.Values(types)), func(name string) bool { return name == "null" && len(types) > 1 })
	for i, name := range names {
		article := "a "
		if strings.ContainsRune("aeiou", rune(name[0])) {
			article = "an "
		}
		names[i] = article + name
	}
	return strings.Join(names, " or ")
}

func quoted(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprintf("'%v'", v)
	}
	return strings.Join(texts, ", ")
}

// plainInvalid is for those who name no field apart.
func plainInvalid(f flaw, value any) Failure {
	return Failure{Kind: BadRequest, Message: "invalid request: " + openAIInvalid(f, value).Message}
}

func googleInvalid(f flaw, value any) Failure {
	at := ""
	if len(f.path) > 0 {
		at = fmt.Sprintf(" at '%s'", dotted(f.path, true))
	}
	if k, ok := f.kind.(*kind.AdditionalProperties); ok {
		return Failure{Kind: BadRequest, Message: fmt.Sprintf("Invalid JSON payload received. Unknown name %q%s: Cannot find field.", k.Properties[0], at)}
	}
	return Failure{Kind: BadRequest, Message: fmt.Sprintf("Invalid value%s. %s", at, openAIInvalid(f, value).Message)}
}

// worded is what a vendor says of a kind of failure.
type worded struct {
	status     int
	kind, code string
	message    string
}

// or fills in what a failure leaves open.
func (w worded) or(f Failure) worded {
	w.status, w.message = cmp.Or(f.Status, w.status), cmp.Or(f.Message, w.message)
	w.code = cmp.Or(f.Code, w.code)
	return w
}

func openAIWords(k Kind, model string) worded {
	switch k {
	case BadKey:
		return worded{401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."}
	case Forbidden:
		return worded{403, "invalid_request_error", "model_not_found", "Project does not have access to model `" + model + "`"}
	case UnknownModel:
		return worded{404, "invalid_request_error", "model_not_found", "The model `" + model + "` does not exist or you do not have access to it."}
	case TooLong:
		return worded{400, "invalid_request_error", "context_length_exceeded", "This model's maximum context length is 128000 tokens. However, your messages resulted in 150321 tokens. Please reduce the length of the messages."}
	case RateLimit:
		return worded{429, "tokens", "rate_limit_exceeded", "Rate limit reached for " + model + " in organization org-scripted on tokens per min (TPM): Limit 30000, Used 29000, Requested 2500. " +
			"You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing."}
	case NoCredit:
		return worded{429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan and billing details."}
	case ContentFilter:
		return worded{400, "invalid_request_error", "invalid_prompt", "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt."}
	case Overloaded:
		return worded{503, "server_error", "", "The engine is currently overloaded, please try again later."}
	case Broken:
		return worded{500, "server_error", "", "The server had an error while processing your request. Sorry about that!"}
	default:
		return worded{400, "invalid_request_error", "", "Invalid request."}
	}
}

func openAIFailure(f Failure, c *chat) (int, http.Header, any) {
	w := openAIWords(f.Kind, c.model).or(f)
	return w.status, retryHeader(f.Retry), openAIError(w, f.Param)
}

func openAIError(w worded, param string) any {
	return map[string]any{"error": map[string]any{"message": w.message, "type": w.kind, "param": orNull(param), "code": orNull(w.code)}}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// retryHeader is for those who say in a header after how many seconds to try again.
func retryHeader(r Retry) http.Header {
	h := http.Header{}
	if r.After > 0 {
		h.Set("Retry-After", strconv.Itoa(int(r.After/time.Second)))
	}
	return h
}

func ollamaFailure(f Failure, c *chat) (int, http.Header, any) {
	w := openAIWords(f.Kind, c.model)
	if f.Kind == UnknownModel {
		w.message = fmt.Sprintf("model '%s' not found", c.model)
	}
	w = w.or(f)
	w.code, w.kind = "", "api_error" // whatever the status
	if f.Kind == BadRequest {
		w.kind = "invalid_request_error"
	}
	return w.status, retryHeader(f.Retry), openAIError(w, "")
}

func cohereFailure(f Failure, c *chat) (int, http.Header, any) {
	w := openAIWords(f.Kind, c.model)
	switch f.Kind {
	case BadKey:
		w.message = "invalid api token"
	case UnknownModel:
		w.message = "model '" + c.model + "' not found, make sure the correct model ID was used and that you have access to the model."
	case TooLong:
		w.message = "too many tokens: total number of tokens in the prompt cannot exceed 256000 - received 300123. Try using a shorter prompt or a smaller max_tokens value."
	case RateLimit:
		w.message = "You are using a Trial key, which is limited to 20 API calls / minute."
	default: // in OpenAI's words
	}
	w = w.or(f)
	return w.status, retryHeader(f.Retry), map[string]any{"id": "00000000-0000-4000-8000-000000000000", "message": w.message}
}

// googleFailure is an error of Gemini, whatever the wire format. When to try again is in the body.
func googleFailure(f Failure, c *chat) (int, any) {
	w := googleWords(f.Kind, c.model).or(f)
	inner := map[string]any{"code": w.status, "message": w.message, "status": w.kind}
	if f.Retry.After > 0 {
		inner["details"] = []any{map[string]any{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": fmt.Sprintf("%ds", int(f.Retry.After/time.Second))}}
	}
	return w.status, map[string]any{"error": inner}
}

func googleWords(k Kind, model string) worded {
	switch k {
	case BadKey:
		return worded{status: 400, kind: "INVALID_ARGUMENT", message: "API key not valid. Please pass a valid API key."}
	case Forbidden:
		return worded{status: 403, kind: "PERMISSION_DENIED", message: "The caller does not have permission"}
	case UnknownModel:
		return worded{status: 404, kind: "NOT_FOUND", message: "models/" + model + " is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods."}
	case TooLong:
		return worded{status: 400, kind: "INVALID_ARGUMENT", message: "The input token count (1200321) exceeds the maximum number of tokens allowed (1048576)."}
	case RateLimit, NoCredit:
		return worded{status: 429, kind: "RESOURCE_EXHAUSTED", message: "You exceeded your current quota, please check your plan and billing details."}
	case Overloaded:
		return worded{status: 503, kind: "UNAVAILABLE", message: "The model is overloaded. Please try again later."}
	case Broken:
		return worded{status: 500, kind: "INTERNAL", message: "An internal error has occurred."}
	default:
		return worded{status: 400, kind: "INVALID_ARGUMENT", message: "Request contains an invalid argument."}
	}
}

func openAIList(models []string, owner, prefix string) any {
	data := make([]map[string]any, len(models))
	for i, m := range models {
		data[i] = map[string]any{"id": prefix + m, "object": "model", "created": 1735689600, "owned_by": owner}
	}
	return map[string]any{"object": "list", "data": data}
}

func openAIModels(_ string, models []string) any { return openAIList(models, "system", "") }

func googleModels(_ string, models []string) any { return openAIList(models, "google", "models/") }

func ollamaModels(path string, models []string) any {
	if path != "/api/tags" {
		return openAIList(models, "library", "")
	}
	tags := make([]map[string]any, len(models))
	for i, m := range models {
		tags[i] = map[string]any{"name": m, "model": m, "modified_at": "2026-01-01T00:00:00Z", "size": 1}
	}
	return map[string]any{"models": tags}
}

func cohereModels(path string, models []string) any {
	if path != "/v1/models" {
		return openAIList(models, "cohere", "")
	}
	data := make([]map[string]any, len(models))
	for i, m := range models {
		data[i] = map[string]any{"name": m, "endpoints": []string{"chat"}, "finetuned": false, "context_length": 256000}
	}
	return map[string]any{"models": data, "next_page_token": ""}
}
