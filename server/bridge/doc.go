// Package bridge makes one workspace of several processes: a clanker that a desktop client started on stdio hands its
// client over to the workspace that the same user already serves over HTTP. Without one it serves alone.
//
// # Finding each other
//
// A workspace that listens leaves a [Record] of itself in a [Place]: $XDG_RUNTIME_DIR/clanker, else clanker in the user's
// cache folder, which nobody else may enter. The name of the file is made of what the workspace serves (which estate, which
// kubeconfig, which intents), so that only a workspace which would answer alike is found, and several can be there at once.
// Of two that answer alike the later one is found.
//
// A record is a hint and never believed: a process that was killed leaves one behind. [Place.Find] asks the address in it
// which clanker it is, and takes it only if it is the very process that wrote the record. On Linux nothing, neither that
// question nor a token, is sent to a process of another user, connection by connection (see [server.LocalClient]). On other
// systems somebody else may take the port of a workspace that has died, and what is sent to the workspace next, with the
// token, reaches him: use no bridge there on machines that several people share.
//
// # Handing over
//
// [Serve] copies messages: each line of stdin is a POST, each message of an answer, be it JSON or a stream of events, a
// line of stdout. Requests run beside each other. To cancel one is to hang up, and with a session to say so. A session is
// opened and ended as the client's initialize and the end of its input ask for it; with it, the stream of what the workspace
// says by itself. Requests of revision 2026-07-28 have no session; their headers repeat what the message says.
//
// # When the workspace goes away
//
// If no connection comes about, or the workspace says that it does not know the session, the message has not been worked
// on, and only then is it sent again: to the workspace that is there within a few seconds, to which the client's initialize
// is repeated first, or else to a workspace of this process alone, for the rest of its life. The client notices a pause. A
// message that may have arrived is never repeated: its sender is told that it was interrupted. What else a session knows,
// such as a log level or subscriptions, is not carried over.
package bridge
