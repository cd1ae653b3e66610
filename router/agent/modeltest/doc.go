// Package modeltest is a model for tests: it answers over HTTP as the vendors do, and says what a script tells it to.
package modeltest
