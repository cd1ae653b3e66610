package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"clanker/adapters"
	"clanker/intents"
)

// silent reports whether nobody answered, or a provider that was asked for said nothing: then the connections may know
// why.
func (d *draft) silent() bool {
	if d.intent.Action == intents.ActionAbout || d.settled {
		return false
	}
	spoke := func(provider string) bool {
		return slices.ContainsFunc(d.sources, func(s adapters.Source) bool { return s.Provider == provider })
	}
	return !slices.ContainsFunc(d.sources, ofProvider) || slices.ContainsFunc(d.query.Providers, func(p string) bool { return !spoke(p) })
}

// ofProvider reports whether a source is a provider, and not what was seen of one.
func ofProvider(s adapters.Source) bool { return s.Provider != adapters.OwnRecord }

// providerRead reports whether a provider could be read.
func providerRead(s adapters.Source) bool { return ofProvider(s) && s.Error == nil }

// explain adds why the connections that the question concerns brought nothing, as failed sources.
func (d *draft) explain(connections []adapters.Connection) {
	for _, c := range connections {
		if !d.query.WantsProvider(c.Provider) {
			continue
		}
		problem := c.Problem
		if problem == nil {
			problem = &adapters.SourceError{Reason: adapters.Unsupported, What: string(d.intent.Topic), Detail: "this provider keeps no record of it"}
		}
		d.sources = append(d.sources, adapters.Source{
			Provider: c.Provider, Call: "connect", Identity: c.Identity, Scope: c.Scope, At: d.started, Error: problem,
		})
	}
}

// evidence lists the provider calls behind the answer, by provider, target, call and time.
func (d *draft) evidence() {
	d.sources = slices.DeleteFunc(d.sources, d.beside)
	slices.SortStableFunc(d.sources, compareSources)
	d.answer.Evidence = slices.Grow(d.answer.Evidence, len(d.sources))
	for i, s := range d.sources {
		d.answer.Evidence = append(d.answer.Evidence, Evidence{
			ID: fmt.Sprintf("e%d", i+1), Source: s.Call, Provider: s.Provider, Target: target(s.Scope), ObservedAt: s.At.UTC().Truncate(time.Millisecond),
			DurationMs: milliseconds(s.Took), Rows: s.Count, OK: s.Error == nil,
		})
	}
}

func compareSources(a, b adapters.Source) int {
	return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(target(a.Scope), target(b.Scope)), cmp.Compare(a.Call, b.Call), a.At.Compare(b.At))
}

// beside reports whether a source says no more than that this machine knows nothing of its provider, which nobody asked
// about while others answered. A configuration that is there and broken is another matter: that has a cause.
func (d *draft) beside(s adapters.Source) bool {
	return s.Error != nil && s.Error.Reason == adapters.NotConfigured && s.Error.Err == nil && !slices.Contains(d.query.Providers, s.Provider) &&
		slices.ContainsFunc(d.sources, providerRead)
}

// cover says which places were looked in, which were not, and the remedy. Checked is sorted by provider and target, like
// the evidence; a place of which only a part was read is in both lists.
func (d *draft) cover() {
	c := &d.answer.Coverage
	c.Checked, c.NotChecked = orEmpty(c.Checked), orEmpty(c.NotChecked)
	for _, s := range d.sources {
		if s.Error != nil {
			c.NotChecked = append(c.NotChecked, notChecked(s))
			continue
		}
		d.looked(s)
	}
	c.NotChecked = together(c.NotChecked)
	c.Complete = len(c.NotChecked) == 0 && len(c.Checked) > 0
}

// looked adds a source that answered to the places that were checked, and to the scope.
func (d *draft) looked(s adapters.Source) {
	c := &d.answer.Coverage
	what := s.Call
	last := len(c.Checked) - 1
	if last >= 0 && c.Checked[last].Provider == s.Provider && c.Checked[last].Target == target(s.Scope) {
		if !slices.Contains(strings.Split(c.Checked[last].What, ", "), what) {
			c.Checked[last].What += ", " + what
		}
	} else {
		c.Checked = append(c.Checked, Checked{Provider: s.Provider, Target: target(s.Scope), Identity: s.Identity, What: what})
	}
	scope := AnswerScope{Provider: s.Provider, Identity: s.Identity, Scope: s.Scope, ChosenBy: d.chosenBy()}
	if !slices.Contains(d.answer.Scope, scope) {
		d.answer.Scope = append(d.answer.Scope, scope)
	}
}

