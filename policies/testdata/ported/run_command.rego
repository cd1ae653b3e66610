# Approval rules that teams wrote for other gates, as rules of this one.
package clanker.run_command

import data.settings

# Looking and planning need nobody.
allow contains {"reason": "it changes nothing"} if input.command.class == "read"

# Two people approve whatever is applied, and neither is the one who asks: that one never counts.
require contains {"group": "operators", "count": 2, "minAssurance": 1, "reason": "every apply has two reviewers"} if {
	input.command.tool == "terraform"
	input.command.path == "apply"
}

# A policy set of its own group: owners of the network approve what touches it, beside everybody else.
require contains {"group": "network", "count": 1, "minAssurance": 1, "reason": "the owners of the network look at it"} if {
	some r in input.resources
	some kind in settings.lists.network
	glob.match(kind, null, r.kind)
}

# Nobody but the platform team destroys, and one of them is enough outside production.
require contains {"group": "platform", "count": 1, "minAssurance": 2, "reason": "only the platform team destroys"} if {
	input.command.class == "destroy"
}

# Replacing a database is not reviewed, it is refused.
deny contains {"reason": sprintf("%s would be deleted and created again", [r.name])} if {
	some r in input.resources
	r.kind == "aws_db_instance"
	r.action == "replace"
}

# Nothing is applied on Friday afternoons.
deny contains {"reason": "not on a Friday afternoon"} if {
	input.command.class in {"write", "destroy"}
	input.local.weekday == "friday"
	input.local.hour >= 12
}

# A command is compared word by word, so that nothing hides behind one that is allowed.
deny contains {"reason": "only the saved plan is applied"} if {
	input.command.path == "apply"
	not saved
}

saved if {
	count(input.command.args) == 1
	endswith(input.command.args[0], ".tfplan")
}

# Images come from our registry.
deny contains {"reason": sprintf("%s is not from our registry", [f.after])} if {
	some r in input.resources
	some f in r.fields
	f.name in {"image", "containers.image"}
	f.after != ""
	not ours(f.after)
}

ours(image) if startswith(image, "registry.example.com/")

# Tags that move are never deployed.
deny contains {"reason": "latest moves"} if {
	some word in input.command.argv
	endswith(word, ":latest")
}
