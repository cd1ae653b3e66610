package intents

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"clanker/adapters"
	"clanker/intents/strict"

	"github.com/goccy/go-yaml/ast"
)

// isVocabulary reports whether a file holds words, not intents: vocabulary.yaml, and every file in a folder vocabulary.
func isVocabulary(name string) bool {
	parts := strings.Split(name, "/")
	return parts[len(parts)-1] == "vocabulary.yaml" || slices.Contains(parts[:len(parts)-1], "vocabulary")
}

// KindWord is what a spelling of a kind says: a droplet is an instance on DigitalOcean.
type KindWord struct {
	Kind     adapters.Kind
	Provider string // empty for most
}

// Vocabulary is the words that intents share. Spellings are lower case, words separated by one blank.
type Vocabulary struct {
	Concepts  map[string][]string // by name, spellings sorted
	Kinds     map[string]KindWord // by spelling
	Providers map[string]string   // spelling to provider
	Fillers   []string            // mean nothing, dropped unless a pattern needs them; sorted
	Stopwords []string            // never a name; sorted
	Nouns     []string            // of the words above, what things are called too: "the search deployment"; sorted
	Outside   []string            // whole sentences that are nobody's, for the learned part to know the difference; sorted
	defined   map[string]Position // by key: concepts.healthy, kinds.pod, providerKinds.aws.bucket, providers.aws
}

func newVocabulary() *Vocabulary {
	return &Vocabulary{Concepts: map[string][]string{}, Kinds: map[string]KindWord{}, Providers: map[string]string{},
		defined: map[string]Position{}}
}

func (v *Vocabulary) providers() []string {
	return slices.Compact(slices.Sorted(maps.Values(v.Providers)))
}

func (v *Vocabulary) conceptNames() []string { return slices.Sorted(maps.Keys(v.Concepts)) }

// read adds what a file of words holds:
//
//	concepts: {healthy: [healthy, ok, up and running]}
//	kinds: {pod: [pod, pods, po]}
//	providerKinds: {digitalocean: {instance: [droplet, droplets]}}
//	providers: {kubernetes: [kubernetes, k8s]}
//	fillers: [please, can you]
//	stopwords: [it, this]
//	nouns: [search]
//	outside: [what is the weather in Rome]
func (v *Vocabulary) read(r *reader, top ast.Node) { r.Mapping("", top, v.fields(r)) }

func (v *Vocabulary) fields(r *reader) []field {
	entries := func(read func(where string) func(scalar, ast.Node)) func(string, ast.Node) {
		return func(where string, node ast.Node) { r.Entries(where, node, read(where)) }
	}
	ofKinds := func() object { return mapOf(wordOf(kinds), anyTexts()) }
	return []field{
		{Name: "concepts", Read: entries(func(w string) func(scalar, ast.Node) { return v.concept(r, w) }),
			Takes: func() object { return mapOf(object{"pattern": "^[a-z_][a-z0-9_]*$"}, anyTexts()) }, Doc: "Spellings of what @name stands for."},
		{Name: "kinds", Read: entries(func(w string) func(scalar, ast.Node) { return v.kind(r, w, "") }), Takes: ofKinds, Doc: "Words for kinds."},
		{Name: "providerKinds", Takes: func() object { return mapOf(nil, ofKinds()) }, Doc: "Words for kinds of one provider: droplet.",
			Read: entries(func(w string) func(scalar, ast.Node) {
				return func(provider scalar, value ast.Node) {
					w := strict.Join(w, provider.Text)
					r.Entries(w, value, v.kind(r, w, provider.Text))
				}
			})},
		{Name: "providers", Read: entries(func(w string) func(scalar, ast.Node) { return v.provider(r, w) }),
			Takes: func() object { return mapOf(nil, anyTexts()) }, Doc: "Words for providers."},
		{Name: "fillers", Read: func(w string, n ast.Node) { v.Fillers = union(v.Fillers, v.fillers(r, w, n)) }, Takes: anyTexts, Doc: "Words that mean nothing."},
		{Name: "stopwords", Read: func(w string, n ast.Node) { v.Stopwords = union(v.Stopwords, v.spellings(r, w, n)) }, Takes: anyTexts, Doc: "Words that are never a name."},
		{Name: "outside", Read: func(w string, n ast.Node) { v.Outside = union(v.Outside, asWritten(r.Texts(w, n))) }, Takes: anyTexts,
			Doc: "Questions that no intent may take, as people ask them of everything but infrastructure."},
		{Name: "nouns", Read: func(w string, n ast.Node) { v.Nouns = union(v.Nouns, v.spellings(r, w, n)) }, Takes: anyTexts, Doc: "Words that things are called too."},
	}
}

