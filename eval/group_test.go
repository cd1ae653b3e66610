package eval

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSpreadCountsEachGroupOnce(t *testing.T) {
	var all []outcome
	for source, topics := range map[string][]string{"large": {"health", "health", "health", "health"}, "small": {""}, "mixed": {"health", "cost"}} {
		for _, topic := range topics {
			o := asked("health", topic, topic+".of", 1)
			o.want.Source, o.got.By = source, "pattern"
			all = append(all, o)
		}
	}
	s := spreads(groups(all))
	assert.Equal(t, Spread{By: "source", Figure: "answered", Groups: 3, Mean: 0.5, Deviation: 0.5, Least: 0, Most: 1}, s[0])
	assert.Equal(t, Spread{By: "source", Figure: "topicRight", Groups: 2, Mean: 0.75, Deviation: 0.3536, Least: 0.5, Most: 1}, s[1], "of nothing routed there is none")
	for _, one := range s {
		assert.Equal(t, "source", one.By, "what decided makes no folds, and one group no spread")
	}
}
