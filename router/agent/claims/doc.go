// Package claims holds what a model wrote against what its tools returned.
package claims
