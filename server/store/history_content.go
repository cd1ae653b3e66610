package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"clanker/adapters"
)

// content is what a resource is known by: that of two observations is the same when [adapters.Diff] finds no difference
// between them, and they say the same of where it is.
type content [16]byte

// contents finds contents fast: there may be 10,000 in an answer. It is for one caller at a time.
type contents struct {
	text   []byte
	keys   []string
	fields map[string]bool // whether it is noise
	labels map[string]bool
}

// of is the content of a resource. Its text is not JSON, only as unambiguous: every part has its length before it.
func (c *contents) of(r *adapters.Resource) (content, error) {
	c.text = c.text[:0]
	for _, part := range [...]string{r.ID, r.Provider, string(r.Kind), r.Name, r.Scope.Account, r.Scope.Region, r.Scope.Zone,
		r.Scope.Environment, r.Scope.Cluster, r.Scope.Namespace, string(r.Health)} {
		c.string(part)
	}
	c.keys = told(c.keys, r.Attributes, c.noise)
	c.count(len(c.keys))
	for _, key := range c.keys {
		c.string(key)
		if err := c.value(r.Attributes[key]); err != nil {
			return content{}, fmt.Errorf("read the attribute %s of %s: %w", key, r.ID, err)
		}
	}
	c.keys = told(c.keys, r.Labels, c.noisyLabel)
	for _, key := range c.keys {
		c.string(key)
		c.string(r.Labels[key])
	}
	return short(c.text), nil
}

// told are the sorted keys that are no noise.
func told[V any](keys []string, values map[string]V, noise func(string) bool) []string {
	keys = keys[:0]
	for key := range values {
		if !noise(key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (c *contents) noise(field string) bool { return remembered(&c.fields, field, "") }

func (c *contents) noisyLabel(key string) bool { return remembered(&c.labels, key, "label.") }

// remembered is whether a field is noise: to find out takes longer than all the rest.
func remembered(known *map[string]bool, key, prefix string) bool {
	noise, ok := (*known)[key]
	if !ok {
		if *known == nil {
			*known = map[string]bool{}
		}
		noise = adapters.Noise(prefix + key)
		(*known)[key] = noise
	}
	return noise
}

func (c *contents) count(n int) { c.text = binary.AppendUvarint(c.text, uint64(n)) }

func (c *contents) string(text string) {
	c.count(len(text))
	c.text = append(c.text, text...)
}

func (c *contents) value(value any) error {
	switch v := value.(type) {
	case string:
		c.text = append(c.text, 's')
		c.string(v)
	case float64:
		c.text = binary.BigEndian.AppendUint64(append(c.text, 'n'), math.Float64bits(v))
	case bool:
		c.text = append(c.text, 'f')
		if v {
			c.text[len(c.text)-1] = 't'
		}
	case []string:
		c.text = append(c.text, 'l')
		c.count(len(v))
		for _, text := range v {
			c.string(text)
		}
	default: // what drivers should not use
		text, err := adapters.Canonical(v)
		c.text = append(c.text, 'j')
		c.string(string(text))
		return err
	}
	return nil
}

// short is a hash that tells documents apart: 128 bits of SHA-256.
func short(text []byte) content {
	sum := sha256.Sum256(text)
	return content(sum[:len(content{})])
}

// document is what is kept of a resource: canonical JSON of it without what always moves, with reason and relations as they
// were when it was first seen so.
func (c *contents) document(r adapters.Resource) (string, error) {
	quiet := r
	quiet.Metrics, quiet.Link = nil, ""
	quiet.Attributes, quiet.Labels = without(r.Attributes, c.noise), without(r.Labels, c.noisyLabel)
	text, err := adapters.Canonical(struct {
		adapters.Resource
		Since    bool `json:"since,omitempty"` // hides that of the resource
		Observed bool `json:"observed,omitempty"`
	}{Resource: quiet})
	if err != nil {
		return "", fmt.Errorf("write down %s: %w", r.ID, err)
	}
	return string(text), nil
}

func without[V any](values map[string]V, noise func(string) bool) map[string]V {
	few := maps.Clone(values)
	maps.DeleteFunc(few, func(key string, _ V) bool { return noise(key) })
	return few
}

// readDocument is a resource as it was kept.
func readDocument(text string) (r adapters.Resource, err error) {
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("read what was kept of a resource: %w", err)
	}
	for key, value := range r.Attributes {
		r.Attributes[key] = listed(value)
	}
	return r, nil
}

// listed makes of a list of texts one of the type that [adapters.Resource] wants.
func listed(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	words := make([]string, len(list))
	for i, word := range list {
		if words[i], ok = word.(string); !ok {
			return value
		}
	}
	return words
}
