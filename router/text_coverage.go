package router

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// checked names the places that answered, each once.
func (w *writer) checked() string {
	var places []string
	for _, c := range w.a.Coverage.Checked {
		place := join(" ", c.Provider, c.Target)
		if w.partly(c) {
			place += " (in part)"
		} else {
			place += " (ok)"
		}
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return few(places, 8, ", ")
}

func (w *writer) partly(c Checked) bool {
	return slices.ContainsFunc(w.a.Coverage.NotChecked, func(n NotChecked) bool {
		return n.Provider == c.Provider && cmp.Or(n.Target, join(" ", n.Account, n.Region)) == c.Target
	})
}

// missing is what was not checked, but for a model of which the first line says all.
func (w *writer) missing() []NotChecked {
	return slices.DeleteFunc(slices.Clone(w.a.Coverage.NotChecked), func(n NotChecked) bool {
		return w.a.Status == StatusError && w.a.Usage.Model != nil && n.Fix != "" && strings.Contains(w.a.Summary, n.Fix)
	})
}

// missingWords says what was not read, why, and the remedy.
func missingWords(n NotChecked) string {
	what := join(" ", n.Provider, cmp.Or(n.Target, join(" ", n.Account, n.Region)))
	if n.What != "" && n.What != n.Provider {
		what += ": " + few(strings.Split(n.What, ", "), 5, ", ")
	}
	return fmt.Sprintf("%s (%s)", what, join("; ", reasonWords(n.Reason), permissionWords(n), retryWords(n), detailWords(n), fixWords(n)))
}

func permissionWords(n NotChecked) string {
	if n.Permission == "" {
		return ""
	}
	return "needs: " + few(strings.Split(n.Permission, ", "), 3, ", ")
}

func retryWords(n NotChecked) string {
	if n.RetryAfter == 0 {
		return ""
	}
	return fmt.Sprintf("retry in %ss", number(n.RetryAfter, 0))
}

// detailWords keeps the provider's own words out where the permission says all.
func detailWords(n NotChecked) string {
	if n.Permission != "" {
		return ""
	}
	return cut(n.Detail, 120)
}

func fixWords(n NotChecked) string {
	if n.Fix == "" {
		return ""
	}
	return "fix: " + n.Fix
}
