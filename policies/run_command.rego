# What may be run, and who must approve it. Who only wants other people, places, times or limits edits data.yaml.
#
# Three sets decide. Each rule adds to one of them, and says why:
#   deny     {"reason"}                                    nobody can approve it
#   require  {"group", "count", "minAssurance", "reason"}  so many people of the group, with keys that are hard enough to
#                                                          forge (1 software, 2 touched, 3 with PIN or finger, 4 on
#                                                          another machine); every requirement must be met
#   allow    {"reason"}                                    runs at once; of reads alone, and if nothing is required
#
# What no rule speaks of needs one person. All fields of input are always there ("clanker policies schema" lists them), and
# rules ask for what is there, never for what is missing: "not input.x" holds of whatever nobody thought of.
package clanker.run_command

import data.settings

# Agents read freely.
allow contains {"reason": "it only reads"} if input.command.class == "read"

require contains {
	"group": "security",
	"count": 1,
	"minAssurance": settings.assurance.write,
	"reason": "it reads secrets or customers' data",
} if {
	input.command.class == "sensitive_read"
}

# Who may approve, and these policies: they are changed by commands of the tool clanker, which no agent can propose.
require contains {
	"group": "operators",
	"count": 1,
	"minAssurance": settings.assurance.workspace,
	"reason": "it changes who may approve what",
} if {
	input.command.tool == "clanker"
}

# Once two people are enrolled, one of them alone makes no third and no other rules: what wants two people would be one
# person's to decide. To remove somebody, who lost a key, needs one.
require contains {
	"group": "operators",
	"count": 2,
	"minAssurance": settings.assurance.workspace,
	"reason": "one alone must not become two people",
} if {
	input.command.tool == "clanker"
	input.command.path in {"approvers add", "policies use"}
	some resource in input.resources
	some field in resource.fields
	field.name == "enrolled"
	to_number(field.before) > 1
}

require contains {
	"group": "operators",
	"count": 1,
	"minAssurance": settings.assurance.write,
	"reason": "it changes something outside production",
} if {
	changes
	outside
}

require contains {
	"group": "operators",
	"count": 1,
	"minAssurance": settings.assurance.production,
	"reason": "it changes production",
} if {
	production
}

require contains {
	"group": "operators",
	"count": 1,
	"minAssurance": settings.assurance.destroy,
	"reason": "it destroys",
} if {
	changes
	input.command.class == "destroy"
}

# Data.
require contains {
	"group": "database",
	"count": 2,
	"minAssurance": settings.assurance.production,
	"reason": sprintf("it changes data in production: %s", [few(names)]),
} if {
	changes
	names := {r.name | some r in input.resources; keeps_data(r); in_production(r)}
	count(names) > 0
}

# Scaling.
require contains {
	"group": "operators",
	"count": 1,
	"minAssurance": settings.assurance.production,
	"reason": sprintf("it changes the number of replicas by %d %% or more: %s", [settings.limits.scalePercent, few(names)]),
} if {
	changes
	names := {s.name | some s in input.scale; s.percent >= settings.limits.scalePercent}
	count(names) > 0
}

require contains {
	"group": "operators",
	"count": 2,
	"minAssurance": settings.assurance.production,
	"reason": sprintf("it scales to nothing in production: %s", [few(names)]),
} if {
	changes
	names := {s.name | some s in input.scale; s.after == 0; in_production(s)}
	count(names) > 0
}

# Terraform.
require contains {
	"group": "operators",
	"count": 2,
	"minAssurance": settings.assurance.write,
	"reason": sprintf("the plan destroys %d resources", [lost]),
} if {
	changes
	input.command.tool == "terraform"
	lost := input.counts.delete + input.counts.replace
	lost > 0
}

# Places.
require contains {
	"group": "operators",
	"count": 2,
	"minAssurance": settings.assurance.production,
	"reason": sprintf("it changes a protected place: %s", [few(places)]),
} if {
	changes
	places := (({input.target.namespace} | {r.namespace | some r in input.resources}) & namespaces) | ({input.target.account} & accounts)
	count(places) > 0
}

# Size.
require contains {
	"group": "operators",
	"count": 2,
	"minAssurance": settings.assurance.write,
	"reason": sprintf("it touches %d resources, more than %d", [input.counts.total, settings.limits.blastRadius]),
} if {
	changes
	input.counts.total > settings.limits.blastRadius
}

# Times. Of a freeze people make an exception when the one who asks says that it is an emergency, and they believe it.
deny contains {"reason": sprintf("%s: nothing changes in production; if it cannot wait, begin the reason with %q", [freeze.name, "emergency:"])} if {
	production
	some freeze in freezes
	not emergency
}

require contains {
	"group": "release",
	"count": 2,
	"minAssurance": settings.assurance.production,
	"reason": sprintf("%s: nothing changes in production but in an emergency", [freeze.name]),
} if {
	production
	some freeze in freezes
	emergency
}

require contains {
	"group": "operators",
	"count": 1,
	"minAssurance": settings.assurance.offHours,
	"reason": "it changes production while nobody is at work",
} if {
	production
	not at_work
}

# What the rules above are made of.

# changes holds of commands that change something other than the workspace itself.
changes if {
	input.command.class in {"write", "destroy"}
	input.command.tool != "clanker"
}

# outside holds if all of it is in environments that are known to be outside production.
outside if {
	input.target.environment in settings.outside
	every r in input.resources {
		r.environment in settings.outside
	}
}

production if {
	changes
	not outside
}

in_production(place) if not place.environment in settings.outside

keeps_data(r) if {
	some kind in settings.databases
	glob.match(kind, null, r.kind)
}

namespaces := {name | some name in settings.protected.namespaces}

accounts := {name | some name in settings.protected.accounts}

freezes contains freeze if {
	some freeze in settings.freezes
	freeze.from <= input.time.unix
	input.time.unix < freeze.to
}

emergency if startswith(lower(input.reason), "emergency:")

at_work if {
	input.local.weekday in settings.hours.days
	settings.hours.from <= input.local.hour
	input.local.hour < settings.hours.to
}

# few names at most three, so that a reason stays one.
few(names) := concat(", ", first(names)) if count(names) <= 3

few(names) := sprintf("%s and %d more", [concat(", ", first(names)), count(names) - 3]) if count(names) > 3

first(names) := [substring(name, 0, 80) | some name in array.slice(sort(names), 0, 3)]
