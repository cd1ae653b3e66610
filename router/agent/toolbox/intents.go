package toolbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"clanker/adapters"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/claims"
)

// mostName is how long the name of a tool may be.
const mostName = 64

const intentPrefix = "intent_"

// ToolName is the name of an intent's tool, in letters that all providers take: a dot of the id is a dash, and what else no name may
// have, or could be mistaken, is written after an underscore. No two ids have the same, but for the chance that two that are too long
// have the same hash.
func ToolName(id string) string {
	var b strings.Builder
	b.WriteString(intentPrefix)
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			b.WriteByte(c)
		case c == '.':
			b.WriteByte('-')
		case c == '_', c == '-':
			b.Write([]byte{'_', c})
		default:
			fmt.Fprintf(&b, "_x%02x", c)
		}
	}
	if b.Len() <= mostName {
		return b.String()
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(id)) // never fails
	return fmt.Sprintf("%s_h%016x", b.String()[:mostName-18], hash.Sum64())
}

// intentTool is the tool of an intent.
func intentTool(in *intents.Intent) *tool {
	t := &tool{name: ToolName(in.ID), about: in.Description, do: func(ctx context.Context, c *call) (*page, error) { return ask(ctx, c, in) }}
	example := map[string]any{}
	for _, p := range in.Parameters() {
		t.takes = append(t.takes, slotParameter(p))
		if p.Needed {
			example[p.Name] = sample(p.Type)
		}
	}
	text, _ := json.Marshal(example) // texts and numbers can be written
	t.example = string(text)
	return ready(t)
}

const mostCount = 10_000

// slotParameter is the parameter of a slot. What its name does not tell is said.
func slotParameter(p intents.Parameter) parameter {
	of := word(p.Name, "")
	switch {
	case p.Type == intents.SlotCount:
		of = number(p.Name, mostCount)
	case p.Type == intents.SlotPercent, p.Type == intents.SlotDuration, p.Type == intents.SlotTime, p.Type == intents.SlotKind:
		of.about = fmt.Sprint("like ", sample(p.Type))
	case p.Name != p.Type.String():
		of.about = "a " + p.Type.String()
	}
	of.must = p.Needed
	return of
}

// sample is a value of a type.
func sample(t intents.SlotType) any {
	switch t {
	case intents.SlotCount:
		return 10
	case intents.SlotPercent:
		return "80%"
	case intents.SlotDuration:
		return "2h"
	case intents.SlotTime:
		return "last 24 hours"
	case intents.SlotKind:
		return "pod"
	case intents.SlotProvider:
		return "kubernetes"
	case intents.SlotEnvironment:
		return "production"
	default:
		return "web"
	}
}

// ask has an intent answer.
func ask(ctx context.Context, c *call, in *intents.Intent) (*page, error) {
	slots, err := in.Fill(c.args, c.desk.Catalog().Vocabulary)
	if err != nil {
		return nil, &wrongError{what: err.Error()}
	}
	if provider, ok := slots["provider"].(string); ok {
		if _, err := c.provider(provider); err != nil {
			return nil, err
		}
	}
	c.desk.Step("asking " + in.ID)
	answer, err := c.desk.Ask(ctx, in.ID, slots)
	if err != nil {
		return nil, err
	}
	if answer.Status == router.StatusNeedsInput && answer.Needs != nil {
		return nil, &wrongError{what: answer.Summary, instead: claims.Fence(c.desk.ID(), "names", choices(answer.Needs))}
	}
	p := &page{kind: "answer", more: "narrow it by name or place, or use list_resources", lines: true, tells: len(answer.Items) + len(answer.Changes)}
	read, _ := json.Marshal([]any{answer.Items, answer.Changes, answer.Graph}) // an answer can be written
	text := c.unechoed(readable(&answer), string(read))
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		p.rows = append(p.rows, row{cells: []string{line}})
	}
	p.rows[0].ids, p.rows[0].foreign = refs(&answer), written(&answer)
	return p, nil
}

// refs are the IDs of what an answer tells of.
func refs(a *router.Answer) []string {
	var ids []string
	for _, item := range a.Items {
		ids = appendOnce(ids, item.Ref)
	}
	for _, c := range a.Changes {
		ids = appendOnce(ids, c.Ref)
	}
	if a.Graph != nil {
		for _, n := range a.Graph.Nodes {
			ids = appendOnce(ids, n.Ref)
		}
	}
	return ids
}

