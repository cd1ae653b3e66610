package eval_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/eval"
	"clanker/intents"
	"clanker/intents/strict"
)

func catalog(t testing.TB) *intents.Catalog {
	t.Helper()
	c, err := intents.Load(intents.Default())
	require.NoError(t, err)
	return c
}

// file writes a file of cases and returns its path.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

const (
	casesYAML = `- question: is checkout-api healthy?
  intent: health.of
  slots: {service: checkout-api}
  names: [deployment/checkout-api, namespace/a/b]
  voice: plain
- {question: restart it, topic: abstain, group: write, source: a person, provider: aws, of: restart}
`
	casesTSV = "question\tintent\ttopic\tslots\tnames\tvoice\tgroup\tsource\tprovider\tof\r\n" +
		"is checkout-api healthy?\thealth.of\t\tservice=checkout-api\tdeployment/checkout-api namespace/a/b\tplain\t\t\t\t\r\n" +
		"restart it\t\tabstain\t\t\t\twrite\ta person\taws\trestart\r\n"
	casesJSONL = `{"question": "is checkout-api healthy?", "intent": "health.of", "slots": {"service": "checkout-api"}, "names": ["deployment/checkout-api", "namespace/a/b"], "voice": "plain"}

{"question": "restart it", "topic": "abstain", "group": "write", "source": "a person", "provider": "aws", "of": "restart"}
`
)

func TestLoadReadsTheSameFromEveryFormat(t *testing.T) {
	want := []eval.Case{
		{Question: "is checkout-api healthy?", Topic: "health", Intent: "health.of", Voice: "plain", Slots: map[string]string{"service": "checkout-api"},
			Names: []adapters.Name{{Kind: "deployment", Name: "checkout-api"}, {Kind: "namespace", Name: "a/b"}}},
		{Question: "restart it", Topic: eval.Abstain, Group: "write", Source: "a person", Provider: "aws", Of: "restart"},
	}
	for name, content := range map[string]string{"my-questions.yaml": casesYAML, "my.tsv": casesTSV, "my-questions.jsonl": "\ufeff" + casesJSONL} {
		t.Run(name, func(t *testing.T) {
			suites, err := eval.Load(catalog(t), file(t, name, content))
			require.NoError(t, err)
			require.Len(t, suites, 1)
			assert.Equal(t, "my", suites[0].Name)
			var lines []int
			for i := range suites[0].Cases {
				lines = append(lines, suites[0].Cases[i].Pos.Line)
				suites[0].Cases[i].Pos = strict.Position{}
			}
			assert.Equal(t, want, suites[0].Cases)
			assert.IsIncreasing(t, lines)
		})
	}
}

