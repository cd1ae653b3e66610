package intents

import (
	"cmp"
	"fmt"

	"clanker/intents/strict"
)

// What a catalogue's files can be wrong about, and where; see [strict].
type (
	// Position is a place in a file that people edit; line and column count from 1.
	Position = strict.Position
	// Fault is one mistake in a file: where, what, and what to do about it.
	Fault = strict.Fault
	// Errors are all the faults of a catalogue, sorted by position.
	Errors = strict.Errors

	reader = strict.Reader
	scalar = strict.Scalar
	field  = strict.Field
)

// Subject names an intent as the subject of a fault.
func Subject(id string) string { return fmt.Sprintf("intent %q", id) }

func suggest(word, sigil string, known []string) string {
	return cmp.Or(strict.Suggest(word, sigil, known), "see vocabulary.yaml for what there is, or add it there")
}
