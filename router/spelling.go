package router

import "clanker/adapters"

// Spell writes a metric's value in the unit that its name stands for: 62%, 512 MiB, 120 ms.
func Spell(metric string, value float64) string { return spell(metric, value) }

// Value writes an attribute or a field that changed as one line of plain text; nothing for nil.
func Value(v any) string { return value(v) }

// Location says where a resource is: cluster/namespace, or account/region.
func Location(s adapters.Scope) string { return location(s) }

// Nearest are the known names that somebody may have meant by one that nothing goes by, nearest first, at most three. The slot is
// cluster, namespace or any other.
func Nearest(slot, name string, names adapters.Names) []string { return nearest(slot, name, names) }

// Missing says what a source could not read, why, and the remedy. Its error is not nil.
func Missing(s adapters.Source) string { return missingWords(notChecked(s)) }
