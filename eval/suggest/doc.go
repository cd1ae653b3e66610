// Package suggest makes intents of the questions that keep ending at a model, so that tomorrow they cost nothing.
//
//	found, err := suggest.Propose(ctx, investigations, suggest.Options{Layers: layers, Suites: suites, Names: names})
//
// It changes nothing: a [Proposal] is the text of a file, and a person decides what becomes of it.
//
// # From questions to a group
//
// Of the tools that a question was answered with one counts: the one whose arguments say most, among those that could be asked for
// again from the question alone. A name that a model only came upon on its way is not in the question. Questions are of one group
// if they were answered by the same request, but for values that stand in them. A list of resources is the exception: a model may have
// chosen among them, which its arguments do not tell. Questions that were answered by one must share words that matter, too: those
// that few examples of the catalogue have, without kinds and values, which vary.
//
// # From a group to an intent
//
// What the tool was asked for becomes the action and the query. A name, a number, a percentage, a text in quotes or a kind that
// stands in the questions becomes a slot, and the questions become the examples, with these marked up. Scope and time need no slot:
// every intent understands them. If the tool was an intent itself, the questions become further examples of that intent, whose
// definition is put over the one in use. What a person should look at is told beside it ([Proposal.Doubts]).
//
// # What is checked
//
// The proposals are put over the catalogue together. Questions that cannot be examples, for they go elsewhere or say the same as
// another one, are left out. A proposal that takes a question of the catalogue or of the cases which is not its own ([Proposal.Harm])
// is narrowed by words that its questions must have (requires), and given up if that does not help. Intents are learned beside
// each other, so questions near the edge of two others may fall to another side whatever is added ([Proposal.Drift]): of one in a
// thousand this is accepted, and told.
//
// Then the questions of each proposal, in up to five parts, are asked of an intent that was made without them: [Proposal.HeldOut]
// says how many found it. If less than half do, it may guess with less certainty (maxRisk), as long as it still takes nothing of
// others. With less than a third it was learned by heart, and is given up. If questions drift and all proposals together find no more
// than those, the smallest is given up: what is left raises the score.
//
// A proposal costs nothing but time: to learn the catalogue takes a second or two, and that is done six to fifteen times, however
// many proposals there are.
package suggest