func TestLoadTellsEveryFaultAtOnce(t *testing.T) {
	for _, c := range []struct {
		name, content string
		want          []string // what each fault begins with, after the folder
	}{
		{"tsv", "text\ttopik\tvoice\tvoice\nx\n", []string{`x.tsv:1:1: the column "voice" is written twice`, `x.tsv:1:1: there is no column "question"`,
			`x.tsv:1:1: unknown column "text"`, `x.tsv:1:1: unknown column "topik"; did you mean topic?`}},
		{"tsv", "question\ttopic\na\n\nb\thealth\tx\n", []string{`x.tsv:2:1: 1 cells, but there are 2 columns`, `x.tsv:4:1: 3 cells, but there are 2 columns`}},
		{"tsv", "question\ttopic\tintent\tslots\tnames\tvoice\n" +
			"a\thelth\t\t\t\t\nb\t\t\t\t\t\nc\t\thealth.off\t\t\t\nd\tcost\thealth.of\t\t\t\n\thealth\t\t\t\t\na\thealth\t\tx\tpod\tloud\ne\tabstain\t\ta=b\t\t\n\xff\thealth\t\ta=b; a=c\t\t\n",
			[]string{`x.tsv:2:1: topic: unknown topic "helth"; did you mean health?`, `x.tsv:3:1: nothing says where the question has to go; write a topic`,
				`x.tsv:4:1: intent: unknown intent "health.off"; did you mean health.of?`, `x.tsv:5:1: topic: intent health.of has the topic health, not cost`,
				`x.tsv:6:1: question: there is no question`, `x.tsv:7:1: names: "pod" is not a kind and a name`, `x.tsv:7:1: question: it is asked twice, first at `,
				`x.tsv:7:1: slots: "x" is not a slot and its value`, `x.tsv:7:1: voice: unknown voice "loud"`, `x.tsv:8:1: slots: a question that nothing may answer has no slots`,
				`x.tsv:9:1: question: the text is not UTF-8`, `x.tsv:9:1: slots: " a=c" is not a slot and its value`}},
		{"jsonl", "{\"question\": \"a\", \"topic\": 1, \"Topic\": \"health\", \"question\": null}\n[]\n{\"question\"\n{} {}\n{\"slots\": [], \"names\": \"x\", \"topic\": \"cost\", \"question\": \"b\"}\nnull\n",
			[]string{`x.jsonl:1:1: nothing says where`, `x.jsonl:1:1: the key "question" is written twice`, `x.jsonl:1:1: unknown key "Topic"; did you mean topic?`,
				`x.jsonl:1:1: question: a text is expected`, `x.jsonl:1:1: topic: a text is expected`,
				`x.jsonl:2:1: read json: this is no object`, `x.jsonl:3:1: read json: `, `x.jsonl:4:1: read json: something follows`,
				`x.jsonl:5:1: names: a list of texts is expected`, `x.jsonl:5:1: slots: an object of texts is expected`, `x.jsonl:6:1: read json: this is no object`}},
		{"yaml", "- question: a\n  topic: [health]\n- questions: b\n  topic: health\n- c\n", []string{
			`x.yaml:1:3: nothing says where`, `x.yaml:2:10: topic: text is expected, not a list`, `x.yaml:3:3: unknown key "questions"; did you mean question?`,
			`x.yaml:3:3: question: there is no question`, `x.yaml:5:3: `, `x.yaml:5:3: `, `x.yaml:5:3: `}},
		{"yaml", "a: b", []string{`x.yaml:1:1: a list is expected`}},
		{"yaml", "", []string{`x.yaml: there are no cases in it`}},
		{"tsv", "", []string{`x.tsv:1:1: there is no column "question"`, `x.tsv:1:1: unknown column ""`}},
		{"tsv", "question\ttopic\n", []string{`x.tsv: there are no cases in it`}},
		{"jsonl", "\n\n", []string{`x.jsonl: there are no cases in it`}},
		{"csv", "", []string{`x.csv: the name does not say what is in it; name it .yaml, .tsv or .jsonl`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := file(t, "x."+c.name, c.content)
			suites, err := eval.Load(catalog(t), path)
			require.Error(t, err)
			_ = suites
			lines := strings.Split(err.Error(), "\n")
			for i := range lines {
				lines[i] = strings.TrimPrefix(lines[i], filepath.Dir(path)+"/")
			}
			if assert.Len(t, lines, len(c.want), err.Error()) {
				for i, want := range c.want {
					assert.True(t, strings.HasPrefix(lines[i], want), "%s\nwant %s", lines[i], want)
				}
			}
		})
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	here := file(t, "a.yaml", casesYAML)
	other := file(t, "a-questions.tsv", casesTSV)
	_, err := eval.Load(catalog(t), here, other, "nowhere.yaml", filepath.Dir(here)+"/..yaml")
	require.ErrorContains(t, err, other+": its suite has the name of that of "+here+"; rename one of the files")
	require.ErrorContains(t, err, "nowhere.yaml: open the file: no such file or directory")
	_, err = eval.Load(catalog(t), "../eval/testdata/folder.yaml")
	require.ErrorContains(t, err, "no such file")
}

func TestBuiltIn(t *testing.T) {
	suites, err := eval.BuiltIn(catalog(t))
	require.NoError(t, err)
	asked, outside := map[string]int{}, map[string]int{}
	for _, s := range suites {
		asked[s.Name] = len(s.Cases)
		for _, c := range s.Cases {
			if !c.InScope() {
				outside[s.Name]++
			}
			assert.True(t, s.Name != "real" || c.Source != "" && c.Provider != "", c.Question)
			assert.True(t, s.Name != "paraphrases" || c.Voice != "" && c.Of != "", c.Question)
			assert.FileExists(t, "../"+c.Pos.File)
		}
	}
	assert.Equal(t, 277, asked["real"])
	assert.Greater(t, outside["negatives"], 200)
	assert.Zero(t, outside["real"])
}

func TestNamesOfASuiteAreAddedToThoseSeen(t *testing.T) {
	s := eval.Suite{Cases: []eval.Case{{Names: []adapters.Name{{Kind: "deployment", Name: "checkout-api"}}}, {}}}
	names := s.Names(adapters.NewNames([]adapters.Name{{Kind: "cache", Name: "redis"}}))
	assert.Equal(t, []string{"checkout-api", "redis"}, names.Folds())
}
