package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// reader reads JSON so that no two readers could understand it differently. It keeps the first thing that is wrong; what is read
// after that is empty.
type reader struct{ err error }

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// object splits an object into its members. A key that is not known is wrong (with none known, all are allowed), and
// so is one that stands twice, in whatever case.
func (r *reader) object(raw []byte, known ...string) map[string]json.RawMessage {
	members, err := split(raw, known)
	if err != nil {
		r.fail(err)
	}
	return members
}

func split(raw []byte, known []string) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("it is not UTF-8")
	}
	in, seen, members := json.NewDecoder(bytes.NewReader(raw)), map[string]bool{}, map[string]json.RawMessage{}
	if first, err := in.Token(); err != nil || first != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return nil, err
		}
		key := token.(string) // an object's keys are strings, or Token fails
		folded := strings.ToLower(key)
		if seen[folded] || len(known) > 0 && !slices.Contains(known, key) {
			return nil, fmt.Errorf("the key %.80q stands twice or is unknown", key)
		}
		seen[folded] = true
		var value json.RawMessage
		if err := in.Decode(&value); err != nil {
			return nil, err
		}
		members[key] = value
	}
	if _, err := in.Token(); err != nil {
		return nil, err
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

// value reads the member into what target points to; one that is not there, or null, leaves it as it is.
func (r *reader) value(members map[string]json.RawMessage, key string, target any) {
	if raw, ok := members[key]; ok {
		if err := json.Unmarshal(raw, target); err != nil {
			r.fail(fmt.Errorf("read %s: %w", key, err))
		}
	}
}

func (r *reader) text(members map[string]json.RawMessage, key string) (text string) {
	r.value(members, key, &text)
	return text
}

// bytes reads what [encode] writes.
func (r *reader) bytes(members map[string]json.RawMessage, key string) []byte {
	text := r.text(members, key)
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || encode(data) != text { // the decoder skips ends of lines, and bits left over
		r.fail(fmt.Errorf("read %s: it is not base64url without padding", key))
	}
	return data
}

// encode writes base64url without padding, the one way in which browsers write bytes.
func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