// written are the texts of an answer that others wrote, or are quoted in.
func written(a *router.Answer) []string {
	all := []string{a.Summary}
	for _, item := range a.Items {
		all = append(all, item.Name, item.Reason)
		for _, name := range slices.Sorted(maps.Keys(item.Fields)) {
			all = append(all, router.Value(item.Fields[name]))
		}
	}
	for _, c := range a.Changes {
		all = append(all, router.Value(c.Old), router.Value(c.New), c.Actor, c.Event)
	}
	return all
}

// choices say what can fill what a question lacks.
func choices(n *router.Needs) string {
	if len(n.Candidates) == 0 {
		return "nothing can fill it: use another tool"
	}
	return "give " + n.Slot + ", one of: " + strings.Join(n.Candidates[:min(len(n.Candidates), 10)], ", ")
}

// mostAnswer is how long the text of an answer may be, in bytes.
const mostAnswer = 4500

// readable is the text of an answer for a model, which has no cursor to go on with, and no use for the answer's id.
func readable(a *router.Answer) string {
	var kept []string
	for line := range strings.SplitSeq(router.Text(*a, router.TextLimits{Bytes: mostAnswer}), "\n") {
		switch {
		case strings.HasPrefix(line, "answer "+a.AnswerID):
		case strings.HasPrefix(line, "more: "):
			kept = append(kept, "more rows are not shown: narrow it by name or place")
		default:
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// mostFound is how many intents one search brings.
const mostFound = 6

// find looks for intents, and offers them as tools.
func find(_ context.Context, c *call) (*page, error) {
	about := c.text("about")
	c.desk.Step("looking for ready answers")
	p := &page{heads: []string{"tool", "answers", "takes"}, more: "say more of what it is about"}
	for _, in := range c.near(about) {
		if len(p.rows) == mostFound {
			break
		}
		if !c.box.offer(in) {
			continue
		}
		var takes []string
		for _, of := range in.Parameters() {
			if !isPlace(of.Name) {
				takes = append(takes, of.Name)
			}
		}
		p.rows = append(p.rows, row{cells: []string{ToolName(in.ID), in.Description, strings.Join(takes, ", ")}})
	}
	p.head = []string{adapters.Count(len(p.rows), "tool") + " found, which can be called from now on; nothing was read yet"}
	return p, nil
}

// near are the intents nearest to a text: those that the matcher finds, then those that share the rarest words with it.
func (c *call) near(about string) []*intents.Intent {
	catalog := c.desk.Catalog()
	match := c.desk.Near(about)
	var found []*intents.Intent
	for _, hit := range match.Hits {
		found = append(found, hit.Intent)
	}
	for _, candidate := range match.Tried {
		if in, ok := catalog.Intent(candidate.Intent); ok && !slices.Contains(found, in) {
			found = append(found, in)
		}
	}
	for _, in := range byWords(catalog.Intents, about) {
		if !slices.Contains(found, in) {
			found = append(found, in)
		}
	}
	return found
}

// byWords orders the intents that share words with a text: a word counts more the fewer intents have it.
func byWords(all []*intents.Intent, about string) []*intents.Intent {
	words := make([]map[string]bool, len(all))
	frequency := map[string]int{}
	for i, in := range all {
		words[i] = wordsOf(in.ID + " " + in.Description)
		for w := range words[i] {
			frequency[w]++
		}
	}
	asked := slices.Sorted(maps.Keys(wordsOf(about)))
	scores := make(map[*intents.Intent]float64, len(all))
	var found []*intents.Intent
	for i, in := range all {
		for _, w := range asked {
			if words[i][w] {
				scores[in] += math.Log(1 + float64(len(all))/float64(frequency[w]))
			}
		}
		if scores[in] > 0 {
			found = append(found, in)
		}
	}
	slices.SortStableFunc(found, func(a, b *intents.Intent) int { return cmp.Compare(scores[b], scores[a]) })
	return found
}

// wordsOf are the words of a text, without the s of a plural.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if w = strings.TrimSuffix(w, "s"); len(w) > 2 {
			words[w] = true
		}
	}
	return words
}
