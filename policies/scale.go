package policies

import (
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
)

// ScaleInput is a change of a number of replicas.
type ScaleInput struct {
	ID          string `json:"id" jsonschema_description:"Of the resource."`
	Name        string `json:"name"`
	Namespace   string `json:"namespace"`
	Environment string `json:"environment"`
	Before      int    `json:"before" jsonschema_description:"-1 when it is not a number."`
	After       int    `json:"after" jsonschema_description:"-1 when it is not a number."`
	Percent     int    `json:"percent" jsonschema_description:"How much more or less, in percent of before, rounded up. Before 0 counts as 1; what is not a number counts as 1000000."`
}

const (
	unknownPercent = 1_000_000 // of a change that cannot be reckoned: more than any limit
	mostReplicas   = 1_000_000_000
)

// replicaFields are the last parts of names that hold how many there are of something.
var replicaFields = [...]string{"replicas", "minReplicas", "maxReplicas", "desiredCount", "desired_count", "desired_capacity", "node_count"}

// scaleOf tells whether a field is a number of replicas that changes, and how far. What is created or deleted is no scale.
func scaleOf(t TouchInput, field adapters.Field) (ScaleInput, bool) {
	last := field.Name[strings.LastIndex(field.Name, ".")+1:]
	if !slices.Contains(replicaFields[:], last) || field.Before == "" || field.After == "" {
		return ScaleInput{}, false
	}
	before, after := replicas(field.Before), replicas(field.After)
	return ScaleInput{ID: t.ID, Name: t.Name, Namespace: t.Namespace, Environment: t.Environment, Before: before, After: after,
		Percent: percent(before, after)}, true
}

// replicas reads a number, -1 when it is none.
func replicas(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > mostReplicas {
		return -1
	}
	return n
}

func percent(before, after int) int {
	if before < 0 || after < 0 {
		return unknownPercent
	}
	whole := max(1, before)
	return (max(before-after, after-before)*100 + whole - 1) / whole
}
