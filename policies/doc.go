// Package policies is what may be done, and by whom: Rego files first, one engine beside them.
package policies
