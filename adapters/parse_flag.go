package adapters

import (
	"fmt"
	"regexp"
	"strings"
)

// arity is how many values a flag takes.
type arity int

const (
	aSwitch  arity = iota
	aOne           // one value
	aDefault       // a value that comes only with =, and may be left out
	aList          // may be repeated, a value each time
	aMany          // all words up to the next flag
)

// flag is a flag as a table names it.
type flag struct {
	name   string // the long one, without dashes
	arity  arity
	values choices
	help   bool // it makes the tool print help and do nothing else
}

// spelling is one way to write a flag.
type spelling struct {
	*flag
	off bool // --no-x
}

// flags are spellings of flags, with their dashes.
type flags map[string]spelling

// newFlag reads a flag of a table: -n/--namespace=<name>.
func newFlag(text string, shapes map[string]*regexp.Regexp) (*flag, []string, error) {
	names, values, valued := strings.Cut(text, "=")
	f := &flag{}
	names, opposite := strings.CutSuffix(names, "!")
	names, optional := strings.CutSuffix(names, "?")
	if valued {
		f.arity, values = arityOf(values, optional)
		var err error
		if f.values, err = newChoices(values, shapes); err != nil {
			return nil, nil, fmt.Errorf("flag %s: %w", names, err)
		}
	}
	if opposite && valued || optional && !valued || f.arity == aDefault && f.values.any[0].shape != nil {
		return nil, nil, fmt.Errorf("flag %s: ! is for switches, and ?= for values the first of which is a literal", text)
	}
	spellings := strings.Split(names, "/")
	f.name = strings.TrimLeft(spellings[len(spellings)-1], "-")
	if opposite {
		spellings = append(spellings, "--no-"+f.name)
	}
	return f, spellings, nil
}

func arityOf(values string, optional bool) (arity, string) {
	if optional {
		return aDefault, values
	}
	if text, ok := strings.CutSuffix(values, "*"); ok {
		return aList, text
	}
	if text, ok := strings.CutSuffix(values, "+"); ok {
		return aMany, text
	}
	return aOne, values
}

// add puts a flag under all its spellings; each may be there once.
func (all flags) add(f *flag, spellings []string, s style) error {
	for _, name := range spellings {
		if !s.spells(name) {
			return fmt.Errorf("%q is not a flag", name)
		}
		if _, double := all[name]; double {
			return fmt.Errorf("flag %s is there twice", name)
		}
		all[name] = spelling{f, name == "--no-"+f.name}
	}
	return nil
}

// style is how a tool reads flags.
type style string

const (
	stylePflag    style = "pflag"    // kubectl, helm, gh, doctl, hcloud
	styleArgparse style = "argparse" // aws, gcloud, az
	styleYargs    style = "yargs"    // wrangler
	styleGoflag   style = "goflag"   // terraform
)

func (s style) known() bool {
	return s == stylePflag || s == styleArgparse || s == styleYargs || s == styleGoflag
}

// spells reports whether a flag can have this name, with its dashes.
func (s style) spells(name string) bool {
	dashes := len(name) - len(strings.TrimLeft(name, "-"))
	if s == styleGoflag {
		return dashes == 1 && len(name) > 1
	}
	return dashes == 1 && len(name) == 2 || dashes == 2 && len(name) > 2
}

// param is an argument as a table names it.
type param struct {
	values         choices
	least, further bool // there must be one; there may be more
}

func newParam(word string, shapes map[string]*regexp.Regexp) (p param, err error) {
	text, last := word[:len(word)-1], word[len(word)-1]
	switch last {
	case '?':
	case '*':
		p.further = true
	case '+':
		p.least, p.further = true, true
	default:
		text, p.least = word, true
	}
	p.values, err = newChoices(text, shapes)
	return p, err
}
