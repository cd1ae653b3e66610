package intents

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Op says what a node of a pattern is.
type Op uint8

// The operators of the pattern language.
const (
	OpWord     Op = iota // Text, one token
	OpConcept            // any spelling of the concept called Text
	OpSlot               // a value of type Slot
	OpSeq                // Kids one after the other
	OpAny                // one of Kids
	OpOptional           // Kids[0] or nothing
)

// Node is a part of a parsed pattern.
type Node struct {
	Op     Op
	Text   string // the word, concept or name of the slot
	Slot   SlotType
	Kids   []*Node
	offset int // bytes from the start of the pattern
}

// Pattern is one parsed pattern, or an example that the matcher turned into one.
type Pattern struct {
	Text string
	Pos  Position
	Root *Node
}

// What a pattern may be at most. They keep a question's cost bounded whatever a catalogue holds.
const (
	maxPatterns          = 500 // of an intent: each is compared with each
	maxPatternBytes      = 600
	maxPatternAtoms      = 64      // words, concepts and slots: the states of its automaton
	maxPatternDepth      = 8       // nested brackets
	maxPatternExpansions = 1 << 20 // distinct sequences that it stands for
)

// patternError is a fault at a byte offset of the pattern's text.
type patternError struct {
	offset  int
	message string
	remedy  string
}

func (e *patternError) Error() string {
	return fmt.Sprintf("at byte %d: %s; %s", e.offset, e.message, e.remedy)
}

// ParsePattern parses the token grammar described in the package comment. It checks form and size; that concepts exist
// is checked against the vocabulary when a catalogue is loaded.
func ParsePattern(text string) (*Node, error) {
	if len(text) > maxPatternBytes {
		return nil, &patternError{maxPatternBytes, fmt.Sprintf("the pattern is longer than %d bytes", maxPatternBytes), "split it in two"}
	}
	p := &patternParser{text: text}
	root, err := p.alternatives(0)
	if err == nil && p.pos < len(text) {
		err = &patternError{p.pos, fmt.Sprintf("%q closes nothing", text[p.pos:p.pos+1]), "remove it, or open a bracket before it"}
	}
	if err != nil {
		return nil, err
	}
	if err := bounded(root); err != nil {
		return nil, err
	}
	return root, nil
}

func bounded(root *Node) error {
	if count := atoms(root); count > maxPatternAtoms {
		return &patternError{0, fmt.Sprintf("the pattern has %d words, concepts and slots, more than %d", count, maxPatternAtoms), "split it in two"}
	}
	if expansions(root) > maxPatternExpansions {
		return &patternError{0, "the pattern stands for more than a million sentences", "split it in two, or name a concept for its alternatives"}
	}
	if !rooted(root) {
		return &patternError{0, "the pattern can match without a word of its own", "require at least one word, @concept or {kind} outside [ ]"}
	}
	return nil
}

type patternParser struct {
	text  string
	pos   int
	depth int
}

// alternatives reads sequences separated by | up to the closing byte, which it leaves; 0 means the end of the text.
func (p *patternParser) alternatives(closing byte) (*Node, error) {
	start := p.pos
	var kids []*Node
	for {
		seq, err := p.sequence()
		if err != nil {
			return nil, err
		}
		if len(seq.Kids) == 0 {
			return nil, &patternError{p.pos, "nothing to match here", "write a word, @concept or {slot}; use [ ] for what may be missing"}
		}
		kids = append(kids, seq)
		if p.pos < len(p.text) && p.text[p.pos] == '|' {
			if closing != ')' && closing != ']' {
				return nil, &patternError{p.pos, "| stands outside brackets", "put the alternatives in ( )"}
			}
			p.pos++
			continue
		}
		if len(kids) == 1 {
			return kids[0], nil
		}
		return &Node{Op: OpAny, Kids: kids, offset: start}, nil
	}
}

func (p *patternParser) sequence() (*Node, error) {
	seq := &Node{Op: OpSeq, offset: p.pos}
	for {
		for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\n' || p.text[p.pos] == '\t') {
			p.pos++
		}
		if p.pos == len(p.text) || strings.IndexByte(")]|", p.text[p.pos]) >= 0 {
			return seq, nil
		}
		kid, err := p.item()
		if err != nil {
			return nil, err
		}
		seq.Kids = append(seq.Kids, kid)
	}
}

func (p *patternParser) item() (*Node, error) {
	switch p.text[p.pos] {
	case '(':
		return p.group(')')
	case '[':
		start := p.pos
		kid, err := p.group(']')
		if err != nil {
			return nil, err
		}
		return &Node{Op: OpOptional, Kids: []*Node{kid}, offset: start}, nil
	case '{':
		return p.slot()
	case '@':
		start := p.pos
		p.pos++
		name := p.word()
		if name == "" {
			return nil, &patternError{start, "@ without the name of a concept", "write @healthy, or drop the @"}
		}
		return &Node{Op: OpConcept, Text: name, offset: start}, nil
	}
	return p.literal()
}

