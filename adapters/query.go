package adapters

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Query says what to read. Empty fields do not filter.
//
// Drivers push down what their provider can filter; the [Workspace] applies [Query.Matches] to the rest, so a driver may
// return too much but never too little.
type Query struct {
	Providers []string  `json:"providers,omitempty"`
	Kinds     []Kind    `json:"kinds,omitempty"`
	Name      string    `json:"name,omitempty"` // see [Query.Matches]
	Scope     Scope     `json:"scope,omitzero"`
	Metrics   []string  `json:"metrics,omitempty"`   // metrics that the question needs; a driver may skip costly ones that are not named
	Since     time.Time `json:"since,omitzero"`      // for events, changes and logs
	NamesOnly bool      `json:"namesOnly,omitempty"` // identity and scope suffice: the cheapest read the provider has
	Log       LogFilter `json:"log,omitzero"`        // for logs alone
}

// LogFilter narrows a read of logs.
type LogFilter struct {
	Tail      int    `json:"tail,omitempty"`      // last lines per container; 0 means 100
	Previous  bool   `json:"previous,omitempty"`  // the container's previous run, as after a crash
	Container string `json:"container,omitempty"` // one container; empty means all of them
	Grep      string `json:"grep,omitempty"`      // keep lines that contain this, without regard to case
	Errors    bool   `json:"errors,omitempty"`    // keep lines that look like errors or warnings
}

var looksBad = regexp.MustCompile(`(?i)\b(error|err|fatal|panic|critical|severe|exception|fail(ed|ure)?|traceback|warn(ing)?|denied|refused|timed? ?out|unable to|cannot)\b|\b[EWF]\d{4} `)

// Keeps reports whether the filter keeps a line of this text. What looks like an error is the same for every driver.
func (f LogFilter) Keeps(text string) bool {
	return (f.Grep == "" || strings.Contains(strings.ToLower(text), strings.ToLower(f.Grep))) && (!f.Errors || looksBad.MatchString(text))
}

// Wants reports whether the query asks for any of the kinds.
func (q Query) Wants(kinds ...Kind) bool {
	return len(q.Kinds) == 0 || slices.ContainsFunc(kinds, func(k Kind) bool { return slices.Contains(q.Kinds, k) })
}

// WantsProvider reports whether the query asks the provider of this name.
func (q Query) WantsProvider(name string) bool {
	return len(q.Providers) == 0 || slices.Contains(q.Providers, name)
}

// Matches reports whether the resource is one the query asks for. A name matches the resource's own name, its "app" or
// "app.kubernetes.io/name" label, that of its owner (the pods of a deployment), or the engine it runs (a cache called
// "session-cache" is the redis that people ask about), all without regard to case.
func (q Query) Matches(r Resource) bool {
	return q.WantsProvider(r.Provider) && q.Wants(r.Kind) && q.Scope.Contains(r.Scope) && (q.Name == "" || named(r, q.Name))
}

const appLabel = "app.kubernetes.io/name"

func named(r Resource, name string) bool {
	if strings.EqualFold(r.Name, name) || strings.EqualFold(r.Labels[appLabel], name) || strings.EqualFold(r.Labels["app"], name) {
		return true
	}
	if engine, ok := r.Attributes["engine"].(string); ok && strings.EqualFold(engine, name) {
		return true
	}
	return slices.ContainsFunc(r.Relations, func(rel Relation) bool {
		return rel.Type == RelationOwnedBy && strings.EqualFold(IDName(rel.Target), name)
	})
}

// Identity returns of the resource what [Query.Matches] looks at, and nothing else.
func (r Resource) Identity() Resource {
	few := Resource{ID: r.ID, Provider: r.Provider, Kind: r.Kind, Name: r.Name, Scope: r.Scope}
	for _, key := range []string{appLabel, "app"} {
		if value, ok := r.Labels[key]; ok {
			if few.Labels == nil {
				few.Labels = map[string]string{}
			}
			few.Labels[key] = value
		}
	}
	if engine, ok := r.Attributes["engine"].(string); ok {
		few.Attributes = map[string]any{"engine": engine}
	}
	for _, rel := range r.Relations {
		if rel.Type == RelationOwnedBy {
			few.Relations = append(few.Relations, Relation{Type: rel.Type, Target: rel.Target})
		}
	}
	return few
}

// Contains reports whether other lies in s. A resource whose scope lacks the cluster or namespace that is asked for is
// outside; one whose region or environment is unknown is outside too: unknown is not a match.
func (s Scope) Contains(other Scope) bool {
	return within(s.Account, other.Account) && within(s.Region, other.Region) && within(s.Zone, other.Zone) &&
		within(s.Environment, other.Environment) && within(s.Namespace, other.Namespace) &&
		(within(s.Cluster, other.Cluster) || within(s.Cluster, ClusterName(other.Cluster)))
}

// ClusterName returns the cluster's own name in the long ones that tools give contexts: arn:aws:eks:REGION:ACCOUNT:cluster/NAME,
// gke_PROJECT_ZONE_NAME, user@NAME.REGION.eksctl.io and user@NAME. People ask by it, so a [Query] matches by it too.
func ClusterName(context string) string {
	if strings.HasPrefix(context, "arn:") {
		return context[strings.LastIndexByte(context, '/')+1:]
	}
	if parts := strings.SplitN(context, "_", 4); len(parts) == 4 && parts[0] == "gke" {
		return parts[3]
	}
	context = context[strings.LastIndexByte(context, '@')+1:]
	if own, ok := strings.CutSuffix(context, ".eksctl.io"); ok {
		context, _, _ = strings.Cut(own, ".")
	}
	return context
}

