package router

import (
	"strings"

	"clanker/intents"
)

// sentences writes a few of the sentences that a pattern stands for, always the same: what patterns say teaches too.
func sentences(v *intents.Vocabulary, root *intents.Node, count int) []string {
	var all []string
	for i := range count {
		w := sentenceWriter{vocabulary: v, state: uint64(i+1) * 0x9E3779B97F4A7C15}
		w.write(root)
		all = append(all, strings.Join(w.words, " "))
	}
	return all
}

// sentenceWriter walks a pattern and chooses at every fork, by a sequence of numbers that only looks random.
type sentenceWriter struct {
	vocabulary *intents.Vocabulary
	state      uint64
	words      []string
}

func (w *sentenceWriter) choose(n int) int {
	w.state ^= w.state << 13
	w.state ^= w.state >> 7
	w.state ^= w.state << 17
	return int(w.state >> 33 % uint64(n))
}

func (w *sentenceWriter) write(n *intents.Node) {
	switch n.Op {
	case intents.OpSeq:
		for _, kid := range n.Kids {
			w.write(kid)
		}
	case intents.OpAny:
		w.write(n.Kids[w.choose(len(n.Kids))])
	case intents.OpOptional:
		if w.choose(3) > 0 {
			w.write(n.Kids[0])
		}
	case intents.OpConcept:
		spellings := w.vocabulary.Concepts[n.Text]
		w.words = append(w.words, spellings[w.choose(len(spellings))])
	case intents.OpSlot:
		if sample := samples[n.Slot]; len(sample) > 0 {
			w.words = append(w.words, sample[w.choose(len(sample))])
		}
	default:
		w.words = append(w.words, n.Text)
	}
}

// samples are values of slots as questions spell them.
var samples = map[intents.SlotType][]string{
	intents.SlotService: {"checkout-api", "web-1"}, intents.SlotPod: {"web-6d5f8-x2x7q"}, intents.SlotNamespace: {"team-7"},
	intents.SlotEnvironment: {"production", "staging"}, intents.SlotCluster: {"eu-1"}, intents.SlotRegion: {"eu-west-1"},
	intents.SlotProvider: {"aws", "azure", "gcp"}, intents.SlotNode: {"node-3"}, intents.SlotPercent: {"80%"}, intents.SlotCount: {"10"},
	intents.SlotDuration: {"15m"}, intents.SlotTime: {"in the last 24 hours", "since yesterday"}, intents.SlotText: {`"timeout"`},
	intents.SlotKind: {"pods", "deployments", "instances", "databases", "buckets", "volumes", "clusters", "functions", "services", "nodes"},
}
