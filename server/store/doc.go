// Package store is what a workspace must not forget, on the disk: requests, the audit log, who may approve, and the policies
// that decided.
//
// # The folder
//
//	clanker.db     SQLite, with -wal and -shm beside it while it is open
//	clanker.lock   names the process that writes, and is locked by it
//	workspace.key  the private key that signs checkpoints; made once
//
// All of it is for one user: a folder or file that others can get at is refused. One process writes, any number may read
// ([OpenReadOnly]), also while it does. Copy the folder while no workspace runs. Without its key a log cannot go on: begin
// with an empty folder, and keep the old one.
//
// # What is promised
//
// When a method that writes returns without an error, what it wrote has reached the disk (WAL, synchronous FULL), and either
// all of it is there or nothing: a request, the nonces that it uses up, and its entries in the audit log are one transaction.
// Writers wait for each other, so a request moves from a state once.
//
// Everything that the gate promises and that the store can check, it checks again: requests begin and move as
// [approval.State] allows, what was proposed, decided and said is never changed, a move leaves an entry, nonces are used once.
//
// # The audit log
//
// Entries are a chain, see [approval.Entry]. Triggers keep any program from changing or removing one, unless it removes the
// triggers: they stop mistakes, and the chain shows the rest. A checkpoint signs the head at once after a command has
// ended, after [approval.Unsealed] entries without one, and at [Store.Close]. Package
// [clanker/policies/approval/verify] proves a log.
//
// Approvers and policies have no tables of their own. Who may approve is what the newest entry trust.changed says, and
// what decides is what the newest policies.loaded says, so that neither can change without the log telling. What moves
// by itself, the counters of credentials, is kept beside.
//
// # The schema
//
// The files in migrations are its versions, in order. They are only ever added to, and there is no way back; a file of a
// newer version is refused. This is done here in a few lines: a library for it would have made the program 1.5 MB larger.
package store
