package telemetry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"clanker/adapters"
)

// MinKnown is the least number of bytes of a secret that is masked by value: a shorter one stands in ordinary words too.
const MinKnown = 8

// Known are secrets that are known by value and masked wherever they stand, such as the workspace's own bearer token.
// They can be replaced while others log. The zero value knows none, and so does a nil one.
type Known struct{ values atomic.Pointer[[]string] }

// Set replaces the secrets. When one is shorter than [MinKnown] it is an error, which does not repeat it, and those that
// were known stay known.
func (k *Known) Set(secrets ...string) error {
	var values []string
	for i, secret := range secrets {
		if len(secret) < MinKnown {
			return fmt.Errorf("mask known secrets: number %d has %d bytes: use one of at least %d", i+1, len(secret), MinKnown)
		}
		values = append(values, spellings(secret)...)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) }) // a part never before the whole
	values = slices.Compact(values)
	k.values.Store(&values)
	return nil
}

// spellings are how a secret may be written into other text: as it is, quoted, in JSON, in a query and in a path.
func spellings(secret string) []string {
	quoted := strconv.Quote(secret)
	inJSON, _ := json.Marshal(secret) // of a string: cannot fail
	return []string{secret, quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(secret), url.PathEscape(secret)}
}

func (k *Known) list() []string {
	if k == nil {
		return nil
	}
	if values := k.values.Load(); values != nil {
		return *values
	}
	return nil
}

func (k *Known) mask(text string) string {
	for _, value := range k.list() {
		text = strings.ReplaceAll(text, value, adapters.Redacted)
	}
	return text
}

func (k *Known) maskBytes(line []byte) []byte {
	for _, value := range k.list() {
		if bytes.Contains(line, []byte(value)) { // ReplaceAll copies even when there is nothing to replace
			line = bytes.ReplaceAll(line, []byte(value), []byte(adapters.Redacted))
		}
	}
	return line
}
