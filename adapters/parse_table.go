package adapters

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// tableText is a table as it is written; grammar/README.md explains each key.
type tableText struct {
	Tool    string
	Style   style
	Help    string
	Aliases map[string][]string
	Shapes  map[string]string
	Before  string
	Globals string
	Sets    map[string]setText
	Refused map[string]string
	Verbs   map[string]verbText
	Rules   rulesText `yaml:",inline"`
}

type verbText struct {
	Class Class
	Why   string
	Flags string
	Args  string
	Rules rulesText `yaml:",inline"`
}

type setText struct {
	Flags string
	Rules rulesText `yaml:",inline"`
}

// UnmarshalYAML takes a text alone for the flags.
func (s *setText) UnmarshalYAML(decode func(any) error) error {
	if decode(&s.Flags) == nil {
		return nil
	}
	type plain setText
	return decode((*plain)(s))
}

// grammar is a table that was read.
type grammar struct {
	tool            string
	style           style
	aliases         map[string][]string // by the other spelling: the words it may stand for
	shapes          map[string]*regexp.Regexp
	before, globals flags
	refused         map[string]string // flags
	sets            map[string]set
	root            *node
	rules           []rule
}

type set struct {
	flags flags
	rules rulesText
}

// node is a word of a verb. It may be a verb by itself, and the beginning of longer ones.
type node struct {
	next    map[string]*node
	verb    *verb
	refused string                // why all that begins so is refused
	load    func() (*node, error) // what follows is in a file of its own, see [grammar.addParts]
}

type verb struct {
	class Class
	why   string
	flags flags
	args  []param
	tail  *param // after --
	rules []rule
}

// newGrammar reads a table. The error tells all that is wrong with it.
func newGrammar(text []byte) (*grammar, error) {
	var t tableText
	if err := yaml.UnmarshalWithOptions(text, &t, yaml.DisallowUnknownField()); err != nil {
		return nil, err
	}
	g := &grammar{tool: t.Tool, style: t.Style, aliases: map[string][]string{}, shapes: map[string]*regexp.Regexp{}, refused: map[string]string{},
		sets: map[string]set{}, root: &node{}, before: flags{}, globals: flags{}}
	if !t.Style.known() {
		return nil, fmt.Errorf("unknown style %q", t.Style)
	}
	if err := g.words(t); err != nil {
		return nil, err
	}
	return g, errors.Join(g.addRefused(t.Refused), g.addVerbs(t.Verbs), g.addRules(t.Rules), g.ambiguous(g.root), g.addParts())
}

// words reads what verbs are made of.
func (g *grammar) words(t tableText) error {
	for _, name := range slices.Sorted(maps.Keys(t.Shapes)) {
		pattern, err := regexp.Compile(`^(?:` + t.Shapes[name] + `)$`)
		if err != nil {
			return fmt.Errorf("shape %s: %w", name, err)
		}
		g.shapes[name] = pattern
	}
	for _, word := range slices.Sorted(maps.Keys(t.Aliases)) {
		for _, other := range t.Aliases[word] {
			g.aliases[other] = append(g.aliases[other], word)
		}
	}
	errs := []error{g.addFlags(g.before, t.Before), g.addFlags(g.globals, t.Globals), g.addFlags(g.globals, t.Help)}
	for name := range strings.SplitSeq(t.Help, "/") {
		if name != "" && g.globals[name].flag != nil {
			g.globals[name].help = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Sets)) {
		s := set{flags: flags{}, rules: t.Sets[name].Rules}
		errs = append(errs, g.addFlags(s.flags, t.Sets[name].Flags))
		g.sets[name] = s
	}
	return errors.Join(errs...)
}

func (g *grammar) addFlags(to flags, text string) error {
	for word := range strings.FieldsSeq(text) {
		if word[0] != '-' {
			return fmt.Errorf("%q is not a flag", word)
		}
		f, spellings, err := newFlag(word, g.shapes)
		if err == nil {
			err = to.add(f, spellings, g.style)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *grammar) addRefused(refused map[string]string) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(refused)) {
		why := refused[key]
		if why == "" {
			errs = append(errs, fmt.Errorf("refused %s: why is missing", key))
		}
		if strings.HasPrefix(key, "-") {
			for name := range strings.SplitSeq(key, "/") {
				if g.globals[name].flag != nil || g.before[name].flag != nil {
					errs = append(errs, fmt.Errorf("flag %s is refused and accepted", name))
				}
				g.refused[name] = why
			}
			continue
		}
		all, err := paths(key)
		errs = append(errs, err)
		for _, path := range all {
			g.root.at(path).refused = why
		}
	}
	return errors.Join(errs...)
}

// wordPattern is a word of a verb, or several in its place: (pause|resume).
var wordPattern = regexp.MustCompile(`^(\([A-Za-z0-9._-]+(\|[A-Za-z0-9._-]+)+\)|[A-Za-z0-9][A-Za-z0-9._-]*)$`)

