package clanker.run_command_test

import data.clanker.run_command as policy

# The tests bring their own settings, so that they hold whatever data.yaml says.
settings := {
	"timezone": "UTC",
	"groups": {},
	"outside": ["staging", "test"],
	"protected": {"namespaces": ["kube-system"], "accounts": ["111122223333"]},
	"databases": ["database", "aws_db_*"],
	"limits": {"scalePercent": 50, "blastRadius": 3},
	"assurance": {"write": 1, "production": 2, "destroy": 2, "offHours": 3, "workspace": 1},
	"hours": {"days": ["monday"], "from": 8, "to": 18},
	"freezes": [{"name": "year end", "from": 1000, "to": 2000}],
	"lists": {},
}

# A change of staging, on a Monday at ten, outside the freeze.
base := {
	"command": {"tool": "kubectl", "path": "scale", "argv": [], "flags": {}, "args": [], "class": "write", "why": ""},
	"target": {"namespace": "shop", "environment": "staging", "account": ""},
	"resources": [],
	"counts": {"read": 0, "create": 0, "update": 0, "restart": 0, "replace": 0, "delete": 0, "run": 0, "total": 0},
	"scale": [],
	"requester": {"id": "claude", "kind": "agent"},
	"reason": "more traffic",
	"time": {"unix": 500},
	"local": {"weekday": "monday", "hour": 10},
}

production := {"target": {"environment": "production"}}

# asked are the group, the number and the assurance of each requirement.
asked(more) := {[r.group, r.count, r.minAssurance] | some r in required(more)}

required(more) := r if {
	r := policy.require with input as object.union(base, more) with data.settings as settings
}

reasons(more) := {r.reason | some r in required(more)}

denied(more) := d if {
	d := policy.deny with input as object.union(base, more) with data.settings as settings
}

allowed(more) := a if {
	a := policy.allow with input as object.union(base, more) with data.settings as settings
}

class(name) := {"command": {"class": name}}

resource(kind, environment) := {
	"id": kind, "kind": kind, "name": kind, "namespace": "shop", "environment": environment,
	"labels": {}, "action": "update", "fields": [],
}

scaled(environment, after, percent) := {"scale": [{
	"id": "api", "name": "api", "namespace": "shop", "environment": environment,
	"before": 10, "after": after, "percent": percent,
}]}

test_reads_are_allowed if {
	count(allowed(class("read"))) == 1
	asked(class("read")) == set()
	count(denied(class("read"))) == 0
}

test_nothing_else_is_allowed if {
	every name in ["sensitive_read", "write", "destroy"] {
		count(allowed(class(name))) == 0
	}
}

test_sensitive_reads_need_security if asked(class("sensitive_read")) == {["security", 1, 1]}

test_reads_of_production_are_reads if {
	asked(object.union(class("read"), production)) == set()
	asked(object.union(class("sensitive_read"), production)) == {["security", 1, 1]}
}

# everything is all that a change could be asked more for.
everything := object.union_n([production, scaled("production", 0, 100), {
	"command": {"tool": "terraform"},
	"target": {"namespace": "kube-system"},
	"resources": [resource("database", "production")],
	"counts": {"delete": 5, "total": 5},
	"reason": "emergency: now",
	"time": {"unix": 1500},
	"local": {"hour": 3},
}])

test_reads_are_reads_whatever_they_read if {
	asked(object.union(everything, class("read"))) == set()
	asked(object.union(everything, class("sensitive_read"))) == {["security", 1, 1]}
	count(required(everything)) == 9
}

test_changes_outside_production_need_one if asked({}) == {["operators", 1, 1]}

test_changes_of_production_need_a_touched_key if asked(production) == {["operators", 1, 2]}

test_unknown_environments_are_production if {
	asked({"target": {"environment": ""}}) == {["operators", 1, 2]}
	asked({"target": {"environment": "lab"}}) == {["operators", 1, 2]}
}

test_one_resource_in_production_is_enough if {
	asked({"resources": [resource("service", "staging")]}) == {["operators", 1, 1]}
	asked({"resources": [resource("service", "staging"), resource("service", "production")]}) == {["operators", 1, 2]}
}

test_destroying_needs_a_touched_key_everywhere if {
	asked(class("destroy")) == {["operators", 1, 1], ["operators", 1, 2]}
	asked(object.union(class("destroy"), production)) == {["operators", 1, 2]}
}

test_the_workspace_itself if {
	every name in ["write", "destroy"] {
		asked({"command": {"tool": "clanker", "class": name}, "target": {"environment": ""}}) == {["operators", 1, 1]}
	}
}

# of_people is a change of the workspace with so many people enrolled before it.
of_people(path, enrolled) := {
	"command": {"tool": "clanker", "class": "write", "path": path}, "target": {"environment": ""},
	"resources": [object.union(resource("approver", ""), {"fields": [{"name": "enrolled", "before": enrolled, "after": "9"}]})],
}

