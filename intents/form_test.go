package intents

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDefaults takes what intents share from their file, and from files that it includes.
func TestDefaults(t *testing.T) {
	load := func(files map[string]string) (*Catalog, error) {
		return LoadAll(Layer{"DIR", files2fs(files)})
	}
	c, err := load(map[string]string{
		"shared/base.yaml": "defaults:\n  topic: security\n  action: list # everywhere\n  maxRisk: 0.01\n  query:\n    kinds: [pod]\n  answer: |\n    {{.Total}}\n    found\n",
		"team/a.yaml": "include: [../shared/base.yaml, more.yaml]\ndefaults: {maxRisk: 0.03, columns: [status]}\nintents:\n  # one\n  - id: a.one\n    description: One.\n" +
			"    patterns: [mood one]\n    examples: [mood one]\n  # two\n  - {id: a.two, description: Two., action: metrics, patterns: [mood two], examples: [mood two]}\n# the end\n",
		"team/more.yaml": "intents: []\ndefaults: {topic: meta}\n",
	})
	require.NoError(t, err)
	one, _ := c.Intent("a.one")
	assert.Equal(t, TopicMeta, one.Topic, "of two files that are included, the later one counts")
	assert.Equal(t, ActionList, one.Action)
	assert.Equal(t, 0.03, one.MaxRisk, "the file's own defaults count before others")
	assert.Equal(t, []string{"status"}, one.Columns)
	assert.Equal(t, `- id: a.one
  description: One.
  patterns: [mood one]
  examples: [mood one]
  maxRisk: 0.03
  columns: [status]
  topic: meta
  action: list
  query:
    kinds: [pod]
  answer: |
    {{.Total}}
    found
`, one.Source)
	two, _ := c.Intent("a.two")
	assert.Equal(t, ActionMetrics, two.Action, "what an intent says itself counts most")
	again, err := load(map[string]string{"a.yaml": one.Source + two.Source})
	require.NoError(t, err, "what is kept of an intent is whole")
	same, _ := again.Intent("a.two")
	assert.Equal(t, two.Topic, same.Topic)
	assert.Equal(t, two.Source, same.Source)
}