// chosenBy says why the answer looked where it did: a place was asked for, a name's own place was taken, or everything.
func (d *draft) chosenBy() string {
	switch {
	case d.query.Scope != (adapters.Scope{}) || len(d.query.Providers) > 0:
		return "asked"
	case d.query.Name != "":
		return "inferred"
	default:
		return "default"
	}
}

func notChecked(s adapters.Source) NotChecked {
	e := s.Error
	return NotChecked{
		Provider: s.Provider, Account: s.Scope.Account, Region: s.Scope.Region, Target: s.Scope.Cluster,
		What: cmp.Or(e.What, s.Call), Reason: e.Reason, Detail: e.Detail, Permission: e.Permission,
		RetryAfter: e.RetryAfter.Seconds(), Fix: e.Fix,
	}
}

// together makes one entry of those that the same remedy mends: one missing role keeps a dozen lists from being read.
func together(missing []NotChecked) []NotChecked {
	merged := make([]NotChecked, 0, len(missing))
	for _, n := range missing {
		i := slices.IndexFunc(merged, n.mendedWith)
		if i < 0 {
			merged = append(merged, n)
			continue
		}
		merged[i].What = listed(merged[i].What, n.What)
		merged[i].Permission = listed(merged[i].Permission, n.Permission)
	}
	return merged
}

// mendedWith reports whether one remedy mends both, or they are the same.
func (n NotChecked) mendedWith(other NotChecked) bool {
	place := n.Provider == other.Provider && n.Target == other.Target && n.Account == other.Account && n.Region == other.Region
	return n == other || place && n.Reason == other.Reason && n.Fix == other.Fix && n.Fix != "" && n.RetryAfter == other.RetryAfter
}

// listed adds an entry to a list in words, unless it is in it.
func listed(list, entry string) string {
	if entry == "" || slices.Contains(strings.Split(list, ", "), entry) {
		return list
	}
	return join(", ", list, entry)
}

// target names the place of a call: a cluster, or an account and region.
func target(s adapters.Scope) string {
	if s.Cluster != "" {
		return s.Cluster
	}
	return strings.Trim(s.Account+" "+s.Region, " ")
}

// missed names the places that were not checked, for the summary: at most three.
func missed(places []NotChecked) string {
	var names []string
	for _, n := range places {
		name := n.Provider
		if t := cmp.Or(n.Target, n.Account); t != "" {
			name += " " + t
		}
		if n.What != "" && n.What != n.Provider {
			name += " " + n.What
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 3 {
		names = append(names[:2:2], fmt.Sprintf("%d more", len(names)-2))
	}
	return cut(strings.Join(names, ", "), 120)
}

// unread is the summary when nothing could be read.
func unread(places []NotChecked) string {
	if len(places) == 0 {
		return "Nothing is connected, so nothing was read: run `clanker providers` to see how to connect a provider."
	}
	n := places[0]
	text := fmt.Sprintf("Nothing could be read: %s: %s", missed(places[:1]), reasonWords(n.Reason))
	if n.Fix != "" {
		text += "; fix: " + n.Fix
	}
	return text
}

var reasonText = map[adapters.Reason]string{
	adapters.NotConfigured: "not configured", adapters.NoCredentials: "not signed in", adapters.ExpiredCredentials: "expired login",
	adapters.PermissionDenied: "permission denied", adapters.RateLimited: "rate limited", adapters.TimedOut: "timed out",
	adapters.Unreachable: "unreachable", adapters.FeatureDisabled: "feature disabled", adapters.Unsupported: "not supported",
	adapters.Internal: "internal error", adapters.Refused: "refused", adapters.LimitReached: "a limit is reached",
}

func reasonWords(r adapters.Reason) string { return cmp.Or(reasonText[r], string(r)) }

// orEmpty makes an absent list an empty one, where the schema wants a list.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
