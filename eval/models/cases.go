// Package models measures how well models answer what no intent covers: it asks the program the same questions over the demo estate
// with each model, and judges the answers by what has to be in them and what may not be.
//
// # Cases
//
// cases.yaml has them. They are judged without a model: a fact is a regular expression that the answer has to match, a lie one that it
// may not match, whatever the case of its letters. An answer passes with all of its facts and none of its lies. No intent covers any
// of the questions; a test holds them to that.
//
// What a model makes of orders in what it reads is not among them: nobody gives any in the demo estate. The tests of router/agent play
// forty against a model that obeys them all, and no real one does more.
//
// # Running them
//
// "make eval-models" asks the models of which a key is found, or those in MODELS, and writes RESULTS.md. It costs money: each
// question up to models.cents, and all of them DOLLARS, 5 by default, as far as the prices of the models are known. Each is asked
// by itself, without what was asked before.
package models

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"clanker/router"
)

//go:embed cases.yaml
var casesYAML []byte

// Case is one question, and what holds of its answer.
type Case struct {
	ID       string   `yaml:"id"`
	Question string   `yaml:"question"`
	Facts    []string `yaml:"facts"` // regular expressions that an answer has to match
	Lies     []string `yaml:"lies"`  // and those that it may not
	Good     string   `yaml:"good"`  // an answer that passes
}

// Cases returns those that are built in. Each of their expressions compiles.
func Cases() ([]Case, error) {
	var cases []Case
	if err := yaml.UnmarshalWithOptions(casesYAML, &cases, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("read eval/models/cases.yaml: %w", err)
	}
	for _, c := range cases {
		for _, expression := range slices.Concat(c.Facts, c.Lies) {
			if _, err := regexp.Compile(expression); err != nil {
				return nil, fmt.Errorf("read eval/models/cases.yaml: %s: %w", c.ID, err)
			}
		}
	}
	return cases, nil
}

// Verdict is what became of a case.
type Verdict struct {
	Missing []string // facts that are not in the answer
	Told    []string // lies that are
}

// Passed reports whether the answer is right.
func (v Verdict) Passed() bool { return len(v.Missing) == 0 && len(v.Told) == 0 }

// Judge looks for facts and lies in what the model said: the summary, the explanation and the commands that it proposes. With an
// expression that does not compile nothing passes.
func (c Case) Judge(a router.Answer) (v Verdict) {
	var text strings.Builder
	if a.Usage.Model != nil && a.Status != router.StatusError { // else nobody but the program said it
		fmt.Fprintln(&text, a.Summary, a.Explanation)
		for _, p := range a.Proposals {
			fmt.Fprintln(&text, strings.Join(p.Argv, " "))
		}
	}
	said := strings.Join(strings.Fields(strings.ReplaceAll(text.String(), router.Unverified, "")), " ")
	for _, fact := range c.Facts {
		if found, err := regexp.MatchString(`(?i)`+fact, said); err != nil || !found {
			v.Missing = append(v.Missing, fact)
		}
	}
	for _, lie := range c.Lies {
		if found, err := regexp.MatchString(`(?i)`+lie, said); err != nil || found {
			v.Told = append(v.Told, lie)
		}
	}
	return v
}
