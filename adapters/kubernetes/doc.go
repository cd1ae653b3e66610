// Package kubernetes is the driver that reads Kubernetes clusters: every one that the kubeconfig leads to, in parallel and
// each with a deadline of its own, so that one dead cluster is a line in the answer and not silence.
//
// # How a read goes
//
// [Driver.List] picks the contexts that the query concerns (contexts.go). Of those that lead to one API server it uses one,
// the current context if it is among them, so that nothing counts twice, and the next where that user is turned away; a
// context that is asked for by name is always used itself. Each is read by [table] (table.go): a kind
// names the lists of the API it is made from; all lists a query needs are read at once, each once, and each is one
// Source. Then every kind is derived from what came. A list that failed leaves a Source with the reason and the exact
// fix, and what depends on it is unknown, never guessed. No fix grants anything to the anonymous user, nor access to secrets.
//
// # Changes
//
// A cluster keeps no record of changes. [Driver.Changes] puts together what it does remember: the templates of earlier revisions
// (diff.go), who wrote an object last and when (its managed fields, authors.go), which for ConfigMaps and Secrets is all there is,
// and events, which most clusters keep for an hour. All events of one reason about one workload are one change at the time when
// they began (changes_events.go). Who did something is left open rather than guessed, as when two wrote within one second. What
// was changed back, or was written twice, is seen by nobody but a history that looked in between.
//
// # Reads are live
//
// Lists carry no resourceVersion, which asks the API server for its most recent state, consistent as kubectl get is.
// They come in pages of 500, in protobuf where the API speaks it; of each page only what answers need is kept. There are
// no informers and no caches; the only things kept between reads are the parsed kubeconfig (re-read when its bytes
// change), connections, credentials from plugins until they expire, and the identity that belongs to them.
//
// # Credentials
//
// Credential plugins (aws eks get-token, gke-gcloud-auth-plugin, kubelogin) are run by this package and not by client-go:
// client-go's runner cannot be cancelled, gives the plugin our standard input when that is a terminal (on stdio it belongs
// to MCP), and drops what the plugin says when it fails, which is the very thing a person needs to see. They have no
// terminal to ask at, and are killed with all that they started when nobody waits any more; what one that succeeds leaves
// running, goes on.
//
// # Commands
//
// [Runner] plans and runs the commands of kubectl and helm with the real tools (see adapters/internal/command), which get a
// kubeconfig made for the one context, with a short-lived credential in it and no programs. Sign-in programs run beforehand,
// as for a read; only known ones may, and their digest is among the plan's files.
//
// What a command of kubectl would touch is what kubectl get finds for the same words. What would become of it is what the
// API server says in a dry run; where the tool does not print that (scale, rollout, cordon, drain), it is computed from the
// object, and the dry run still has to pass; rollout restart, pause and resume have none and are computed alone. Of a helm
// release it is the manifest that is compared, with its hooks; what others changed in the cluster is not in it. Left out of
// every comparison is what moves by itself or is drawn by lot, so that the same command on the same state is the same plan.
//
// Just before it runs, all that is looked at once more: the tool, the files, the sign-in program, the cluster, the identity,
// and the version of every object. kubectl scale also gets --current-replicas. Afterwards the objects are read again.
//
// # What never leaves
//
// Of reads: environment values and arguments, but for the hosts that they name (relations.go), annotations, managed fields, the
// arguments of credential plugins, and the content of ConfigMaps and Secrets. ConfigMaps, Secrets and helm releases are read as metadata alone, so their content is not even sent. A plan does
// show what a command changes, with the content of Secrets, what is named like a secret and what looks like one masked.
package kubernetes