func asWritten(texts []scalar) []string {
	var all []string
	for _, text := range texts {
		all = append(all, text.Text)
	}
	return all
}

// define notes where a key is, and reads its spellings. A key that another file of the layer has is a fault: whose
// spellings count would be a matter of their names.
func (v *Vocabulary) define(r *reader, where string, key scalar, value ast.Node) []string {
	where = strict.Join(where, key.Text)
	if at, taken := v.defined[where]; taken {
		r.Fault(key.Pos, where, "put the words of both in one place", "the key is taken by %s:%d", at.File, at.Line)
		return nil
	}
	v.defined[where] = key.Pos
	return v.spellings(r, where, value)
}

// overlay puts the words of a later layer over these: what it defines under a key replaces what has that key, its lists
// are added.
func (v *Vocabulary) overlay(over *Vocabulary, faults *Errors) {
	maps.DeleteFunc(v.Kinds, func(_ string, word KindWord) bool { return over.defines(word.key()) })
	maps.DeleteFunc(v.Providers, func(_, provider string) bool { return over.defines("providers." + provider) })
	for _, spelling := range slices.Sorted(maps.Keys(over.Kinds)) {
		if other, taken := v.Kinds[spelling]; taken {
			key := over.Kinds[spelling].key()
			*faults = append(*faults, Fault{Pos: over.defined[key], Where: key, Message: fmt.Sprintf("%q already spells the kind %q", spelling, other.Kind),
				Remedy: fmt.Sprintf("write %s here too, without it", other.key())})
		}
	}
	maps.Copy(v.Concepts, over.Concepts)
	maps.Copy(v.Kinds, over.Kinds)
	maps.Copy(v.Providers, over.Providers)
	v.Fillers = union(v.Fillers, over.Fillers)
	v.Stopwords = union(v.Stopwords, over.Stopwords)
	v.Nouns = union(v.Nouns, over.Nouns)
	v.Outside = union(v.Outside, over.Outside)
}

func (v *Vocabulary) defines(key string) bool {
	_, ok := v.defined[key]
	return ok
}

// key is where vocabulary.yaml holds the spellings of the kind.
func (w KindWord) key() string {
	if w.Provider == "" {
		return "kinds." + string(w.Kind)
	}
	return fmt.Sprintf("providerKinds.%s.%s", w.Provider, w.Kind)
}

func union(a, b []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(a, b))))
}

// fillers refuses the words that turn a question around: they must be explained, never dropped.
func (v *Vocabulary) fillers(r *reader, where string, node ast.Node) []string {
	fillers := v.spellings(r, where, node)
	for _, filler := range fillers {
		for word := range strings.FieldsSeq(filler) {
			if slices.Contains(negations, word) {
				r.Fault(r.Pos(node), where, "remove it, and take it in the patterns that handle it", "%q negates: it is no filler", filler)
			}
		}
	}
	return fillers
}

var negations = []string{"but", "except", "never", "no", "none", "nor", "not", "without"}

