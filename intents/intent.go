package intents

import (
	"slices"

	"clanker/adapters"
)

// Topic groups intents by what people want to know; routing accuracy is scored by topic.
type Topic string

// The topics.
const (
	TopicHealth    Topic = "health"
	TopicInventory Topic = "inventory"
	TopicCost      Topic = "cost"
	TopicChange    Topic = "change"
	TopicDiagnose  Topic = "diagnose"
	TopicSecurity  Topic = "security"
	TopicTopology  Topic = "topology"
	TopicMetrics   Topic = "metrics"
	TopicLogs      Topic = "logs"
	TopicScan      Topic = "scan"
	TopicWrite     Topic = "write"
	TopicMeta      Topic = "meta"
)

// Topics returns all topics.
func Topics() []Topic { return slices.Clone(topics) }

// Action is what the router does for an intent.
type Action string

// The actions.
const (
	ActionList     Action = "list"     // resources: select, sort, render
	ActionMetrics  Action = "metrics"  // the same, where the measured values are the answer
	ActionChanges  Action = "changes"  // what changed, and who did it
	ActionLogs     Action = "logs"     // lines that workloads wrote
	ActionTopology Action = "topology" // a graph around a resource or in a scope
	ActionDiagnose Action = "diagnose" // a resource with its parts, warnings, last change and log tail
	ActionAbout    Action = "about"    // the workspace itself: what it is connected to
	ActionPropose  Action = "propose"  // nothing: says that a question changes nothing, and how to propose the command
)

// Slots are the values that a question gave, by slot name: string, float64 (a percent is a ratio: 80 % is 0.8), int,
// time.Duration or [TimeRange].
type Slots map[string]any

// Data is what the answer template and the templates of next questions see.
type Data struct {
	Resources  []adapters.Resource // selected by where, sorted, not yet cut to the limit
	Read       []adapters.Resource // all that was read, before where
	Changes    []adapters.Change   // newest first
	Logs       []adapters.LogLine
	Total      int    // resources read, before where
	Unmeasured int    // resources that where could not judge, because a metric it needs was not measured
	Slots      Slots  // as asked, with defaults
	Lead       string // what an answer on changes leads with, in words: the last deployment, or the likeliest cause of a symptom; empty if there is none
	After      string // how what was deployed last is since, in words
	Symptom    string // what changes may have led to, and since when that is, in words
	Place      string // where was looked, in words: "production", "namespace web in prod-cluster", "everything connected"
}
