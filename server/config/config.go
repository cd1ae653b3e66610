// Package config is what the workspace runs with: one strict YAML file, environment variables over it, flags over both.
//
// # One table
//
// [Keys] is the only place that knows a key: its path, type, default, range, meaning, variable and flag, and whether a
// change of it applies while serving. Reading ([Load]), the JSON Schema ([Schema]), the reference ([Reference]) and the
// commented file that "clanker config init" writes ([Example]) follow from it. To add a key, add its field to [Config]
// and its row to the table, then run go test ./server/config -update.
//
// # Strictness
//
// All that is wrong is told at once, as [strict.Errors]: where (file:line:column, CLANKER_LIMITS_RATE, --listen), what,
// and what to write instead. A file that others may write is refused, since it names commands to run. A file that is not
// there is no fault unless somebody named it.
//
// # Secrets
//
// A secret never stands in the file, only where it is found; see [Secret].
package config

import (
	"reflect"

	"clanker/intents/strict"
)

// Config is what the program runs with. The meaning, range and default of each field are those of its row in [Keys].
type Config struct {
	Listen     string
	Token      Secret
	Intents    Intents
	Kubernetes Kubernetes
	Terraform  Terraform
	Models     Models
	Agents     Agents
	Operators  Operators
	Policies   Policies
	Approval   Approval
	State      string // folder; empty: the usual place
	Database   string // PostgreSQL; empty: a file in State
	History    History
	Log        Log
	Limits     Limits
	Metrics    bool

	File    string                     // that was read; empty if there was none
	origins map[string]strict.Position // of the values that are no defaults, by key
}

// Intents say where the questions come from.
type Intents struct {
	Dirs    []string // a later folder goes over an earlier one
	Builtin bool
}

// Kubernetes says how clusters are found.
type Kubernetes struct {
	Kubeconfig string // empty: the usual places
}

// Terraform says where configurations are.
type Terraform struct {
	Folders []string
}

// Agents says who may connect as an agent.
type Agents struct {
	Users []string // names; none: the user that the workspace runs as
}

// Operators says where people approve, and who may connect there.
type Operators struct {
	Listen string
	Users  []string
}

// Policies says where the policies come from.
type Policies struct {
	Dir string // empty: the built-in ones
}

// Approval says how people approve.
type Approval struct {
	Wait     int // minutes that a proposal waits
	Last     int // minutes that an approval counts
	Pending  int // proposals of one agent that wait
	Hourly   int // proposals of one agent in an hour
	Terminal bool
}

// History says how much of what was observed and answered is kept.
type History struct {
	Keep int // days
	Size int // MiB
}

// Log says what is written to stderr.
type Log struct {
	Format string // text or json
	Level  string // debug, info, warn or error
}

// Limits are those of one client, but for the sessions, which are everybody's.
type Limits struct {
	Rate     int // requests per second
	Burst    int // requests
	Running  int // requests at once
	Sessions int
}

// Default is the configuration of somebody who configured nothing.
func Default() Config {
	var c Config
	for _, k := range Keys() {
		if k.Default != "" {
			k.set(&c, k.Default) // what the table says is right: a test holds it to that
		}
	}
	return c
}

// Value is the value of a key, and where it came from.
type Value struct {
	Key   string `json:"key"`
	Value any    `json:"value"` // string, int, bool, []string, [Secret], or nil for no secret
	From  string `json:"from"`  // default, file:line:column, the environment variable or the flag
}

// Values lists every key in the order of the table. Of a secret it tells where it is found, never what it is.
func (c Config) Values() []Value {
	var values []Value
	for _, k := range Keys() {
		v := Value{Key: k.Path, Value: k.value(c), From: "default"}
		if from, ok := c.origins[k.Path]; ok {
			v.From = from.String()
		}
		values = append(values, v)
	}
	return values
}

// Changes lists the keys that have another value in the one configuration than in the other; whether such a change applies
// while serving is [Key.Live].
func Changes(before, after Config) []Key {
	var changed []Key
	for _, k := range Keys() {
		if !reflect.DeepEqual(k.value(before), k.value(after)) {
			changed = append(changed, k)
		}
	}
	return changed
}
