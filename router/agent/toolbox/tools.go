package toolbox

import (
	"clanker/adapters"
)

// tools are the tools that read the estate, in the order in which they are offered.
func tools() []*tool {
	all := []*tool{listResources(), getResource(), queryMetrics(), listChanges(), getLogs(), getTopology(), findIntents()}
	for _, t := range all {
		ready(t)
	}
	return all
}

// mostListed is the most rows that can be asked for.
const mostListed = 100

// word is a parameter that takes one word or name.
func word(name, about string) parameter {
	return parameter{name: name, sort: "string", about: about}
}

func needed(p parameter) parameter {
	p.must = true
	return p
}

// oneOf is a parameter that takes one of a few words.
func oneOf[T ~string](name string, values ...T) parameter {
	p := word(name, "")
	for _, value := range values {
		p.one = append(p.one, string(value))
	}
	return p
}

func number(name string, most int) parameter {
	return parameter{name: name, sort: "integer", most: most}
}

var (
	kindsParameter = parameter{name: "kinds", sort: "array", about: "pod, deployment, service, node, event, database, ..."}
	timeParameter  = word("time", "last 24 hours; since yesterday")
)

// located adds the parameters that say where to look.
func located(takes ...parameter) []parameter {
	for _, place := range places {
		takes = append(takes, word(place, ""))
	}
	return takes
}

func listResources() *tool {
	return &tool{name: "list_resources", about: "List resources with their status and why. Needs kinds or name.", do: list,
		takes: located(kindsParameter, word("name", "of the resource, or of what it belongs to"), oneOf("status", append([]adapters.Health{notHealthy}, adapters.Healths()...)...),
			parameter{name: "metrics", sort: "array", about: "as in query_metrics"}, number("limit", mostListed)),
		example: `{"kinds":["pod"],"namespace":"payments"}`}
}

func getResource() *tool {
	return &tool{name: "get_resource", about: "All that is known of one resource: settings, labels, conditions, metrics, relations.", do: get,
		takes:   []parameter{needed(word("name", "name or id")), word("kind", ""), word("namespace", ""), word("cluster", "")},
		example: `{"name":"web","kind":"deployment"}`}
}

func queryMetrics() *tool {
	return &tool{name: "query_metrics", about: "Resources by a metric as measured now, highest first, with what it is measured against.", do: measure,
		takes: located(needed(oneOf("metric", adapters.Metrics()...)), kindsParameter, word("name", ""), oneOf("order", "highest", "lowest"),
			number("limit", mostListed)),
		example: `{"metric":"memory.ofLimit","kinds":["pod"],"limit":10}`}
}

func listChanges() *tool {
	return &tool{name: "list_changes", about: "What changed, newest first: rollouts, settings, events, and who did it. Default: last 24 hours.", do: changes,
		takes:   located(word("name", ""), kindsParameter, timeParameter, number("limit", mostListed)),
		example: `{"name":"web","time":"last 24 hours"}`}
}

func getLogs() *tool {
	return &tool{name: "get_logs", about: "Last log lines of a workload or pod.", do: logs,
		takes: []parameter{needed(word("name", "")), word("namespace", ""), word("cluster", ""), word("container", ""), word("grep", "a text to find"),
			{name: "errors", sort: "boolean", about: "only errors and warnings"}, {name: "previous", sort: "boolean", about: "run before the last crash"},
			timeParameter, number("limit", mostLines)},
		example: `{"name":"web","errors":true}`}
}

func getTopology() *tool {
	return &tool{name: "get_topology", about: "What a resource depends on, what depends on it, or all around it.", do: topology,
		takes: []parameter{needed(word("name", "name or id")), oneOf("direction", adapters.Dependencies, adapters.Dependents, adapters.Around),
			number("hops", mostHops), word("namespace", ""), word("cluster", "")},
		example: `{"name":"web","direction":"dependencies"}`}
}

func findIntents() *tool {
	return &tool{name: "find_intents", about: "Find ready answers (health, cost, security, ...) that become tools.", do: find,
		takes: []parameter{needed(word("about", ""))}, example: `{"about":"certificates that expire"}`}
}
