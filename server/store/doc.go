// Package store is what a workspace must not forget, on the disk: requests, the audit log, who may approve, the policies
// that decided, what was observed, what was answered, and what models cost.
//
// # The folder
//
//	clanker.db     SQLite, with -wal and -shm beside it while it is open
//	workspace.key  the private key that signs checkpoints; made once
//	instances/     a file for each process that has the folder open, locked by it
//	clanker.lock   names the process that leads, and is locked by it ([Store.Lead])
//
// All of it is for one user: a folder or file that others can get at is refused. Any number of processes write and read it at
// once ([Open], [OpenReadOnly]). [Reader.Backup] copies it while they do; copy the folder itself while none is running.
// Without its key a log cannot go on: begin with an empty folder, and keep the old one.
//
// # PostgreSQL
//
// With [Options.Database] a team shares a database of its own: everything above the files is the same. Each workspace keeps its
// folder, with its key and lock. The user of the database may make tables the first time; the password is where PostgreSQL's
// programs look for it (PGPASSWORD, ~/.pgpass) and never in the address. A server on another machine has to prove itself with
// a certificate (sslmode=verify-full, with sslrootcert for one's own authority), unless the address says otherwise. A connection that was lost is made again with the
// next call. Connect to the server itself: a pooler that changes connections between transactions loses the locks of presence.
// pg_dump makes backups.
//
// One set of Go code and SQL serves both databases; what differs is in a dialect. Package
// [clanker/server/store/storetest] holds both to the same.
//
// # Processes
//
// Writers of the ledger take turns, between processes too: with BEGIN IMMEDIATE in the file, with an advisory lock in
// PostgreSQL. No call waits longer than three seconds, for a turn or for a database that hangs; only what reads all of a log
// takes as long as it takes.
//
// Each process has a name ([Store.Instance]) and holds a lock for as long as it lives: that of its file in instances, or with
// PostgreSQL one of a connection of its own, which is made again when it is lost. So [Store.Alive] depends on no clock but
// one: with PostgreSQL a process is dead only after it was seen without its lock for some seconds, since whoever has lost a
// connection needs a moment to come back.
//
// # What is promised
//
// When a method that writes the ledger returns without an error, what it wrote has reached the disk (WAL, synchronous FULL;
// with PostgreSQL as its server is set), and either all of it is there or nothing: a request, the nonces that it uses up, and
// its entries in the audit log are one transaction. After an error there is nothing, with one exception: when the connection
// to PostgreSQL is lost while it commits, nobody knows until it is looked up. A request moves from a state once.
//
// The history is written without waiting for the disk when it is in the file: a process that is killed loses nothing, and a
// power failure the newest observations at most.
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
// The file has one key. The log of a team has those of all workspaces that have joined it: each says so by an entry
// workspace.started before it first signs, and the store sees to that. Whoever can write in the database can join, so verify
// with the fingerprints that you know.
//
// Approvers and policies have no tables of their own. Who may approve is what the newest entry trust.changed says, and
// what decides is what the newest policies.loaded says, so that neither can change without the log telling. What moves
// by itself, the counters of credentials, is kept beside.
//
// # The history
//
// [Store.Record] compares each resource of an observation with what is known of it, by a hash over what [adapters.Diff]
// compares: what this process knows is in memory, and what others wrote meanwhile is read first. Of an estate that did not
// change only the time is written, in one row. What did change is written in one transaction: the content, once for all who
// have it; a version, whose number is the [adapters.Position]; and a row for each field. Positions order everything. Clocks
// jump: a read that began up to a minute before what is known was seen is taken for an old one and tells nothing, and one from
// further back for one after the clock was set back.
//
// Beside each query stands where it was last answered and where it failed. So a resource is new only where somebody had looked
// before, gone only where nobody failed to look, and a change knows when it was not so yet. Events are not kept. A look is kept
// as what stays the same when the question is asked again, once, and a short row.
//
// [Store.Prune] forgets what is old: never what is known of what is there, nor how it stood at any later position.
//
// # What models cost
//
// Before a model is called, [Store.Reserve] keeps what that may cost at most, as the ledger is written: who reserves takes turns
// with all others, so that together they stay below a limit, and a process that is killed has spent what it reserved.
// [Store.Settle] replaces it by what the call did cost. What is dated later than now counts for today, so that a clock that is
// set back gives nothing back. What a model looked into is kept like a look ([Store.Note]), and both are pruned with the history.
//
// # The schema
//
// The files in migrations are its versions, in order, the same numbers for both databases. They are only ever added to, and
// there is no way back; a newer version is refused, and none is taken forward while a process of an older program is using it.
// This is done here in a few lines: a library for it would have made the program 1.5 MB larger.
//
// # When it fails
//
// A full disk, one that cannot be written on, a damaged file and a database that is away are errors that say what to do.
// Nothing is half kept by them, and when the cause is gone the store goes on. Damage is looked for when the file is opened, for
// a moment, and noticed otherwise when that part of it is read.
package store
