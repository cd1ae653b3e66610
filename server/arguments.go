package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"clanker/router"
)

// Bounds of the arguments of clanker_route_question, in characters.
const (
	maxQuestion = 2000
	maxContext  = 500
	maxCursor   = 200
	maxSince    = 60
	maxFollowUp = 40
	maxModel    = 200
)

const questionExample = `{"question": "Are all services in production healthy?"}`

// questionSchema is the input schema that [decodeQuestion] enforces.
func questionSchema() json.RawMessage {
	return fmt.Appendf(nil, `{"type":"object","properties":{`+
		`"question":{"type":"string","minLength":1,"maxLength":%d},`+
		`"limit":{"type":"integer","minimum":1,"maximum":%d,"description":"default %d"},`+
		`"context":{"type":"string","maxLength":%d,"description":"cluster, account, context"},`+
		`"since":{"type":"string","maxLength":%d,"description":"delta since answerId, time, 2h; or last check"},`+
		`"followUp":{"type":"string","maxLength":%d,"description":"answerId that it means"},`+
		`"model":{"type":"string","maxLength":%d,"description":"provider/model or alias if unmatched"},`+
		`"cursor":{"type":"string","maxLength":%d,"description":"alone: truncation.cursor"}},`+
		`"additionalProperties":false}`, maxQuestion, router.MaxLimit, router.DefaultLimit, maxContext, maxSince, maxFollowUp, maxModel, maxCursor)
}

// decodeQuestion reads the arguments of clanker_route_question. Errors name the argument and say what to write.
func decodeQuestion(arguments any) (router.Question, error) {
	given, err := object(arguments, "question", "limit", "context", "since", "followUp", "model", "cursor")
	if err != nil {
		return router.Question{}, fmt.Errorf("%w; for instance %s", err, questionExample)
	}
	var q router.Question
	if q.Text, err = text(given, "question", maxQuestion); err != nil {
		return q, err
	}
	if q.Cursor, err = text(given, "cursor", maxCursor); err != nil {
		return q, err
	}
	if strings.TrimSpace(q.Text) == "" && q.Cursor == "" {
		return q, fmt.Errorf("question is missing or empty: ask in plain words, for instance %s", questionExample)
	}
	if q.Limit, err = limit(given); err != nil {
		return q, err
	}
	return q, errors.Join(into(&q.Context, given, "context", maxContext), since(&q.Since, given), into(&q.FollowUp, given, "followUp", maxFollowUp), into(&q.Model, given, "model", maxModel))
}

// into reads one more text.
func into(target *string, given map[string]any, name string, most int) (err error) {
	*target, err = text(given, name, most)
	return err
}

func since(target *string, given map[string]any) error {
	if err := into(target, given, "since", maxSince); err != nil {
		return err
	}
	return router.CheckSince(*target)
}

// object returns the arguments by name, and an error when there are others than the known ones.
func object(arguments any, known ...string) (map[string]any, error) {
	if arguments == nil {
		return nil, nil
	}
	given, ok := arguments.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("arguments must be an object, got %s", describe(arguments))
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if slices.Contains(known, name) {
			continue
		}
		if len(known) == 0 {
			return nil, fmt.Errorf("unknown argument %.80q: this tool takes none, leave it out", name)
		}
		return nil, fmt.Errorf("unknown argument %.80q: this tool takes %s", name, strings.Join(known, ", "))
	}
	return given, nil
}

func text(given map[string]any, name string, most int) (string, error) {
	value, ok := given[name]
	if !ok {
		return "", nil
	}
	s, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("%s must be a string of at most %d characters, got %s", name, most, describe(value))
	}
	if n := utf8.RuneCountInString(s); n > most {
		return "", fmt.Errorf("%s has %d characters, at most %d are read: shorten it", name, n, most)
	}
	return s, nil
}

func limit(given map[string]any) (int, error) {
	value, ok := given["limit"]
	if !ok {
		return 0, nil
	}
	n, ok := value.(float64)
	if !ok || n != math.Trunc(n) || n < 1 || n > router.MaxLimit {
		return 0, fmt.Errorf("limit must be a whole number from 1 to %d, got %s; leave it out for %d", router.MaxLimit, describe(value), router.DefaultLimit)
	}
	return int(n), nil
}

// describe names a JSON value in an error, shortly.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	}
	return fmt.Sprint(value)
}