// paths are the paths that a key stands for: "rollout (pause|resume)" is two.
func paths(key string) ([][]string, error) {
	all := [][]string{nil}
	for word := range strings.FieldsSeq(key) {
		if !wordPattern.MatchString(word) {
			return nil, fmt.Errorf("verb %s: %q is no word of a verb", key, word)
		}
		var longer [][]string
		for one := range strings.SplitSeq(strings.Trim(word, "()"), "|") {
			for _, path := range all {
				longer = append(longer, append(slices.Clone(path), one))
			}
		}
		all = longer
	}
	return all, nil
}

// at returns the node of a path, which it makes when it is not there.
func (n *node) at(path []string) *node {
	for _, word := range path {
		if n.next == nil {
			n.next = map[string]*node{}
		}
		if n.next[word] == nil {
			n.next[word] = &node{}
		}
		n = n.next[word]
	}
	return n
}

func (g *grammar) addVerbs(verbs map[string]verbText) error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(verbs)) {
		v, err := g.newVerb(verbs[key])
		if err != nil {
			errs = append(errs, fmt.Errorf("verb %s: %w", key, err))
			continue
		}
		all, err := paths(key)
		errs = append(errs, err)
		for _, path := range all {
			errs = append(errs, g.place(v, path))
		}
	}
	return errors.Join(errs...)
}

// place puts a verb where its path leads. A verb that cannot be reached is a mistake.
func (g *grammar) place(v *verb, path []string) error {
	for i := range path {
		if why := g.root.at(path[:i+1]).refused; why != "" {
			return fmt.Errorf("verb %s: it is refused as well: %s", strings.Join(path, " "), why)
		}
	}
	n := g.root.at(path)
	if n.verb != nil || len(path) == 0 {
		return fmt.Errorf("verb %s: it is there twice", strings.Join(path, " "))
	}
	n.verb = v
	return nil
}

func (g *grammar) newVerb(text verbText) (*verb, error) {
	if rank(text.Class) < 0 || text.Class == classDeny {
		return nil, fmt.Errorf("class is %q; it must be read, sensitive_read, write or destroy", text.Class)
	}
	if text.Why == "" {
		return nil, errors.New("why is missing")
	}
	v := &verb{class: text.Class, why: text.Why, flags: flags{}}
	var inherited []rulesText
	for word := range strings.FieldsSeq(text.Flags) {
		rules, err := g.addWord(v.flags, word)
		if err != nil {
			return nil, err
		}
		inherited = append(inherited, rules)
	}
	for _, global := range []flags{g.globals, g.before} {
		for _, name := range slices.Sorted(maps.Keys(global)) {
			if v.flags[name].flag != nil {
				return nil, fmt.Errorf("flag %s is for all verbs already", name)
			}
		}
	}
	return v, errors.Join(g.addArgs(v, text.Args), v.addRules(g, text.Rules, inherited))
}

// addWord adds a flag, or the flags of a set, whose rules it returns.
func (g *grammar) addWord(to flags, word string) (rulesText, error) {
	if word[0] == '-' {
		return rulesText{}, g.addFlags(to, word)
	}
	s, ok := g.sets[word]
	if !ok {
		return rulesText{}, fmt.Errorf("unknown set %q", word)
	}
	for _, name := range slices.Sorted(maps.Keys(s.flags)) {
		if to[name].flag != nil {
			return rulesText{}, fmt.Errorf("flag %s is there twice", name)
		}
		to[name] = s.flags[name]
	}
	return s.rules, nil
}

func (g *grammar) addArgs(v *verb, text string) error {
	before, after, tailed := strings.Cut(text, "-- ")
	for word := range strings.FieldsSeq(before) {
		p, err := newParam(word, g.shapes)
		if err != nil {
			return fmt.Errorf("args: %w", err)
		}
		if n := len(v.args); n > 0 && (v.args[n-1].further || !v.args[n-1].least && p.least) {
			return fmt.Errorf("args %q: only the last may be left out or repeated", text)
		}
		v.args = append(v.args, p)
	}
	if !tailed {
		return nil
	}
	p, err := newParam(strings.TrimSpace(after), g.shapes)
	if err != nil {
		return fmt.Errorf("args: %w", err)
	}
	v.tail = &p
	return nil
}

// ambiguous refuses an alias that stands for two words of one place, or for a word that is there itself.
func (g *grammar) ambiguous(n *node) error {
	var errs []error
	for _, other := range slices.Sorted(maps.Keys(g.aliases)) {
		if len(g.meant(n, other)) > 1 {
			errs = append(errs, fmt.Errorf("alias %s may be any of %s", other, strings.Join(g.meant(n, other), ", ")))
		}
	}
	for _, word := range slices.Sorted(maps.Keys(n.next)) {
		errs = append(errs, g.ambiguous(n.next[word]))
	}
	return errors.Join(errs...)
}

// meant are the words of a node that a word may stand for: itself, else those it is an alias of.
func (g *grammar) meant(n *node, word string) []string {
	if n.next[word] != nil {
		return []string{word}
	}
	var words []string
	for _, canonical := range g.aliases[word] {
		if n.next[canonical] != nil {
			words = append(words, canonical)
		}
	}
	return words
}
