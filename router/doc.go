// Package router is how a question is answered: the reading path from plain words to a structured answer with evidence.
//
// # The story
//
// [Router.Route] matches the question against the intents ([Matcher]), reads what the intent asks for from the [Workspace],
// and composes the [Answer]. Nothing is cached, and nothing is guessed: a question that lacks something is asked back with
// what could fill it (needsInput), one that no intent covers is declined with the nearest intents (unsupported) unless a
// model may look into it, and a name that nothing goes by is answered with the names that are near (noData). [Question] has
// a place for a function that is told the steps on the way; when the context ends, so do all reads that nobody else waits
// for.
//
// # How a question is understood
//
// [Matcher.Match] is pure, and each step can end it. A text is bounded (2,000 bytes, refused and not cut), cleaned of what has no
// meaning or is meant to deceive, and split into words; misspelt words are repaired. A lattice then holds every reading of every
// word: concepts, kinds, names, numbers, times, places.
//
//   - What is asked for? The gate (act.go) tells a question about how things are from one for the cause, a command, and from what
//     nobody here answers: knowledge, code, small talk, instructions to the workspace. It knows positions; its words are data.
//   - Does a pattern explain every word? Then its intent is hit, with its slots. Of two that say equally much, the question is
//     asked back, and so it is if the examples are next to certain of another topic.
//   - A command goes by its verb to an intent of topic write, which reads nothing and says how the change is proposed.
//   - Else the likeliest reading, values masked ({bucket}, {name}, {percent}), is scored by what the examples of all intents taught
//     (package learn). An intent takes part if the act is its own, what it requires is said, and nothing it excludes; if a "not" that
//     no concept takes account of is in one of its examples; and if it looks back in time where a time is given. It is hit if the
//     probability is high enough for its maxRisk, if not more than one word in four is unknown, and if the question does not
//     consist of two, which are asked back.
//   - Else the matcher abstains, says why, and names the intents that came near.
//
// The examples of the built-in intents were learned when clanker was built (learned.bin). A folder over them is learned when it is
// loaded, in a second or two, with the certainty of the built-in ones, and kept in a [Cache]; a catalogue of one's own tests itself.
// [Matcher.Explain] tells all of this of one question.
//
// # What no intent covers
//
// A [Fallback] looks into it, where there is one: package agent, with a model of the user's choice. What is not about infrastructure at
// all is given to it only where the question names a model; what is watched ([Question.Unaided]), gives orders or asks for two things at
// once ([Match.Barred]) never is. It reads at a [Desk] and nowhere else, so that evidence, coverage and the rows of the answer are what
// was read, whatever the model says; without anything read there is no data, not prose. Its answers say "model" as their source, name
// what they cost ([ModelUsage]), and mark what nothing that was read bears out.
//
// # Follow-up questions
//
// "Now show me its logs" is made a question that stands alone before it is matched as any other (followup_resolve.go), and
// a warning says how it was read. What it points at stands in the [Look] of the asker's last answer, if that is no older
// than half an hour, or of the one that [Question.FollowUp] names, however old:
//
//   - "it", "that one", "this pod" are what that question named, in the place that it named, or the place that it was about, or
//     the only resource that it showed; a change names the resource with its kind and all of its place;
//   - "the second one", "the last pod", "the one in eu-west-1" are rows of it, in the order in which they were shown;
//   - "they", "which of them" are all that it showed, and the answer is about those alone;
//   - "there" is where it looked; "why?", "since when?", "who did that?", "more" ask about it;
//   - "what about redis?", "and in staging?", "the same for yesterday" ask its question again, of something else.
//
// What cannot be known is asked back (needsInput), with what was shown. A question that stands alone stays as it is: where a name
// or noun before it may be what "it" means, where "it" means nothing ("is it safe to deploy"), and where the question would not be
// one with the thing in it either.
//
// # What an intent's action makes of it
//
//   - list, metrics: the resources that the intent selects, in its order, are items; what its columns name are their fields.
//   - changes: what changed in the time asked for, or the last change of each resource; of an intent whose id ends in
//     "last" only the newest deployment, which is the changes that share its event.
//   - logs: a line is an item of kind log; of too many the last stay. Every line is marked in untrusted.
//   - topology: a graph around the named resource (two hops), along the whole chain in one direction when the intent's id
//     ends in "dependents" or "dependencies", or of all in the scope when no name is given.
//   - diagnose: the named resource with its parts, what they stand on and use, what leads to them, recent warnings, the last
//     change before the trouble, and the end of the logs of what fails. The conclusion is by rule: see the order of rank.
//   - about: the connections of the workspace. The summary of diagnose and about is the router's own, for their data is
//     more than templates see.
//
// # Status and verdict
//
// A source that failed makes the answer partial and is named in coverage with the exact remedy; when none answered, the
// status is error. What was read but could not be judged, all of it, is noData: none of it would pass for good news. A
// provider that this machine knows nothing of is only mentioned when it was asked for, or when nothing else answered. The
// verdict is critical if something is unhealthy, degraded if something is degraded, unknown if something relevant is
// unknown or was not read, and healthy only if all of it was read and is well.
//
// # Pages
//
// An answer shows as many rows (items, changes, nodes and edges) as the limit and [DefaultBytes] allow, counted as JSON, and
// its text as many as fit in that. Neither loses the rest: truncation has a cursor, and so has the text, which may have room
// for less; a question with the cursor gets the next page. What is not rows, as evidence, is cut evenly when it alone would
// fill the answer, and a warning says so.
//
// A page is of the same observation, with the same answerId, summary and evidence, and says in ageSeconds how old that is.
// It comes from memory, where the rows of the last answers are kept: 256 answers, 32 MiB, half an hour. What is gone from
// there is status error, which says to ask again. [Router.Recent] returns an answer from there as it was given. No new
// question is ever answered from it. Whoever has a cursor may use it: it holds the answer's id, which is random.
//
// # Order of lists
//
// Items come in the order of the intent's sort, ties and the rest by ref; a diagnosis has what is in trouble first, cause
// before symptom, then warnings newest first, then log lines by time. Changes are newest first. Evidence, checked,
// notChecked and scope are sorted by provider, target and call; a graph's nodes by ref, its edges by from, relation and to;
// candidates of needs alphabetically; next questions by what to ask first; untrusted like the items it points at. A later page of
// logs is earlier lines, and one of a graph is farther from what was named; an edge comes after both of its ends.
//
// # Text
//
// [Text] renders the whole answer in few tokens for agents, and for people in a pipe. What others wrote (logs, events,
// reasons, names) is made one line of plain text, and log lines are fenced, so that nothing in it can pose as a part of the
// answer. [Schema] is the JSON Schema of the answer.
package router
