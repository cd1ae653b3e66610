// Package reload keeps what is loaded from files up to date while the program runs: config, intents, policies. A set of
// files that is broken never replaces one that works.
//
// # How a change gets live
//
// [Reloader.Run] watches the paths of every [Source]. When something changed there, and nothing more has for 200 ms (or a
// second has passed since the first change, for somebody who never stops writing), it loads every source in order: each
// validates first and is swapped in only when it has no fault. A source that fails keeps what it had, is logged, and is
// among [Reloader.Problems] until it loads again. All loads happen in the goroutine of Run, one after the other.
//
// # What is watched
//
// A path is a file or a folder; of a folder all of it, sub-folders too. What does not matter is whether it exists yet, is
// saved by renaming another file over it, is deleted and made again, or is reached by links: every folder on the way to a
// path is watched for the next name on it, and so is every folder on the way to where a link leads (on Linux; elsewhere the
// last folder on the way is). A Kubernetes volume,
// whose files are links through ..data, is therefore followed when ..data is swapped. In a folder, names that begin with a
// dot are left alone, and so are the sub-folders that do, and the files that editors leave beside what they edit (x.yaml~,
// 4913), unless they are on the way to a path.
//
// Watches are laid before a load, so a change is either read by it or noticed after it. Folders that the kernel says
// nothing about (network file systems, some container mounts) need [Reloader.Trigger], which the program calls on SIGHUP.
// So do folders that cannot be watched, for instance because the limit of watches is reached: that is a warning and a
// problem, and never an error.
package reload
