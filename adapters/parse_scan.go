package adapters

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// scan reads one argv.
type scan struct {
	*grammar
	argv  []string
	i     int // of the word that is read
	at    *node
	path  []string
	fixed bool // no word of the verb can follow
	flags []Flag
	args  []string
	tail  bool // after --
	help  bool
}

func (g *grammar) parse(argv []string) (Command, *Refusal) {
	s := &scan{grammar: g, argv: argv, at: g.root, i: 1}
	for ; s.i < len(argv); s.i++ {
		if refusal := s.word(argv[s.i]); refusal != nil {
			return Command{}, refusal
		}
	}
	if s.at.verb == nil && !s.help {
		return Command{}, refuse(-1, "%s is not a whole command; %s", s.name(), s.choices())
	}
	c := Command{Argv: argv, Tool: g.tool, Path: s.path, Args: s.args, Class: ClassRead, Why: "prints help only"}
	if !s.help {
		if refusal := s.fitArgs(); refusal != nil {
			return Command{}, refusal
		}
		var refusal *Refusal
		if c.Class, c.Why, refusal = s.classify(); refusal != nil {
			return Command{}, refusal
		}
	}
	slices.SortStableFunc(s.flags, func(a, b Flag) int { return strings.Compare(a.Name, b.Name) })
	c.Argv, c.Flags = slices.Clone(argv), s.flags
	return c, nil
}

// refuse makes a refusal of a format: why, and after "; " what to do instead. What the arguments hold does not divide it.
func refuse(at int, format string, args ...any) *Refusal {
	why, fix, _ := strings.Cut(format, "; ")
	whys := strings.Count(why, "%")
	return &Refusal{Why: fmt.Sprintf(why, args[:whys]...), Fix: fmt.Sprintf(fix, args[whys:]...), At: at}
}

func (s *scan) refuse(format string, args ...any) *Refusal { return refuse(s.i, format, args...) }

// refuseBy refuses subject by what a table says of it.
func refuseBy(at int, subject, text string) *Refusal {
	why, fix, _ := strings.Cut(text, "; ")
	return &Refusal{Why: strings.TrimSpace(subject + " " + why), Fix: fix, At: at}
}

// name is what was understood of the verb.
func (s *scan) name() string { return strings.Join(append([]string{s.tool}, s.path...), " ") }

// choices says how the verb may go on, when that is little to say.
func (s *scan) choices() string {
	words := slices.DeleteFunc(slices.Sorted(maps.Keys(s.at.next)), func(word string) bool { return s.at.next[word].refused != "" })
	if len(words) == 0 || len(words) > 40 {
		return "use a command that the grammar knows"
	}
	return "use one of " + strings.Join(words, ", ")
}

func (s *scan) word(word string) *Refusal {
	switch {
	case s.tail:
		s.args = append(s.args, word)
	case word == "--":
		return s.dashes()
	case len(word) > 1 && word[0] == '-':
		return s.flag(word)
	case !s.fixed && len(s.meant(s.at, word)) == 1:
		return s.descend(s.meant(s.at, word)[0])
	case s.at.verb == nil:
		return s.refuse("%s does not know %q; %s", s.name(), word, s.choices())
	case len(s.args) == 0 && len(s.meant(s.at, word)) > 0:
		return s.refuse("%q may be a word of the verb; put the verb before its flags", word)
	default:
		s.fixed, s.args = true, append(s.args, word)
	}
	return nil
}

func (s *scan) descend(word string) *Refusal {
	s.at, s.path = s.at.next[word], append(s.path, word)
	if s.at.refused != "" {
		return refuseBy(s.i, s.name(), s.at.refused)
	}
	if s.at.load == nil {
		return nil
	}
	part, err := s.at.load()
	if err != nil {
		return s.refuse("%s", err)
	}
	s.at = part
	return nil
}

// dashes begins the words that the tool gives to something else.
func (s *scan) dashes() *Refusal {
	if s.at.verb == nil || s.at.verb.tail == nil {
		return s.refuse("%s takes nothing after --; leave it out", s.name())
	}
	s.fixed, s.tail, s.args = true, true, append(s.args, "--")
	return nil
}

// flag reads a flag, or several short ones in one word.
func (s *scan) flag(word string) *Refusal {
	name, value, valued := strings.Cut(word, "=")
	switch {
	case s.style == styleGoflag && len(s.args) > 0:
		return s.refuse("%s does not read the flag %s after an argument; put it before", s.tool, name)
	case s.style == styleGoflag && s.at.verb == nil && strings.HasPrefix(word, "--"):
		return s.refuse("%s reads flags before the verb with one dash only", s.tool)
	case s.style == styleGoflag:
		return s.take("-"+strings.TrimLeft(name, "-"), value, valued)
	case strings.HasPrefix(word, "--"):
		return s.take(name, value, valued)
	case len(word) == 2 || word[2] == '=':
		return s.take(name, value, valued)
	case s.style == styleYargs:
		return s.refuse("%s is several flags in one word; write each by itself", word)
	}
	return s.shorts(word[1:])
}

// shorts reads what stands behind one dash: switches, and at the end perhaps a flag with its value.
func (s *scan) shorts(letters string) *Refusal {
	for i, letter := range letters {
		name, rest := "-"+string(letter), letters[i+utf8.RuneLen(letter):]
		found, refusal := s.lookup(name)
		if refusal != nil {
			return refusal
		}
		if found.arity != aSwitch {
			value, valued := strings.CutPrefix(rest, "=")
			return s.take(name, value, valued || rest != "")
		}
		if s.at.verb == nil && rest != "" { // cobra looks for the verb without reading these
			return s.refuse("-%s is several flags in one word before the verb; write each by itself", letters)
		}
		if strings.HasPrefix(rest, "=") {
			return s.refuse("-%s gives a switch a value; write it by itself", letters)
		}
		if refusal := s.take(name, "", false); refusal != nil {
			return refusal
		}
	}
	return nil
}

