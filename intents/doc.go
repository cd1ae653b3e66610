// Package intents is what can be asked: intents written in YAML, and the small compiler that turns them into queries.
//
// # An intent
//
// A file holds a list of intents. Every key is listed here; a key that is not is an error, and [Load] reports every fault
// of every file at once as file:line:column with a remedy.
//
//   - id: health.services            # unique, topic first
//     topic: health                  # health inventory cost change diagnose security topology metrics logs scan write meta
//     version: "1"                   # optional
//     description: Services that are not healthy.
//     examples:                      # each must route to this intent: they are tests, run when the catalogue is loaded
//   - Are all services in production healthy?
//     patterns:                      # token grammar, full span; see below
//   - (are|is) @services @healthy
//     slots:                         # only for slots that need a default or other bounds
//     percent: {default: 80%}
//     action: list                   # list metrics changes logs topology diagnose about
//     query:                         # what to read: kinds, name, providers, metrics, scope; "{slot}" takes a slot's value
//     kinds: [service, deployment, statefulset, daemonset, cache, database]
//     name: "{service}"
//     where: health != "healthy"     # expr over the flat view of a resource; see below
//     sort: -metric["memory.ofLimit"]  # an expr; a leading minus sorts downwards; ties and the rest by id
//     limit: "{count}"               # at most so many
//     columns: [status, reason, since]  # the table after the name: status reason since location kind attr.x metric.y
//     verdict: true                  # the answer carries a health verdict
//     answer: "{{len .Resources}} of {{.Total}} services unhealthy in {{.Place}}"   # text/template over Data, one line
//     next: ["why is {{(index .Resources 0).Name}} degraded"]
//
// # Patterns
//
// A pattern is a sequence over words, never a regular expression: `word`, `(a|b c)` one of, `[x]` optional, `@concept` any
// spelling of a concept of the vocabulary, `{slot}` or `{name:type}` a typed value. It must cover all of the question that
// is left after normalisation: lower case, punctuation and fillers dropped ("please", "can you", "the", "my"), and scope
// and time phrases taken out ("in production", "in the payments namespace", "on prod-cluster", "in the last 2 hours"), which
// every intent understands, so no pattern spells them.
//
// # Slots
//
// namespace, environment, cluster, provider, region and node say where; service is the name of anything that serves or runs;
// kind is a word for a kind ("pods", "droplets"); percent (a ratio), duration, time (a [TimeRange]), count, and text (in
// quotes). A slot's name is its type unless written {name:type}. Names that the workspace has seen win; a near miss is
// taken and disclosed; an unknown word is taken where nothing else fits.
//
// # Where
//
// The view of a resource: id name kind provider health reason account region zone environment cluster namespace (strings),
// label and attr and metric (maps), age (seconds since health is what it is; nil if not told), and slots (the question's). A
// metric or attribute that is missing is nil, never zero: comparing it fails, the resource is left out, and the answer
// counts it as not measured.
package intents
