// Package claims holds what a model wrote against what its tools returned. A model may say anything; what of it nothing bears out is
// marked, so that nobody takes it for a reading.
//
// # Figures
//
// A figure is a number with its unit: a count, a share, a time span, a number of bytes, an amount of money, a date, a time of day, and
// the words from two to ninety-nine. It is borne out by a figure of the same kind that a tool returned (37 pods say nothing of 37 %), in
// whatever unit: 512Mi is 536870912 bytes and 0.5 GiB, 0.82 is 82 %. It may be rounded, at the digits that it shows and by a twentieth
// at most; by more only if the text says so ("about 2 GB"), and a whole number that counts something only then. The figures of the
// question prove nothing, nor do digits within a longer word: a pod's hash, a timestamp.
//
// What would follow from two figures that were read (a difference, a sum, a ratio, a number of rows) is not borne out: nobody has read
// it. Tools count what they return, in the line above it.
//
// # Names
//
// A name is what looks like one, by its characters (checkout-api, payments/api, v1.4.2, OOMKilled, 10.0.1.2), by quotes or backticks, by
// its place ("the billing namespace") or by its capital. It is borne out when it stands in what a tool returned or in the question:
// whole, as the beginning of a longer name up to a hyphen, or as a path whose parts all stand there. English compounds (read-only,
// end-to-end) are no names. In a German text a capital tells no name, and in scripts without spaces (Japanese, Thai) only what is written
// in Latin letters or digits is looked at.
//
// # What this does not tell
//
// Each claim is looked at for itself. That 91 % was read does not say of what: a text that gives it to another thing is not marked, nor
// is a wrong cause made of right figures. A small count is easily borne out by another one, and a name in plain lower-case letters is
// noticed only beside a word like namespace. What others wrote (a log line that says 37) bears out that it was written.
//
// # What acts on a reader
//
// Escape sequences, control characters, HTML and images go. An address stays if a provider gave it, outside of what others wrote; all
// others are replaced. Commands are taken out of the text, and those that others dictated are dropped: see [Commands].
package claims
