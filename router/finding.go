package router

import (
	"cmp"
	"slices"
	"strings"

	"clanker/adapters"
)

// report fills in what the fallback found out, with the rows of what it names.
func (d *draft) report(f Finding, sights shown) {
	a := &d.answer
	d.finding = &f
	a.Summary, a.Explanation, a.Unverified = f.Summary, f.Explanation, f.Unverified
	a.Proposals, a.Warnings = f.Proposals, slices.Concat(a.Warnings, f.Warnings, f.Doubts)
	if f.Short != "" {
		d.warn("%s", f.Short)
	}
	a.Columns = []string{"status", "reason", "since", "location"}
	for _, ref := range f.Refs {
		if item, ok := sights.item(ref, a.Columns); ok {
			d.rows.addItem(item)
		}
	}
	for _, c := range sights.changed(f.Refs) {
		d.addChange(c, "")
	}
}

// item is the row of a resource as it was shown first.
func (s shown) item(ref string, columns []string) (Item, bool) {
	for _, read := range s.resources {
		if i := slices.IndexFunc(read, func(r adapters.Resource) bool { return r.ID == ref }); i >= 0 {
			return itemOf(&read[i], columns, nil), true
		}
	}
	for _, items := range s.items {
		if i := slices.IndexFunc(items, func(i Item) bool { return i.Ref == ref }); i >= 0 {
			return items[i], true
		}
	}
	return Item{}, false
}

// mostTold is how many changes of what a fallback names are in its answer.
const mostTold = 20

// changed are the newest changes that were shown of the resources.
func (s shown) changed(refs []string) []adapters.Change {
	changes := slices.DeleteFunc(slices.Clone(s.changes), func(c adapters.Change) bool { return !slices.Contains(refs, c.Resource) })
	slices.SortStableFunc(changes, func(a, b adapters.Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Field, b.Field))
	})
	changes = once(changes)
	return changes[:min(len(changes), mostTold)]
}

// settleFinding derives the status of what a fallback found out. Nothing read is no data, whatever the model wrote.
func (d *draft) settleFinding() {
	a, f := &d.answer, d.finding
	places := a.Coverage.NotChecked
	missing := missed(places)
	if f.Problem != nil {
		a.Coverage.Complete = false
		a.Coverage.NotChecked = append(a.Coverage.NotChecked, d.unanswered())
	}
	switch {
	case f.Summary == "" && f.Problem != nil:
		a.Status, a.Summary = StatusError, problemWords("No intent covers this question, and the model could not look into it: ", f.Problem)
	case !d.found && len(a.Coverage.Checked) == 0 && missing != "":
		d.dismiss(StatusError, unread(places))
	case !d.found:
		d.dismiss(StatusNoData, noBearing)
		if missing != "" {
			d.summarize(missing)
		}
	case missing != "":
		a.Status = StatusPartial
		d.summarize(missing)
	case f.Short != "" || f.Problem != nil:
		a.Status = StatusPartial
	default:
		a.Status = StatusOK
	}
}

// dismiss leaves nothing of what the model wrote: it has read nothing that it could have it from.
func (d *draft) dismiss(status Status, summary string) {
	a := &d.answer
	a.Status, a.Summary, a.Explanation, a.Unverified, a.Proposals = status, summary, "", nil, nil
	a.Warnings = slices.DeleteFunc(a.Warnings, func(w string) bool { return slices.Contains(d.finding.Doubts, w) })
}

const noBearing = "No intent covers this question, and the model read nothing that bears on it: name what it is about, or choose another model."

// summarize adds to the summary what is missing. What that leaves no room for begins the explanation.
func (d *draft) summarize(missing string) {
	a := &d.answer
	short := cutMarked(a.Summary, maxSummary-len(missing)-len(demoMark)-20)
	if short != a.Summary && !strings.HasPrefix(a.Explanation, a.Summary) {
		a.Explanation = strings.TrimSpace(a.Summary + "\n" + a.Explanation)
	}
	a.Summary = strings.TrimSuffix(short, ".") + ". Not checked: " + missing
}

// Unverified is the mark behind what nothing that was read bears out, in the texts of a [Finding].
const Unverified = " [unverified]"

// longestClaim is how far behind the beginning of a claim its mark is, in bytes, but for the longest names.
const longestClaim = 64

// cutMarked is [cut] for a model's text: a claim that is cut from its mark stays marked.
func cutMarked(text string, n int) string {
	short := cut(text, n)
	if short == text {
		return text
	}
	rest := text[len(strings.TrimSuffix(short, "…")):]
	if at := strings.Index(rest, Unverified); at < 0 || at > longestClaim {
		return short
	}
	return cut(text, n-len(Unverified)) + Unverified
}

// unanswered is the model among what was not checked.
func (d *draft) unanswered() NotChecked {
	provider, model, _ := strings.Cut(d.finding.Usage.Name, "/")
	n := notChecked(adapters.Source{Provider: cmp.Or(provider, "model"), Error: d.finding.Problem})
	n.Target, n.What = model, cmp.Or(n.What, "the question")
	return n
}

// problemWords is a problem with what to do about it, which stays whole where the problem takes many words.
func problemWords(lead string, e *adapters.SourceError) string {
	text, fix := lead+strings.TrimSuffix(cmp.Or(e.Detail, reasonWords(e.Reason)), "."), ""
	if e.Fix != "" {
		fix = "; fix: " + e.Fix
	}
	return cut(text, max(maxSummary-len(fix)-len(demoMark), len(lead))) + fix
}
