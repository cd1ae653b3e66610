package adapters

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// classDeny is the class of rules that refuse. No command has it.
const classDeny Class = "deny"

// rank orders the classes; -1 is no class.
func rank(class Class) int {
	return slices.Index([]Class{ClassRead, ClassSensitiveRead, ClassWrite, ClassDestroy, classDeny}, class)
}

// rulesText are rules as a table writes them: for each class, conditions and why.
type rulesText struct {
	Read          map[string]string
	SensitiveRead map[string]string `yaml:"sensitive_read"`
	Write         map[string]string
	Destroy       map[string]string
	Deny          map[string]string
}

// rule makes a command of another class, or refuses it, when all its terms hold.
type rule struct {
	class Class
	why   string
	terms []term
}

// term is a word of a condition.
type term struct {
	not     bool
	flag    string   // by name; empty: the arguments
	arg     int      // which of the arguments, from 1; 0: any
	values  *choices // nil: whether there is one
	outside bool     // a value that is none of values
}

// compile reads rules; the flags they name are looked up in known.
func (t rulesText) compile(known func(string) *flag, shapes map[string]*regexp.Regexp) ([]rule, error) {
	var rules []rule
	var errs []error
	for _, group := range []struct {
		class Class
		why   map[string]string
	}{{ClassRead, t.Read}, {ClassSensitiveRead, t.SensitiveRead}, {ClassWrite, t.Write}, {ClassDestroy, t.Destroy}, {classDeny, t.Deny}} {
		for _, text := range slices.Sorted(maps.Keys(group.why)) {
			terms, err := newTerms(text, known, shapes)
			if err == nil && group.why[text] == "" {
				err = errors.New("why is missing")
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s if %q: %w", group.class, text, err))
			}
			rules = append(rules, rule{group.class, group.why[text], terms})
		}
	}
	return rules, errors.Join(errs...)
}

func newTerms(text string, known func(string) *flag, shapes map[string]*regexp.Regexp) ([]term, error) {
	var terms []term
	not := false
	for word := range strings.FieldsSeq(text) {
		if word == "not" && !not {
			not = true
			continue
		}
		t, err := newTerm(word, known, shapes)
		if err != nil {
			return nil, err
		}
		t.not, not = not, false
		terms = append(terms, t)
	}
	if len(terms) == 0 || not {
		return nil, errors.New("it is no condition")
	}
	return terms, nil
}

func newTerm(word string, known func(string) *flag, shapes map[string]*regexp.Regexp) (t term, err error) {
	subject, values, compared := strings.Cut(word, "=")
	subject, t.outside = strings.CutSuffix(subject, "!")
	if compared {
		c, err := newChoices(values, shapes)
		if err != nil {
			return t, err
		}
		t.values = &c
	} else if t.outside {
		return t, fmt.Errorf("%q compares with nothing", word)
	}
	if number, ok := strings.CutPrefix(subject, "arg"); ok {
		if t.arg, err = strconv.Atoi(number); number == "s" {
			t.arg, err = 0, nil
		} else if err != nil || t.arg < 1 {
			err = fmt.Errorf("%q is no argument", subject)
		}
		return t, err
	}
	f := known(subject)
	if f == nil {
		return t, fmt.Errorf("%q is no flag of it", subject)
	}
	t.flag = f.name
	return t, t.possible(f)
}

// possible refuses to compare with a value that the flag cannot have: such a rule would never hold.
func (t term) possible(f *flag) error {
	if t.values == nil {
		return nil
	}
	for _, one := range t.values.any {
		switch {
		case f.arity == aSwitch && (one.shape != nil || one.before != "false"):
			return fmt.Errorf("--%s is a switch, it has no value %s", f.name, t.values.text)
		case f.arity != aSwitch && one.shape == nil && !f.values.fit(one.before):
			return fmt.Errorf("--%s cannot be %q", f.name, one.before)
		}
	}
	return nil
}