test_one_person_alone_makes_no_third if {
	every path in ["approvers add", "policies use"] {
		asked(of_people(path, "1")) == {["operators", 1, 1]}
		asked(of_people(path, "2")) == {["operators", 1, 1], ["operators", 2, 1]}
	}
	asked(of_people("approvers remove", "2")) == {["operators", 1, 1]}
	asked(object.union(of_people("approvers add", "2"), {
		"command": {"tool": "kubectl", "class": "write", "path": "approvers add"},
		"target": {"environment": "test"},
	})) == {["operators", 1, 2]}
	asked(object.union(of_people("approvers add", "2"), {
		"resources": [object.union(resource("approver", ""), {"fields": [{"name": "replicas", "before": "5", "after": "9"}]})],
	})) == {["operators", 1, 1]}
}

test_the_workspace_itself_has_no_freeze if {
	count(denied({"command": {"tool": "clanker"}, "target": {"environment": ""}, "time": {"unix": 1500}})) == 0
}

test_data_in_production_needs_two if {
	want := {["database", 2, 2], ["operators", 1, 2]}
	asked(object.union(production, {"resources": [resource("database", "production")]})) == want
	asked(object.union(production, {"resources": [resource("aws_db_instance", "production")]})) == want
}

test_data_outside_production_needs_one if asked({"resources": [resource("database", "test")]}) == {["operators", 1, 1]}

test_data_of_unknown_places_needs_two if ["database", 2, 2] in asked({"resources": [resource("database", "")]})

test_many_names_are_few_words if {
	resources := [object.union(resource("database", "production"), {"name": name}) | some name in ["a", "b", "c", "d", "e"]]
	"it changes data in production: a, b, c and 2 more" in reasons({"resources": resources})
}

test_small_scaling_outside_production_needs_one if asked(scaled("staging", 14, 40)) == {["operators", 1, 1]}

test_large_scaling_needs_a_touched_key if {
	asked(scaled("staging", 15, 50)) == {["operators", 1, 1], ["operators", 1, 2]}
	asked(scaled("staging", -1, 1000000)) == {["operators", 1, 1], ["operators", 1, 2]}
}

test_scaling_production_to_nothing_needs_two if {
	["operators", 2, 2] in asked(object.union(production, scaled("production", 0, 100)))
	not ["operators", 2, 2] in asked(scaled("staging", 0, 100))
}

test_terraform_that_destroys_needs_two if {
	every name in ["delete", "replace"] {
		["operators", 2, 1] in asked({"command": {"tool": "terraform"}, "counts": {name: 1}})
	}
	not ["operators", 2, 1] in asked({"command": {"tool": "terraform"}, "counts": {"update": 3}})
	not ["operators", 2, 1] in asked({"counts": {"delete": 1}})
}

test_protected_places_need_two if {
	["operators", 2, 2] in asked({"target": {"namespace": "kube-system"}})
	["operators", 2, 2] in asked({"target": {"account": "111122223333"}})
	["operators", 2, 2] in asked({"resources": [object.union(resource("service", "staging"), {"namespace": "kube-system"})]})
	not ["operators", 2, 2] in asked({"target": {"namespace": "kube", "account": "1"}})
}

test_many_resources_need_two if {
	["operators", 2, 1] in asked({"counts": {"total": 4}})
	not ["operators", 2, 1] in asked({"counts": {"total": 3}})
}

test_a_freeze_denies if {
	every unix in [1000, 1999] {
		count(denied(object.union(production, {"time": {"unix": unix}}))) == 1
		asked(object.union(production, {"time": {"unix": unix}})) == {["operators", 1, 2]}
	}
	every unix in [999, 2000] {
		count(denied(object.union(production, {"time": {"unix": unix}}))) == 0
	}
}

test_a_freeze_spares_staging_and_reads if {
	count(denied({"time": {"unix": 1500}})) == 0
	asked({"time": {"unix": 1500}, "reason": "emergency: now"}) == {["operators", 1, 1]}
	count(denied(object.union(production, {"command": {"class": "read"}, "time": {"unix": 1500}}))) == 0
}

test_an_emergency_in_a_freeze_needs_two_of_release if {
	emergency := object.union(production, {"time": {"unix": 1500}, "reason": "Emergency: checkout is down"})
	count(denied(emergency)) == 0
	["release", 2, 2] in asked(emergency)
}

test_an_emergency_without_a_freeze_is_nothing_special if {
	asked(object.union(production, {"reason": "emergency: now"})) == {["operators", 1, 2]}
}

test_off_hours if {
	every when in [{"hour": 7}, {"hour": 18}, {"weekday": "sunday"}] {
		["operators", 1, 3] in asked(object.union(production, {"local": when}))
		asked({"local": when}) == {["operators", 1, 1]}
	}
	every hour in [8, 17] {
		not ["operators", 1, 3] in asked(object.union(production, {"local": {"hour": hour}}))
	}
}
