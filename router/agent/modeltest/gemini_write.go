package modeltest

import (
	"encoding/json"
	"net/http"
)

// write plays a turn. The first of several calls at once is signed, and the last part of a text; in a stream that part is empty.
func (g *gemini) write(c *chat, does act) (media string, parts [][]byte) {
	calls, ok := geminiCalls(does.Calls)
	finish := geminiFinish(does.Stop)
	if !ok {
		calls, finish, does.Text = nil, "MALFORMED_FUNCTION_CALL", ""
	}
	if !c.stream {
		var all []geminiPart
		if does.Text != "" {
			all = append(all, geminiPart{Text: &does.Text, ThoughtSignature: sign(does.Text)})
		}
		return "application/json", [][]byte{encoded(geminiAnswer(c, does, append(all, calls...), finish))}
	}
	for _, piece := range pieces(does.Text, 4) {
		parts = append(parts, event("", encoded(geminiAnswer(c, does, []geminiPart{{Text: &piece}}, ""))))
	}
	end := calls
	if does.Text != "" {
		empty := ""
		end = append(end, geminiPart{Text: &empty, ThoughtSignature: sign(does.Text)})
	}
	return "text/event-stream", append(parts, event("", encoded(geminiAnswer(c, does, end, finish))))
}

// geminiCalls are calls as parts; not ok if the arguments of one are no object, of which Gemini makes no call.
func geminiCalls(calls []Call) (parts []geminiPart, ok bool) {
	for i, call := range calls {
		var object map[string]any
		if json.Unmarshal([]byte(call.Arguments), &object) != nil || object == nil {
			return nil, false
		}
		part := geminiPart{FunctionCall: &geminiCall{ID: call.ID, Name: call.Tool, Args: json.RawMessage(call.Arguments)}}
		if i == 0 {
			part.ThoughtSignature = part.FunctionCall.sign()
		}
		parts = append(parts, part)
	}
	return parts, true
}

func geminiFinish(stop Stop) string {
	switch stop {
	case StopEnd, StopTools:
		return "STOP"
	case StopLength:
		return "MAX_TOKENS"
	case StopRefuse:
		return "PROHIBITED_CONTENT"
	case StopFilter:
		return "SAFETY"
	default:
		return string(stop)
	}
}

// geminiAnswer is a response, or a part of one: then finish is empty.
func geminiAnswer(c *chat, does act, parts []geminiPart, finish string) map[string]any {
	candidate := map[string]any{"index": 0}
	if len(parts) > 0 {
		candidate["content"] = geminiContent{Parts: parts, Role: "model"}
	}
	if finish != "" {
		candidate["finishReason"] = finish
	}
	return map[string]any{"candidates": []any{candidate}, "usageMetadata": geminiUsage(does.Tokens), "modelVersion": c.model, "responseId": does.id}
}

// geminiUsage counts half of the output as thought.
func geminiUsage(t Tokens) map[string]any {
	usage := map[string]any{"promptTokenCount": t.In, "candidatesTokenCount": t.Out - t.Out/2, "thoughtsTokenCount": t.Out / 2, "totalTokenCount": t.In + t.Out}
	if t.Cached > 0 {
		usage["cachedContentTokenCount"] = t.Cached
	}
	return usage
}

// fail is what Google says of a failure, with the details that it gives on its own API.
func (g *gemini) fail(f Failure, c *chat) (status int, h http.Header, body any) {
	if f.Kind == ContentFilter {
		return http.StatusOK, nil, map[string]any{"promptFeedback": map[string]any{"blockReason": "PROHIBITED_CONTENT"},
			"usageMetadata": map[string]any{"promptTokenCount": 1, "totalTokenCount": 1}, "modelVersion": c.model}
	}
	status, body = googleFailure(f, c)
	if more := geminiDetail(f, c); more != nil {
		said := body.(map[string]any)["error"].(map[string]any)
		details, _ := said["details"].([]any)
		said["details"] = append([]any{more}, details...)
	}
	return status, nil, body
}

// geminiDetail is what goes with some kinds of failure.
func geminiDetail(f Failure, c *chat) map[string]any {
	const google = "type.googleapis.com/google.rpc."
	switch f.Kind {
	case BadKey:
		return map[string]any{"@type": google + "ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
			"metadata": map[string]any{"service": "generativelanguage.googleapis.com"}}
	case BadRequest:
		return map[string]any{"@type": google + "BadRequest", "fieldViolations": []any{map[string]any{"description": f.Message}}}
	case RateLimit:
		return map[string]any{"@type": google + "QuotaFailure", "violations": []any{map[string]any{
			"quotaMetric": "generativelanguage.googleapis.com/generate_content_paid_tier_requests", "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
			"quotaDimensions": map[string]any{"location": "global", "model": c.model}}}}
	default:
		return nil
	}
}
