// Package verify proves offline what an audit log says: who approved what, and that nothing else was run. It believes
// nothing that the log does not prove, and tells the first entry that does not hold.
//
// # What is checked
//
//	log         entries follow each other without a gap, each hash is that of its entry and of the one before, and an
//	            entry is in the one form of its type
//	key         one key has signed the log from its first entry on; in that of a team others sign from the entry on with
//	            which they joined; each is one of those that were expected, if any were
//	checkpoint  each signature is such a workspace's over the head before it, and none is missing where one is due
//	witness     the heads in what people signed, and the head that was expected, are those of this log
//	request     each request goes from state to state as [approval.State] allows, and is what its digest says
//	decision    the policies in force decide again as they decided then, on the same proposal at the same time
//	approval    each word is signed, by an enrolled credential of somebody else than the requester, for exactly this
//	            proposal, for the first time, and in time
//	execution   a command started once, in the workspace where it was proposed, with enough standing approvals for exactly
//	            its digest; the policies then in force wanted no more
//	trust       approvers change by an approved request that names what they change to, after the first
//	policies    and so do policies
//
// # What a log alone cannot show
//
// That its end is missing: what was cut off leaves no gap. [Report.Sealed] is the last entry under a signature, of the
// workspace or of a person; a log that ends earlier than somebody has seen it is found with [Options.Witness]. Keep heads
// elsewhere: every report prints one.
//
// That the workspace lied: who has its key can write another history, except for what people signed. A key that is not
// expected by its fingerprint ([Options.Keys]) is the log's own claim, and so is who belongs to a team: whoever can write in
// its database can join.
//
// What the commands did: the log has the digests of their output, and what was seen afterwards.
//
// What people saw: they signed the digest of it, and only the program of that time can show it again.
package verify
