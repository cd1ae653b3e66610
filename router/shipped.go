package router

import (
	"bytes"
	_ "embed" // what was learned of the built-in catalogue
	"fmt"

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
	model   []byte
}

func shipped() shipment {
	head, model, _ := bytes.Cut([]byte(learnedFile), []byte("\n"))
	var s shipment
	if n, err := fmt.Sscanf(string(head), "%s %s", &s.catalog, &s.lessons); n == 2 && err == nil {
		s.model = model
	}
	return s
}

// bytes writes the file.
func (s shipment) bytes() []byte {
	return append(fmt.Appendf(nil, "%s %s\n", s.catalog, s.lessons), s.model...)
}

// learned returns the model if it is of that catalogue.
func (s shipment) learned(catalog string) (*learn.Model, bool) {
	model := new(learn.Model)
	return model, s.catalog == catalog && model.UnmarshalBinary(s.model) == nil
}
