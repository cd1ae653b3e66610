package router

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
)

// A change is the likelier to have led to a symptom the shorter before it was made, the nearer its resource is to the one
// that was named, and the more of its kind break things. All three count in doublings of the minutes before the symptom: a
// change that counts one more for what it is stands where one stands that was made twice as long before.
const (
	perStep  = 2              // for each relation between the two, and for one that is not beneath it: as if four times as long before
	mostFar  = 3              // relations: what is further away has as little to do with it as what has none
	strange  = 8              // for a resource that no relation leads to: as if 256 times as long before
	noticing = time.Minute    // see slack
	leadTime = 24 * time.Hour // how long before a symptom is looked, unless the question says
)

// kindOfChange is what a change is, by the beginning of its field, in a word for the reader, and what it counts for that.
type kindOfChange struct {
	field, word string
	count       int
}

// suspicion says what kinds of change count: the first that fits.
var suspicion = []kindOfChange{
	{"image", "image", 0},        // other code runs
	{"command", "command", 0},    // the same code runs otherwise
	{"env", "environment", 0},    // where its settings and the addresses of what it uses come from
	{"config", "config", 0},      // the same in files
	{"secret", "secret", 0},      // credentials that no longer fit
	{"template", "template", 0},  // something that no driver looks at
	{"revision", "release", 0},   // a release changes several of these
	{"resource", "resources", 0}, // it was made or removed, or has more or less to run with
	{"cpu", "resources", 0},
	{"memory", "resources", 0},
	{"replicas", "replicas", 1},       // less capacity; more of it seldom breaks anything
	{"restarted", "restart", 1},       // what it read anew may have changed long before
	{"health", "health", 1},           // of what it stands on: nearer to the cause, but no cause
	{adapters.EventField, "event", 2}, // a consequence more often than a cause
	{"label", "label", 6},             // read by people, mostly
	{"annotation", "annotation", 6},
	{"", "setting", 2},
}

// wiring are the kinds whose every setting decides what reaches what.
var wiring = []adapters.Kind{
	adapters.KindFirewall, adapters.KindNetwork, adapters.KindSubnet, adapters.KindPolicy, adapters.KindRole, adapters.KindDNSZone,
	adapters.KindRecord, adapters.KindDomain, adapters.KindBalancer, adapters.KindIngress, adapters.KindGateway, adapters.KindConfig,
	adapters.KindSecret, adapters.KindCertificate,
}

// suspect says what a change is, in a word, and what it counts for that.
func suspect(c adapters.Change) (word string, count int) {
	k := suspicion[placeOf(c)]
	if k.field == "" && slices.Contains(wiring, c.Kind) {
		return string(c.Kind), 0
	}
	return k.word, k.count
}

// placeOf is the place of a change among the kinds of change.
func placeOf(c adapters.Change) int {
	return slices.IndexFunc(suspicion, func(k kindOfChange) bool { return strings.HasPrefix(c.Field, k.field) })
}

// stage is when a change was made.
type stage int

// The stages, in the order in which they are told.
const (
	beforehand stage = iota // a possible cause
	itself                  // the symptom
	afterwards              // no cause
)

// lead is a change as a possible cause of a symptom.
type lead struct {
	adapters.Change
	stage stage
	count int           // the less, the likelier
	apart time.Duration // from the symptom
	alien bool          // no relation is known to what was named
	why   string
}

// ranking tells how likely changes led to a symptom.
type ranking struct {
	symptom Symptom
	steps   map[string]adapters.Step // of what stands around the named resource; nil when none was named
	beneath map[string]bool          // what of it the named resource stands on
}

// rank sorts what was made together by how likely it led to the symptom: what came before it, the likeliest first, then the
// symptom, then what came after it, by time. Ties go by time, resource, kind of change and field.
func (k ranking) rank(changes []adapters.Change) [][]lead {
	var groups [][]lead
	for _, group := range grouped(changes) {
		leads := make([]lead, 0, len(group))
		for _, c := range group {
			leads = append(leads, k.lead(c))
		}
		slices.SortStableFunc(leads, compareLeads)
		groups = append(groups, leads)
	}
	slices.SortStableFunc(groups, func(a, b []lead) int { return compareLeads(a[0], b[0]) })
	return groups
}

func compareLeads(a, b lead) int {
	return cmp.Or(cmp.Compare(a.stage, b.stage), cmp.Compare(a.count, b.count), cmp.Compare(a.apart, b.apart), b.At.Compare(a.At),
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(placeOf(a.Change), placeOf(b.Change)), cmp.Compare(a.Field, b.Field))
}

// lead judges one change.
func (k ranking) lead(c adapters.Change) lead {
	l := lead{Change: c}
	near, steps := k.near(c)
	kind, count := suspect(c)
	l.alien = steps == strange
	switch at := k.symptom.At; {
	case k.symptom.is(c, k.named(c)):
		l.stage, l.why = itself, "the symptom"
		return l
	case begun(c).After(at.Add(k.slack(c))):
		l.stage, l.apart = afterwards, c.At.Sub(at)
		l.why = roughly(l.apart) + " after, no cause"
		return l
	case c.At.After(at): // noted a moment later, or seen on both sides of it
		l.why = "about then"
	default:
		l.apart = at.Sub(c.At)
		l.why = roughly(l.apart) + " before"
	}
	l.count = bits.Len(uint(l.apart/time.Minute)) + steps + count
	l.why = join(", ", l.why, near, kind)
	return l
}

// slack is how long after the symptom a change may be noted that came before: a rollout as it begins to fail. What only happened
// is noted when it did; but people tell times by the minute.
func (k ranking) slack(c adapters.Change) time.Duration {
	if isSetting(c) || k.symptom.From == fromQuestion {
		return noticing
	}
	return 0
}

// named reports whether a change is of the resource that was named, or of a part of it.
func (k ranking) named(c adapters.Change) bool {
	step, known := k.steps[c.Resource]
	return known && step.Hops == 0
}

// near says how a change's resource stands to the one that was named, and what that counts.
func (k ranking) near(c adapters.Change) (words string, count int) {
	if k.steps == nil {
		return "", 0
	}
	step, known := k.steps[c.Resource]
	switch {
	case !known || step.Hops > mostFar:
		return "no known relation", strange
	case step.Hops == 0:
		return "itself", 0
	}
	count = perStep * step.Hops
	if !k.beneath[c.Resource] {
		count += perStep
	}
	if step.Hops == 1 {
		return neighbour(step), count
	}
	return fmt.Sprintf("%d steps away", step.Hops), count
}

// standings are what the named resource's neighbours are to it: what it points at, and what points at it.
var standings = map[adapters.RelationType][2]string{
	adapters.RelationOwnedBy: {"its owner", "its part"}, adapters.RelationRunsOn: {"it runs on this", "runs on it"},
	adapters.RelationSelects: {"it leads here", "leads to it"}, adapters.RelationRoutesTo: {"it leads here", "leads to it"},
	adapters.RelationMounts: {"its volume", "mounts it"}, adapters.RelationUses: {"it uses this", "uses it"},
	adapters.RelationScales: {"scaled by it", "scales it"}, adapters.RelationProtects: {"protected by it", "protects it"},
}

// neighbour is what a neighbour is to the named resource, in words.
func neighbour(s adapters.Step) string {
	words := standings[s.By.Type]
	switch {
	case s.By.From == s.ID:
		return words[1]
	case adapters.IDKind(s.ID) == adapters.KindConfig:
		return "its config"
	}
	return words[0]
}