// addRules adds a verb's own rules and those of its sets. An own rule must change the class; one of a set may be for others.
func (v *verb) addRules(g *grammar, own rulesText, inherited []rulesText) error {
	known := func(name string) *flag {
		for _, all := range []flags{v.flags, g.globals, g.before} {
			if f := all[name].flag; f != nil {
				return f
			}
		}
		return nil
	}
	rules, err := own.compile(known, g.shapes)
	for _, r := range rules {
		if r.class == v.class {
			err = errors.Join(err, fmt.Errorf("a rule for %s changes nothing: the verb is of that class", r.class))
		}
	}
	errs := []error{err}
	for _, text := range inherited {
		more, err := text.compile(known, g.shapes)
		rules, errs = append(rules, more...), append(errs, err)
	}
	for _, r := range rules {
		for _, t := range r.terms {
			errs = append(errs, v.possible(t))
		}
	}
	v.rules = slices.DeleteFunc(rules, func(r rule) bool { return r.class == v.class })
	return errors.Join(errs...)
}

// possible does for arguments what [term.possible] does for flags.
func (v *verb) possible(t term) error {
	if t.flag != "" {
		return nil
	}
	if _, ok := v.param(max(t.arg-1, 0)); !ok && v.tail == nil {
		return fmt.Errorf("it has no argument %d", max(t.arg, 1))
	}
	if t.values == nil {
		return nil
	}
	params := v.args
	if v.tail != nil {
		params = append(slices.Clone(params), *v.tail)
	}
	for _, one := range t.values.any {
		if one.shape == nil && !slices.ContainsFunc(params, func(p param) bool { return p.values.fit(one.before) }) {
			return fmt.Errorf("no argument can be %q", one.before)
		}
	}
	return nil
}

// addRules adds the rules for all verbs; they may name the flags of any.
func (g *grammar) addRules(text rulesText) error {
	all := maps.Clone(g.globals)
	maps.Copy(all, g.before)
	g.root.each(func(v *verb) { maps.Copy(all, v.flags) })
	rules, err := text.compile(func(name string) *flag { return all[name].flag }, g.shapes)
	if len(text.Read) > 0 {
		err = errors.Join(err, errors.New("a rule for all verbs that says read changes nothing"))
	}
	g.rules = rules
	return err
}

func (n *node) each(visit func(*verb)) {
	if n.verb != nil {
		visit(n.verb)
	}
	for _, word := range slices.Sorted(maps.Keys(n.next)) {
		n.next[word].each(visit)
	}
}

// classify says how far the command goes that was read.
func (s *scan) classify() (Class, string, *Refusal) {
	v := s.at.verb
	decided := rule{class: v.class, why: v.why}
	weaker := s.strongest(v.rules, func(c Class) bool { return rank(c) < rank(v.class) })
	stronger := s.strongest(v.rules, func(c Class) bool { return rank(c) > rank(v.class) })
	switch {
	case stronger != nil && (weaker == nil || stronger.class == classDeny):
		decided = *stronger
	case weaker != nil:
		decided = *weaker
	}
	if r := s.strongest(s.rules, func(c Class) bool { return rank(c) > rank(decided.class) }); r != nil {
		decided = *r
	}
	if decided.class == classDeny {
		return "", "", refuseBy(-1, "", decided.why)
	}
	return decided.class, decided.why, nil
}

// strongest returns the strongest rule of these classes that holds; of equal ones the first.
func (s *scan) strongest(rules []rule, of func(Class) bool) *rule {
	var found *rule
	for i, r := range rules {
		if of(r.class) && (found == nil || rank(r.class) > rank(found.class)) && s.holds(r) {
			found = &rules[i]
		}
	}
	return found
}

func (s *scan) holds(r rule) bool {
	for _, t := range r.terms {
		if t.holds(s.values(t)) == t.not {
			return false
		}
	}
	return true
}

// values are what a term looks at.
func (s *scan) values(t term) []string {
	if t.flag != "" {
		var values []string
		for _, flag := range s.flags {
			if flag.Name == t.flag {
				values = append(values, flag.Value)
			}
		}
		return values
	}
	args := slices.DeleteFunc(slices.Clone(s.args), func(arg string) bool { return arg == "--" })
	if t.arg == 0 {
		return args
	}
	if t.arg > len(args) {
		return nil
	}
	return args[t.arg-1 : t.arg]
}

func (t term) holds(values []string) bool {
	return slices.ContainsFunc(values, func(value string) bool {
		if t.values == nil {
			return t.flag == "" || value != "false"
		}
		return t.values.fit(value) != t.outside
	})
}
