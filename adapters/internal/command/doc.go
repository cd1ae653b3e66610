// Package command runs a provider's own tool, kubectl or terraform, with an argv and never a shell.
//
// # Which program
//
// [Find] looks a bare name up in a list of folders and returns its real path with its SHA-256. Only what root or we own, and
// nobody else may write, counts: the file, its folder and all folders above it. [Folder.Run] opens the file, hashes what it
// opened, and runs what it hashed, by its descriptor: on Linux a file that is put in its place meanwhile is not run. What is
// written into the very file between the two is seen by its time of change just after the start, and ends the program at
// once. Elsewhere the path is run right after the hash was compared. Scripts are refused: their digest says nothing of
// their interpreter and of what they load.
//
// # With what
//
// A [Folder] is private to one plan or run, and goes away with it; what a workspace that was killed has left behind is swept
// away by the next. The program gets no standard input, no terminal, a
// session and a process group of its own, and an environment of [Spec.Env] and these: HOME, TMPDIR and PATH in the private
// folder, all empty, and LANG=C.UTF-8. Nothing is inherited. On Unix it writes no core dumps, and neither does the workspace from its
// first run on: there are credentials in both. On Linux it is also killed when the workspace dies: what nobody watches any more must
// not go on, and the gate says "unknown" of it.
//
// # How it ends
//
// By itself; or its context or time is over, then its group gets SIGTERM and, after a grace, SIGKILL. What it leaves running
// in its group is killed as it ends. A process that made itself a session of its own is beyond reach, but is not waited for.
//
// # What it wrote
//
// Of each stream whole lines are kept and told as long as they fit into the limit; the rest is read, counted and dropped, so
// that a chatty command is not stopped half-way through a change. A line is kept back while the secrets in it may go on in the
// next (see [adapters.RedactText]). Control characters stay: whoever shows the text has to escape them.
package command
