package clanker.run_command_test

import data.clanker.run_command as policy

settings := {"lists": {"network": ["aws_vpc*", "firewall"]}}

base := {
	"command": {"tool": "terraform", "path": "apply", "argv": [], "args": ["x.tfplan"], "class": "write"},
	"resources": [],
	"local": {"weekday": "monday", "hour": 10},
}

asked(more) := {[r.group, r.count, r.minAssurance] |
	some r in policy.require with input as object.union(base, more) with data.settings as settings
}

denied(more) := {d.reason |
	some d in policy.deny with input as object.union(base, more) with data.settings as settings
}

test_apply_has_two_reviewers if {
	asked({}) == {["operators", 2, 1]}
	denied({}) == set()
}

test_plan_needs_nobody if {
	a := policy.allow with input as object.union(base, {"command": {"path": "plan", "class": "read"}})
	count(a) == 1
	asked({"command": {"path": "plan"}}) == set()
}

test_owners_of_the_network if {
	asked({"resources": [{"kind": "aws_vpc_peering", "fields": []}]}) == {["operators", 2, 1], ["network", 1, 1]}
}

test_platform_destroys if ["platform", 1, 2] in asked({"command": {"class": "destroy"}})

test_no_database_is_replaced if {
	resource := {"kind": "aws_db_instance", "name": "orders", "fields": []}
	denied({"resources": [object.union(resource, {"action": "replace"})]}) == {"orders would be deleted and created again"}
	denied({"resources": [object.union(resource, {"action": "update"})]}) == set()
}

test_friday if {
	denied({"local": {"weekday": "friday", "hour": 12}}) == {"not on a Friday afternoon"}
	denied({"local": {"weekday": "friday", "hour": 11}}) == set()
}

test_only_saved_plans if {
	denied({"command": {"args": []}}) == {"only the saved plan is applied"}
	denied({"command": {"args": ["x.tf"]}}) == {"only the saved plan is applied"}
}

test_images if {
	deployment := {"kind": "deployment", "name": "web"}
	image := {"name": "image", "before": ""}
	foreign := object.union(deployment, {"fields": [object.union(image, {"after": "evil/web:1"})]})
	own := object.union(deployment, {"fields": [object.union(image, {"after": "registry.example.com/web:1"})]})
	denied({"resources": [foreign, own]}) == {"evil/web:1 is not from our registry"}
}

test_latest if denied({"command": {"argv": ["kubectl", "set", "image", "web=web:latest"]}}) == {"latest moves"}
