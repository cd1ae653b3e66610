package eval

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"clanker/intents"
)

// Whatever is in a file, it is read without a panic, and a case without faults is whole.
func FuzzLoad(f *testing.F) {
	c, err := intents.Load(intents.Default())
	require.NoError(f, err)
	f.Add(uint8(0), "- question: is it up?\n  intent: health.of\n  slots: {service: it}\n  names: [pod/it]\n")
	f.Add(uint8(1), "question\ttopic\tslots\tnames\nis it up?\thealth\tservice=it; percent=0.8\tpod/it node/x\n")
	f.Add(uint8(2), `{"question": "is it up?", "topic": "health", "slots": {"service": "it"}, "names": ["pod/it"]}`)
	f.Fuzz(func(t *testing.T, format uint8, content string) {
		open := func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
		suites, err := load(c, open, []string{[]string{"a.yaml", "a.tsv", "a.jsonl"}[format%3]})
		for _, c := range suites[0].Cases {
			if err == nil && (c.Question == "" || c.Topic == "") {
				t.Errorf("half a case: %+v", c)
			}
		}
	})
}

// Whatever is asked, a perturbation changes it without a panic, and the same way each time.
func FuzzPerturb(f *testing.F) {
	f.Add("is checkout-api healthy?", "what does it cost?")
	f.Add("\xff本番 abcd", "")
	f.Fuzz(func(t *testing.T, question, other string) {
		base := []Case{{Question: question, Topic: "health"}, {Question: other, Topic: "cost"}}
		for _, p := range Perturbations() {
			require.Equal(t, p.apply(base, 0), p.apply(base, 0))
		}
	})
}