// lookup finds a flag where it stands: those of the verb fix it, those for all verbs may come before it is complete.
func (s *scan) lookup(name string) (spelling, *Refusal) {
	if s.at.verb != nil {
		if found, ok := s.at.verb.flags[name]; ok {
			s.fixed = true
			return found, nil
		}
	}
	if found, ok := s.globals[name]; ok {
		return found, nil
	}
	if found, ok := s.before[name]; ok {
		if s.at == s.root && !s.fixed {
			return found, nil
		}
		return found, s.refuse("%s stands before the verb only", name)
	}
	if why := s.refused[name]; why != "" {
		return spelling{}, refuseBy(s.i, name, why)
	}
	return spelling{}, s.refuse("%s has no flag %s that may be used here; spell flags out, after the verb", s.name(), name)
}

// take accepts a flag once, with its values.
func (s *scan) take(name, value string, valued bool) *Refusal {
	f, refusal := s.lookup(name)
	if refusal != nil {
		return refusal
	}
	if f.arity != aList && slices.ContainsFunc(s.flags, func(flag Flag) bool { return flag.Name == f.name }) {
		return s.refuse("%s is given twice; give it once", name)
	}
	switch f.arity {
	case aSwitch:
		return s.takeSwitch(f, name, value, valued)
	case aDefault:
		if !valued {
			value = f.values.any[0].before
		}
		return s.keep(f, name, value)
	case aMany:
		if !valued {
			return s.takeMany(f, name)
		}
		if s.style == styleYargs {
			return s.refuse("%s with = takes the next words too; write its values behind it", name)
		}
	default: // one value
		if !valued {
			return s.next(f, name)
		}
	}
	return s.keep(f, name, value)
}

func (s *scan) takeSwitch(f spelling, name, value string, valued bool) *Refusal {
	switch {
	case f.off && !valued:
		value = "false"
	case !valued:
		value = "true"
	case f.off || f.help || s.style == styleArgparse || value != "true" && value != "false":
		return s.refuse("%s is a switch and takes no value %q", name, value)
	}
	if following := s.peek(); s.style == styleYargs && !valued && (following == "true" || following == "false") {
		return s.refuse("%s takes %q for its value; write %s=%s", name, following, name, following)
	}
	s.help = s.help || f.help
	s.flags = append(s.flags, Flag{f.name, value})
	return nil
}

// peek is the next word, or empty.
func (s *scan) peek() string {
	if s.i+1 < len(s.argv) {
		return s.argv[s.i+1]
	}
	return ""
}

// number is what looks like a flag and is none.
var number = regexp.MustCompile(`^-[0-9]+(\.[0-9]+)?$`)

// next takes the next word for the value.
func (s *scan) next(f spelling, name string) *Refusal {
	value := s.peek()
	if value == "" {
		return s.refuse("%s lacks its value", name)
	}
	s.i++
	if value != "-" && value[0] == '-' && !number.MatchString(value) {
		return s.refuse("%q may be a flag, or the value of %s; write %s=VALUE", value, name, name)
	}
	return s.keep(f, name, value)
}

func (s *scan) takeMany(f spelling, name string) *Refusal {
	if refusal := s.next(f, name); refusal != nil {
		return refusal
	}
	for value := s.peek(); value != "" && value[0] != '-'; value = s.peek() {
		s.i++
		if refusal := s.keep(f, name, value); refusal != nil {
			return refusal
		}
	}
	return nil
}

func (s *scan) keep(f spelling, name, value string) *Refusal {
	if !f.values.fit(value) {
		return unfitting(s.i, name, value, f.values)
	}
	s.flags = append(s.flags, Flag{f.name, value})
	return nil
}

// fitArgs holds the arguments against what the verb takes.
func (s *scan) fitArgs() *Refusal {
	args, tail := s.args, []string(nil)
	if i := slices.Index(args, "--"); i >= 0 && s.tail {
		args, tail = args[:i], args[i+1:]
	}
	for i, arg := range args {
		p, ok := s.at.verb.param(i)
		if !ok {
			return refuse(-1, "%s takes no argument %q", s.name(), arg)
		}
		if !p.values.fit(arg) {
			return unfitting(-1, s.name(), arg, p.values)
		}
	}
	for i, p := range s.at.verb.args {
		if p.least && i >= len(args) {
			return refuse(-1, "%s lacks an argument; add %s", s.name(), p.values.text)
		}
	}
	for _, word := range tail {
		if !s.at.verb.tail.values.fit(word) {
			return unfitting(-1, s.name(), word, s.at.verb.tail.values)
		}
	}
	return nil
}

func (v *verb) param(i int) (param, bool) {
	if i < len(v.args) {
		return v.args[i], true
	}
	if n := len(v.args); n > 0 && v.args[n-1].further {
		return v.args[n-1], true
	}
	return param{}, false
}

// unfitting refuses a value, and says what is wrong with it.
func unfitting(at int, subject, value string, c choices) *Refusal {
	switch {
	case value == "-":
		return refuse(at, "%s does not take stdin, which is not in the proposal", subject)
	case strings.Contains(value, "://") || strings.HasPrefix(value, "@"):
		return refuse(at, "%s does not take %q; what a file or a URL holds is not in the proposal, so write it out", subject, value)
	}
	return refuse(at, "%s does not take %q; it takes %s", subject, value, c.text)
}