func (p *patternParser) group(closing byte) (*Node, error) {
	start := p.pos
	if p.depth++; p.depth > maxPatternDepth {
		return nil, &patternError{start, fmt.Sprintf("brackets are nested deeper than %d", maxPatternDepth), "split the pattern in two"}
	}
	p.pos++
	kid, err := p.alternatives(closing)
	if err != nil {
		return nil, err
	}
	if p.pos == len(p.text) || p.text[p.pos] != closing {
		return nil, &patternError{start, fmt.Sprintf("%q is not closed", p.text[start:start+1]), fmt.Sprintf("add %q", string(closing))}
	}
	p.pos++
	p.depth--
	return kid, nil
}

func (p *patternParser) slot() (*Node, error) {
	start := p.pos
	end := strings.IndexByte(p.text[start:], '}')
	if end < 0 {
		return nil, &patternError{start, `"{" is not closed`, `add "}"`}
	}
	p.pos = start + end + 1
	name, kind, typed := strings.Cut(p.text[start+1:start+end], ":")
	if !typed {
		kind = name
	}
	slot, ok := slotTypes[kind]
	if !ok || !isKey(name) {
		return nil, &patternError{start, fmt.Sprintf("unknown slot type %q", kind), suggest(kind, "", slotTypeNames())}
	}
	return &Node{Op: OpSlot, Text: name, Slot: slot, offset: start}, nil
}

func (p *patternParser) literal() (*Node, error) {
	start := p.pos
	word := p.word()
	if word == "" || !isWord(word) {
		return nil, &patternError{start, fmt.Sprintf("%q is not a word", firstRune(p.text[start:])),
			"write lower-case words as they are after normalisation: no punctuation, \"is not\" for \"isn't\""}
	}
	return &Node{Op: OpWord, Text: word, offset: start}, nil
}

// word takes bytes up to the next bracket, bar or blank.
func (p *patternParser) word() string {
	start := p.pos
	for p.pos < len(p.text) && strings.IndexByte("()[]{}|@ \n\t", p.text[p.pos]) < 0 {
		p.pos++
	}
	return p.text[start:p.pos]
}

// isWord reports whether normalisation can produce the word: lower case, with joiners only between letters and digits.
func isWord(word string) bool {
	const joiners = "-_./:"
	if word == "" || strings.Trim(word, joiners) != word || word[0] == '%' {
		return false
	}
	for _, r := range word {
		small := r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > unicode.MaxASCII && unicode.ToLower(r) == r
		if !small && !strings.ContainsRune(joiners+"%", r) {
			return false
		}
	}
	return true
}

// isKey reports whether the text can name a slot or a concept.
func isKey(text string) bool {
	for i, r := range text {
		if (r < 'a' || r > 'z') && r != '_' && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != ""
}

func firstRune(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

func atoms(n *Node) int {
	if n.Op < OpSeq {
		return 1
	}
	count := 0
	for _, kid := range n.Kids {
		count += atoms(kid)
	}
	return count
}

// expansions counts the sequences a pattern stands for, up to just above the bound.
func expansions(n *Node) int {
	count := 1
	switch n.Op {
	case OpSeq:
		for _, kid := range n.Kids {
			count = min(count*expansions(kid), maxPatternExpansions+1)
		}
	case OpAny:
		count = 0
		for _, kid := range n.Kids {
			count = min(count+expansions(kid), maxPatternExpansions+1)
		}
	case OpOptional:
		count = min(1+expansions(n.Kids[0]), maxPatternExpansions+1)
	default: // an atom is one
	}
	return count
}

// rooted reports whether every sequence the pattern stands for has a word, a concept or a kind, whose words are all in
// the vocabulary: the matcher finds the pattern by one of them.
func rooted(n *Node) bool {
	switch n.Op {
	case OpWord, OpConcept:
		return true
	case OpSlot:
		return n.Slot == SlotKind
	case OpSeq:
		return slices.ContainsFunc(n.Kids, rooted)
	case OpAny:
		return !slices.ContainsFunc(n.Kids, func(kid *Node) bool { return !rooted(kid) })
	default:
		return false
	}
}

// spell writes the node down with every bracket and alternatives sorted, so that patterns that say the same are equal;
// slots with their names, or as their types alone.
func (n *Node) spell(names bool) string {
	kids := make([]string, len(n.Kids))
	for i, kid := range n.Kids {
		kids[i] = kid.spell(names)
	}
	switch n.Op {
	case OpConcept:
		return "@" + n.Text
	case OpSlot:
		if names {
			return "{" + n.Text + ":" + n.Slot.String() + "}"
		}
		return "{" + n.Slot.String() + "}"
	case OpSeq:
		return strings.Join(kids, " ")
	case OpAny:
		slices.Sort(kids)
		return "(" + strings.Join(kids, "|") + ")"
	case OpOptional:
		return "[" + kids[0] + "]"
	default:
		return n.Text
	}
}

// Walk calls visit for the node and all that is in it, in the pattern's order.
func (n *Node) Walk(visit func(*Node)) {
	visit(n)
	for _, kid := range n.Kids {
		kid.Walk(visit)
	}
}
