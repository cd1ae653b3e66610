// Package eval measures how well questions are routed: it asks a [Classifier] labelled questions, scores what it made of
// them, and holds the figures against a baseline.
//
//	suites, err := eval.BuiltIn(catalog)
//	report := eval.Evaluate(suites, func(s eval.Suite) eval.Classifier { return eval.ByMatcher(matcher, s.Names(seen)) })
//	err = eval.Text(os.Stdout, report)
//
// # Cases
//
// A file of cases is YAML (.yaml, .yml), tab-separated (.tsv) or JSON lines (.jsonl). It is a suite, named like the file
// without its ending and without "-questions". All three have the same keys, and nothing else may be written in them:
//
//	question  the sentence, as somebody would ask it; once per file
//	topic     where it has to go, or abstain if nothing may answer it
//	intent    the id of the one intent that has to answer it; the topic follows from it
//	slots     all that has to be read from it, the intent's defaults too, spelled as clanker route prints it; without the
//	          key slots are not judged
//	provider  whose infrastructure it is about; several with commas between
//	source    where it was found
//	group     who wrote it, or what sort of question it is
//	voice     how it is asked: expert, plain, beginner, symptom or minimal
//	of        the question that it is another wording of
//	names     what the workspace has seen, as kind/name: known for all questions of the file
//
// A question needs a topic or an intent. In YAML the file is a list of such keys; in JSON lines each line is an object:
//
//   - question: is chekout-api healthy?
//     intent: health.of
//     slots: {service: checkout-api}
//     names: [deployment/checkout-api]
//
//     {"question": "restart it", "topic": "abstain", "group": "write"}
//
// In a tab-separated file the first line names the columns, an empty cell is a key that is not written, slots are written
// "service=checkout-api; percent=0.8" and names with spaces between. Every fault of every file is told at once, with its
// line ([strict.Errors]).
//
// # What is measured
//
// A question in scope (one that has a topic) is right, wrong or missed: routed to where it belongs, routed elsewhere, not
// routed. One out of scope is taken or left. A question that the matcher finds ambiguous is not routed; one that asks back
// for a slot is. [Figures] says how the shares are counted from these. Wrong is worse than missed: shares of what was
// routed and shares of what was asked are never mixed.
//
// [Group] gives the same figures for the questions of one source, group, voice or provider, and for those that a pattern, an
// example or what was learned decided; [Spread] says how far groups lie apart when each counts once. What the intents say of
// themselves ([Own]) is asked like any other suite.
//
// [Robustness] asks those questions again that went right, changed a little; see [Perturbations]. Some changes turn the meaning
// (joined with another question, made a command): then less is better. Voices are other wordings of a question (of) that the
// cases give: of those whose first wording goes right, how many do. The seed of a change is
// the question itself, so that a run repeats. Nothing in a [Report] depends on a clock, on chance or on the order of a map:
// the same catalogue, names and cases give the same bytes. Time is measured apart, by [Measure].
//
// # What was learned by heart
//
// Cases are never learned from, but whoever writes an example has read some of them, and every example goes where it belongs
// by construction. [Folds] therefore asks questions with a catalogue that lacks what belongs to them, and [Validate] reports how
// they fare: examples without themselves, with or without patterns, and cases without the examples that were written after
// them, all cases of a source or of a question in one fold.
//
// [Moves] tells which questions go elsewhere when the catalogue changes.
package eval