func (v *Vocabulary) concept(r *reader, where string) func(scalar, ast.Node) {
	return func(key scalar, value ast.Node) {
		if !isKey(key.Text) {
			r.Fault(key.Pos, where, "use small letters, digits and _", "%q cannot name a concept", key.Text)
			return
		}
		if spellings := v.define(r, where, key, value); v.Concepts[key.Text] == nil {
			v.Concepts[key.Text] = spellings
		}
	}
}

func (v *Vocabulary) provider(r *reader, where string) func(scalar, ast.Node) {
	return func(key scalar, value ast.Node) {
		for _, spelling := range v.define(r, where, key, value) {
			if other, taken := v.Providers[spelling]; taken {
				r.Fault(r.Pos(value), strict.Join(where, key.Text), "keep it in one place", "%q already spells the provider %q", spelling, other)
			}
			v.Providers[spelling] = key.Text
		}
	}
}

func (v *Vocabulary) kind(r *reader, where, provider string) func(scalar, ast.Node) {
	return func(key scalar, value ast.Node) {
		kind := adapters.Kind(key.Text)
		if !slices.Contains(kinds, kind) {
			r.Fault(key.Pos, where, suggest(key.Text, "", kindNames()), "unknown kind %q", key.Text)
			return
		}
		for _, spelling := range v.define(r, where, key, value) {
			if other, taken := v.Kinds[spelling]; taken {
				r.Fault(r.Pos(value), strict.Join(where, key.Text), "keep it in one place", "%q already spells the kind %q", spelling, other.Kind)
			}
			v.Kinds[spelling] = KindWord{kind, provider}
		}
	}
}

// spellings reads a list of words and phrases, sorted and without repetition.
func (v *Vocabulary) spellings(r *reader, where string, node ast.Node) []string {
	var spellings []string
	for _, text := range r.Texts(where, node) {
		words := strings.Fields(text.Text)
		if len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return !isWord(w) }) {
			r.Fault(text.Pos, where, "write lower-case words without punctuation, \"is not\" for \"isn't\"",
				"%q can never match", text.Text)
			continue
		}
		spellings = append(spellings, strings.Join(words, " "))
	}
	slices.Sort(spellings)
	return slices.Compact(spellings)
}

// kinds are those of package adapters, as a list. A test compares it with the constants.
var kinds = []adapters.Kind{
	adapters.KindCluster, adapters.KindNamespace, adapters.KindNode, adapters.KindNodePool, adapters.KindDeployment,
	adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindReplicaSet, adapters.KindPod, adapters.KindJob,
	adapters.KindCronJob, adapters.KindService, adapters.KindIngress, adapters.KindGateway, adapters.KindVolumeClaim,
	adapters.KindVolume, adapters.KindAutoscaler, adapters.KindBudget, adapters.KindEvent, adapters.KindRelease,
	adapters.KindConfig, adapters.KindInstance, adapters.KindDatabase, adapters.KindCache, adapters.KindQueue,
	adapters.KindBucket, adapters.KindBackup, adapters.KindFunction, adapters.KindBalancer, adapters.KindDNSZone,
	adapters.KindRepository, adapters.KindPullRequest,
	adapters.KindWorkflow, adapters.KindImage, adapters.KindRegistry, adapters.KindSecret, adapters.KindKey,
	adapters.KindCertificate, adapters.KindIdentity, adapters.KindRole, adapters.KindPolicy, adapters.KindNetwork,
	adapters.KindSubnet, adapters.KindFirewall, adapters.KindAddress, adapters.KindSnapshot, adapters.KindLogStore,
	adapters.KindAlert, adapters.KindTopic, adapters.KindTable, adapters.KindStack, adapters.KindDomain,
	adapters.KindRecord, adapters.KindAccount, adapters.KindInvoice, adapters.KindIssue, adapters.KindCommit,
	adapters.KindBranch, adapters.KindRunner, adapters.KindWebhook, adapters.KindApp, adapters.KindAdvice,
}

func kindNames() []string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = string(kind)
	}
	slices.Sort(names)
	return names
}