func within(want, have string) bool { return want == "" || strings.EqualFold(want, have) }

// Reason says why something could not be read: a closed list, for programs to act on.
type Reason string

// Why something was not checked.
const (
	NotConfigured      Reason = "notConfigured"      // nothing on this machine points at the provider
	NoCredentials      Reason = "noCredentials"      // configured, but nobody is signed in
	ExpiredCredentials Reason = "expiredCredentials" // signed in too long ago
	PermissionDenied   Reason = "permissionDenied"   // Permission says which one is missing
	RateLimited        Reason = "rateLimited"        // RetryAfter says how long to wait
	TimedOut           Reason = "timeout"
	Unreachable        Reason = "unreachable"
	FeatureDisabled    Reason = "featureDisabled" // for instance no metrics server
	Unsupported        Reason = "unsupported"     // this driver cannot read that
	Refused            Reason = "refused"         // a model would not answer
	LimitReached       Reason = "limitReached"    // of money, tokens or time: Fix says which, and where it is set
	Internal           Reason = "internal"        // the driver itself failed: a bug, said aloud
)

// SourceError says why a call brought nothing, and what to do about it. Drivers return it as an error, or put it in the
// [Source] of the one call that failed when the others did not.
type SourceError struct {
	Reason     Reason        `json:"reason"`
	What       string        `json:"what,omitempty"`       // what could not be read: "pods in production", "metrics"
	Detail     string        `json:"detail,omitempty"`     // the provider's own words
	Fix        string        `json:"fix,omitempty"`        // the exact remedy: a command to run, a permission to grant
	Permission string        `json:"permission,omitempty"` // for permissionDenied: "list pods in namespace production"
	RetryAfter time.Duration `json:"-"`                    // for rateLimited; in JSON it is retryAfterSeconds
	Err        error         `json:"-"`                    // the cause, for errors.Is
}

func (e *SourceError) Error() string {
	text := string(e.Reason)
	if e.What != "" {
		text = e.What + ": " + text
	}
	if e.Detail != "" {
		text = fmt.Sprintf("%s: %s", text, e.Detail)
	}
	return text
}

// MarshalJSON writes RetryAfter in seconds: nobody who reads JSON counts in nanoseconds.
func (e *SourceError) MarshalJSON() ([]byte, error) {
	type plain SourceError
	return json.Marshal(struct {
		*plain
		RetryAfterSeconds float64 `json:"retryAfterSeconds,omitempty"`
	}{(*plain)(e), e.RetryAfter.Seconds()})
}

// Unwrap returns the cause.
func (e *SourceError) Unwrap() error { return e.Err }

// Source is the evidence of one provider call: which, against what, as whom, when, how long, how much, or why not.
type Source struct {
	Provider string        `json:"provider"`
	Call     string        `json:"call"`               // as the provider's own tool would spell it: "kubectl get pods -n production"
	Identity string        `json:"identity,omitempty"` // as whom, in the provider's words
	Scope    Scope         `json:"scope,omitzero"`     // what the call covered
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took"`
	Count    int           `json:"count"` // resources, changes or lines returned
	Error    *SourceError  `json:"error,omitempty"`
}

// LogLine is one line that a workload wrote. Its text is somebody else's: never an instruction.
type LogLine struct {
	Resource  string    `json:"resource"` // ID of the pod, function or instance that wrote it
	Container string    `json:"container,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Text      string    `json:"text"`
}

// Connection says whether and as whom the workspace reaches one account, cluster or organisation of a provider.
type Connection struct {
	Provider string       `json:"provider"`
	Name     string       `json:"name,omitempty"` // the context, profile or organisation
	Identity string       `json:"identity,omitempty"`
	Scope    Scope        `json:"scope,omitzero"`
	Detail   string       `json:"detail,omitempty"`  // for instance the server's version
	Default  bool         `json:"default,omitempty"` // used when a question does not say which
	Demo     bool         `json:"demo,omitempty"`    // invented data: every answer that uses it says so
	Problem  *SourceError `json:"problem,omitempty"`
}

// Snapshot is what one read brought, over all drivers, sorted: resources by ID, changes newest first, log lines by time,
// sources by provider and call.
// The maps within may be shared with others who asked the same at the same time: nobody writes to them.
type Snapshot struct {
	Query      Query          `json:"query"`
	Resources  []Resource     `json:"resources"`
	Changes    []Change       `json:"changes,omitempty"`
	Logs       []LogLine      `json:"logs,omitempty"`
	Sources    []Source       `json:"sources"`
	Demo       bool           `json:"demo,omitempty"`       // some of it comes from the demo estate
	Redactions map[string]int `json:"redactions,omitempty"` // how many values were masked, by kind
	At         time.Time      `json:"at"`
	Position   Position       `json:"position,omitempty"` // of the observation in the [History]; 0 when there is none
	NotKept    error          `json:"-"`                  // why it is not in the [History], though it should be: a [NotKept]
}
