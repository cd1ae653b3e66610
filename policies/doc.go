// Package policies is what may be done, and by whom: Rego files first, one engine beside them. It is the only user of OPA.
//
// # What you edit
//
// data.yaml says who belongs to which group, what counts as production, where the limits are and when nothing changes. Most
// teams edit nothing else. run_command.rego says what follows from it, and run_command_test.rego proves that. A folder of
// your own (policies.dir in the configuration, "clanker policies init DIR" to begin with) takes the place of what ships: one
// that has no Rego file keeps the built-in rules, one that has no data.yaml the built-in settings. Files that end in
// _test.rego are tests and decide nothing; names that begin with a dot are left alone.
//
// # What rules see
//
// [Input] as "input", field by field in [InputSchema] ("clanker policies schema"), and [Settings] as "data.settings". Every
// field of the input is always there, with an empty value where there is nothing to tell; numbers are whole. So ask for what
// is there: a "not" on a field holds of everything nobody thought of, and "clanker policies check" warns of it. input.time is
// UTC; input.local is the same moment in the time zone of data.yaml. There is no other clock: what was decided once is
// decided again from the same input. Of several resources speak once, with their names in the reason: a set of more than
// 100 members is a denial. Lists of your own go below "lists" of data.yaml, and are at data.settings.lists.
//
// # What rules say
//
// In package clanker.run_command, as members of three sets:
//
//	deny     {"reason"}                                     nobody can approve it
//	require  {"group", "count", "minAssurance", "reason"}   count people of the group, 1 to 10, with keys of at least that
//	                                                        [Assurance], 0 to 4; the group "" is everybody who is enrolled
//	allow    {"reason"}                                     it runs at once
//
// A denial beats all, and a requirement beats allow. All requirements must be met. Each asks whether its own group agrees: a
// person counts once in each, and may count in several; whoever asked counts in none. See [Decision.Permits].
//
// # What no rule can change
//
// Only a command of class read is ever allowed; what no rule speaks of needs one person with a key, and what destroys needs
// a key whatever the rules say. An error, no result or more than one, a member that has another shape, a group that
// data.yaml does not have, a decision that takes longer than a second or comes out otherwise without the index over rules:
// all of them deny. A group whose members are named denies at once when they are too few beside the one who asks.
//
// # What does not load
//
// A misspelt field of the input, of the settings or of another rule; a rule that nothing uses; a default that is true; an
// unused variable or import; and every function that could make the same input decide otherwise: no network, no
// environment, no clock, no chance. All faults are told at once, as file:line:column.
//
// # How to test
//
//	clanker policies check DIR      does it load, is it formatted, what is odd
//	clanker policies test DIR       Rego tests, with the lines they cover
//	clanker policies explain -- kubectl scale deployment/checkout --replicas=5
//
// Tests bring their own settings ("with data.settings as"), so that they hold for every data.yaml. [Check] is what a running
// workspace does before it takes new policies: they load, they have tests, and the tests pass.
package policies
