// Package approval is the gate: agents propose, policy decides who must approve, people approve, and only then it runs.
//
// # What is proposed
//
// [Gate.Propose] reads an argv, lets the runner of its tool make a plan of it, and freezes the proposal to bytes. From there on
// nothing else counts: what people are shown ([Show]) is rendered from the bytes, what they sign names their digest, and what
// runs is what is in them. A read that policy allows runs at once; everything else is [Pending], or [Denied].
//
// # What a person says
//
// A [Statement] says: this person, with this credential, says approve or reject of the proposal with this digest, having
// been shown this, under these policies, in this workspace, when the log stood here, until then. [Gate.Answer] takes it with
// its signature. Every field must be what the workspace would put there now, and each statement counts once. The newest
// word of a person counts; one rejection ends the request; who asked never approves. No method takes an approval that is
// not signed, and no option skips a signature.
//
// # What runs
//
// Once enough people have approved, the command is planned and decided again. If the plan is not the same to the byte, or
// policy asks for more than it did, the request is [Stale]. Else the approvals are used up in the transaction that says
// that the command runs, and only then it does: at most once, whatever dies when. What was running when its process died is
// [Unknown], and is never tried again by itself.
//
// # Several processes
//
// Gates of several processes, and of several workspaces, share one keeper, and are one gate: whatever depends on other requests
// (the limits, the same proposal, whose turn a target is) is a [Check] in the transaction that changes the ledger. A request is
// run by its own workspace: by the process that proposed it, or by another one once that is gone. Which are alive the
// [Presence] knows, without a clock. Nobody else runs it, on whichever page it was approved, and a statement names the workspace
// that will. What a process runs is given up when it is dead, and only then; when it had only lost the ledger, it keeps the
// outcome as soon as it can, or tells the log of it (execution.late).
//
// # What is kept
//
// A [Keeper] keeps requests, who may approve, and the audit log: a chain of entries, each in the same transaction as the
// change that it tells of. Package verify proves from the log alone who approved what ran. Packages beside this one: identity
// verifies signatures, self runs the changes of the workspace itself (approvers, policies) through the same gate.
package approval
