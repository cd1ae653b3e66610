// Package adapters is what there is: one vocabulary over all providers, and the [Workspace] that reads them.
//
// # The vocabulary
//
// Everything a provider reports is a [Resource] of some [Kind] in some [Scope], with a [Health] and the provider's own
// reason, with attributes, metrics whose names fix their units, and relations that make the topology. A [Query] says what
// to read; a [Snapshot] is what one read brought, with a [Source] for each provider call: the evidence. What could not be
// read is a [SourceError] with one of a closed list of reasons and the exact remedy. Unknown is a value, never a guess.
//
// # The workspace
//
// Callers hold a [Workspace] and never a driver. It asks all drivers that a query concerns at once, gives each a deadline,
// survives drivers that hang, fail or panic, filters, redacts (the one place where secrets are stopped) and sorts, so that
// the same estate always reads the same. Two identical reads in flight share one provider call; nothing is cached.
//
// # Writing a driver
//
// Implement [Adapter] in a package of its own, and [Changer] and [Logger] where the provider can. Report what the provider
// says, in the vocabulary's words; make IDs with [NewID]; leave out what was not measured; never put a secret anywhere. Map
// the provider's errors onto [SourceError] with the exact fix, return what was read with the failed calls as sources, and
// return promptly when the context ends. Add the driver to the list in adapters/all, and pass the suite in adaptertest:
// its harness is the driver's whole conformance test.
package adapters
