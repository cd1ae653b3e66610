package router

import (
	"context"
	"errors"
	"time"

	"clanker/adapters"
)

// Memory keeps what was answered, over restarts and for all processes of a workspace at once, and knows what was observed.
// Where there is none, answers say nothing of what changed since the last look.
type Memory interface {
	// Keep keeps the look that an answer was.
	Keep(ctx context.Context, l Look) error
	// Look returns the newest look that w wants, and whether there is one.
	Look(ctx context.Context, w Which) (Look, bool, error)
	// Between returns what was seen to change after one position up to another, of the resources that any of the queries
	// matches, oldest first.
	//
	// Too many of them are [ErrTooMuch].
	Between(ctx context.Context, of []adapters.Query, after, upTo adapters.Position) ([]adapters.Change, error)
	// PositionAt returns the position of the newest change at or before a time, and when the first observation of all was made;
	// zero when nothing was observed yet.
	PositionAt(ctx context.Context, at time.Time) (adapters.Position, time.Time, error)
	// Sightings tells when resources were seen; those that never were are missing.
	Sightings(ctx context.Context, ids []string) (map[string]Sighting, error)
}

// ErrTooMuch is the error of a [Memory] that was asked for more changes than an answer can tell of.
var ErrTooMuch = errors.New("too much has changed to tell: ask what changed in a shorter time, or in one place")

// Look is what is kept of an answer: enough to say later what changed since, and what "it" was.
type Look struct {
	AnswerID string    `json:"answerId,omitempty"`
	Asker    string    `json:"asker,omitempty"` // who asked, as far as that was claimed; empty when it was not
	Question string    `json:"question"`
	Key      string    `json:"key"` // the same for questions that mean the same: see [Router]
	At       time.Time `json:"at,omitzero"`
	Read     []Glance  `json:"read,omitempty"`
	Listed   []string  `json:"listed,omitempty"` // the resources (IDs) that the answer showed, in its order; at most [MostListed]
	Subject  Subject   `json:"subject,omitzero"`
	Partial  bool      `json:"partial,omitempty"` // something could not be read: what is not listed may be there all the same
}

// MostListed is how many of the resources that an answer showed are kept.
const MostListed = 1000

// Glance is one read of an answer.
type Glance struct {
	Query adapters.Query    `json:"query"`
	At    adapters.Position `json:"at"`
}

// Subject is what an answer was about, for the next question to call "it".
type Subject struct {
	Intent string         `json:"intent,omitempty"`
	Slots  map[string]any `json:"slots,omitempty"` // as [ReadableSlots] spells them
	Refs   []string       `json:"refs,omitempty"`  // what "it" or "they" may be: the named resource, else the first of the listed, at most 20
}

// Which selects a look. Fields that are empty do not filter.
type Which struct {
	AnswerID string
	Asker    string
	Key      string
	Before   time.Time // at or before
}

// Sighting tells when a resource was seen.
type Sighting struct {
	First, Last time.Time
	Gone        time.Time // when it was seen to be gone; zero while it is there
	Since       time.Time // when its health was first seen to be what it is; zero when it has been so since First
	Flaps       int       // how often its health changed in the last hour before Last
}
