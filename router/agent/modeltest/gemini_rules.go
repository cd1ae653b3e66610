package modeltest

import "slices"

// wrong is what Google's API has against a conversation, in its words.
func (r *geminiRequest) wrong() *Failure {
	if len(r.Contents) == 0 {
		return refused("* GenerateContentRequest.contents: contents is not specified\n")
	}
	for i, content := range r.Contents {
		if f := content.wrong(i); f != nil {
			return f
		}
		if f := r.order(i); f != nil {
			return f
		}
	}
	return r.signatures()
}

// wrong is what is wrong with the content at i alone.
func (c geminiContent) wrong(i int) *Failure {
	if !slices.Contains([]string{"user", "model", "function", ""}, c.Role) {
		return refused("Please use a valid role: user, model.")
	}
	if len(c.Parts) == 0 {
		return refused("* GenerateContentRequest.contents[%d].parts: contents.parts must not be empty.\n", i)
	}
	for j, part := range c.Parts {
		switch {
		case part.Text == nil && part.FunctionCall == nil && part.FunctionResponse == nil:
			return refused("* GenerateContentRequest.contents[%d].parts[%d].data: required oneof field 'data' must have one initialized field\n", i, j)
		case part.FunctionCall != nil && part.FunctionCall.Name == "":
			return refused("* GenerateContentRequest.contents[%d].parts[%d].function_call.name: Name cannot be empty.\n", i, j)
		case part.FunctionResponse != nil && part.FunctionResponse.Name == "":
			return refused("* GenerateContentRequest.contents[%d].parts[%d].function_response.name: Name cannot be empty.\n", i, j)
		case part.FunctionCall != nil && c.Role != "model", part.FunctionResponse != nil && c.Role == "model":
			return refused("Please ensure that function call turns are of the model, and function response turns of the user.")
		}
	}
	return nil
}

// order is what is wrong with the content at i after the one before it: calls follow what the user says, and are followed by their
// responses.
func (r *geminiRequest) order(i int) *Failure {
	var before geminiContent
	if i > 0 {
		before = r.Contents[i-1]
	}
	now := r.Contents[i]
	called, responses := before.calls(), now.responses()
	switch {
	case len(now.calls()) > 0 && (i == 0 || before.Role == "model"):
		return refused("Please ensure that function call turn comes immediately after a user turn or after a function response turn.")
	case len(responses) > 0 && len(called) == 0:
		return refused("Please ensure that function response turn comes immediately after a function call turn.")
	case len(responses) != len(called):
		return refused("Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.")
	}
	for _, response := range responses {
		if !slices.ContainsFunc(called, func(c geminiCall) bool { return c.ID == response.ID && c.Name == response.Name }) {
			return refused("modeltest: the response %q of %s is to no call of the turn before", response.ID, response.Name)
		}
	}
	return nil
}

func (c geminiContent) calls() []geminiCall {
	var all []geminiCall
	for _, part := range c.Parts {
		if part.FunctionCall != nil {
			all = append(all, *part.FunctionCall)
		}
	}
	return all
}

func (c geminiContent) responses() []geminiResponse {
	var all []geminiResponse
	for _, part := range c.Parts {
		if part.FunctionResponse != nil {
			all = append(all, *part.FunctionResponse)
		}
	}
	return all
}

// signatures refuses what is signed wrongly, and calls of the current turn, which begins with what the user said last, of which the
// first of a content is not signed.
func (r *geminiRequest) signatures() *Failure {
	turn := 0
	for i, content := range r.Contents {
		if content.Role != "model" && len(content.responses()) == 0 {
			turn = i
		}
	}
	for i, content := range r.Contents {
		first := true
		for _, part := range content.Parts {
			call := part.FunctionCall
			switch {
			case part.ThoughtSignature != "" && !part.signed():
				return refused("Corrupted thought signature.")
			case call != nil && first && i > turn && part.ThoughtSignature == "":
				return refused("Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. "+
					"Additional data, function call `default_api:%s` , position %d. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.", call.Name, i+1)
			case call != nil:
				first = false
			}
		}
	}
	return nil
}
