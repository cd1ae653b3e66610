package router

import (
	_ "embed" // what was learned of the built-in catalogue
	"fmt"
	"slices"
	"strings"

	"clanker/intents"
	"clanker/router/learn"
)

// learnedFile is what the matcher learned of the built-in catalogue, so that nobody has to learn it again: the digest of that
// catalogue, the key of what it taught, and the model. A test holds it to the catalogue; make golden writes it anew.
//
//go:embed learned.bin
var learnedFile string

// shipment is the content of that file.
type shipment struct {
	catalog string // digest
	lessons string // key
	model   string
}

func shipped() shipment {
	head, model, _ := strings.Cut(learnedFile, "\n")
	var s shipment
	if n, err := fmt.Sscanf(head, "%s %s", &s.catalog, &s.lessons); n == 2 && err == nil {
		s.model = model
	}
	return s
}

// content is the file.
func (s shipment) content() string { return fmt.Sprintf("%s %s\n%s", s.catalog, s.lessons, s.model) }

// is reports whether the file is of that catalogue.
func (s shipment) is(c *intents.Catalog) bool { return s.catalog != "" && s.catalog == c.Digest }

// base returns the model if most of the catalogue's intents are those it learned.
func (s shipment) base(c *intents.Catalog) (*learn.Model, bool) {
	model := new(learn.Model)
	if s.model == "" || model.UnmarshalBinary([]byte(s.model)) != nil {
		return nil, false
	}
	known, classes := 0, model.Classes()
	for _, in := range c.Intents {
		if _, found := slices.BinarySearch(classes, className(in)); found {
			known++
		}
	}
	return model, known*10 > len(c.Intents)*8
}

// learned returns the model if it is of that catalogue.
func (s shipment) learned(c *intents.Catalog) (*learn.Model, bool) {
	model := new(learn.Model)
	return model, s.is(c) && model.UnmarshalBinary([]byte(s.model)) == nil
}
