// Package intents is what can be asked: intents written in YAML, and the small compiler that turns them into queries,
// selections and answers. It knows nothing of providers, and matching questions is the router's.
//
// # An intent
//
// A file holds a list of intents. Every key is listed here; one that is not is a fault, and [Load] reports every fault of
// every file at once as file:line:column with a remedy, or the first thousand. Required are id, topic, description,
// examples, action and answer, and patterns where there are fewer than three examples. "clanker intents schema" prints the
// JSON Schema of a file, for editors.
//
//	# metrics.yaml
//	- id: metrics.memory.limit         # unique, topic first
//	  topic: metrics                   # health inventory cost change diagnose security topology metrics logs scan write meta
//	  act: state                       # state cause command; see below
//	  version: "1"
//	  description: Pods near their memory limit.
//	  examples:                        # each must route to this intent: they are learned from, and tests
//	    - Which pods are using more than [80%](percent) of their memory limit?
//	  notExamples:                     # what sounds alike and must not: alone, or with the intent that it belongs to
//	    - raise the memory limit of the pods
//	    - {ask: what do the pods above their limit cost, intent: cost.spend}
//	  patterns:                        # token grammar, full span; see below
//	    - "[@list] {kind} [that] @use @over {percent} [of] [their] @memory [limit]"
//	    - how close (is|are) {service} to [its|their] @memory limit
//	  requires:                        # before a learned score may choose the intent
//	    all: ["@memory"]               #   each of these: a word, a @concept or a {slot}
//	    any: [limit, "{percent}"]      #   one of these
//	    none: ["@cost"]                #   none of these
//	    kinds: [pod, deployment]       #   and a word for one of these kinds
//	  when: '"aws" in connected'       # leaves the intent out where it is false; see below
//	  maxRisk: 0.01                    # acceptable share of wrong answers, at most 0.5; 0.05 without it
//	  slots:                           # defaults, as a question would spell them
//	    percent: {default: 80%}
//	  needs: service                   # a slot without which the question is asked back, with the names that fit
//	  action: list                     # list metrics changes logs topology diagnose about propose
//	  query:                           # what to read; "{slot}" takes a slot's value, or nothing if the question has none
//	    kinds: [pod, "{kind}"]         # if the question names a kind that is listed, it alone is read
//	    name: "{service}"
//	    providers: [kubernetes]
//	    metrics: [memory.ofLimit]
//	    scope: {environment: production, namespace: "{namespace}", cluster: "", region: ""}
//	    since: last 24h                # if the question gives no time range
//	    log: {tail: 100, previous: true, container: "", grep: timeout, errors: true}
//	  where: metric["memory.ofLimit"] > slots.percent
//	  sort: -metric["memory.ofLimit"]  # a leading minus sorts downwards; ties by id, what cannot be judged last
//	  limit: 20                        # at most so many
//	  columns: [status, attr.image]    # of the table, after the name: status reason since location kind attr.x metric.y
//	  verdict: true                    # the answer carries a health verdict
//	  noise: [label.*, image]          # answers do not tell when these change: see since and delta
//	  answer: '{{len .Resources}} of {{plural .Total "pod"}} above {{percent .Slots.percent}} in {{.Place}}'
//	  next: ["why is {{(index .Resources 0).Name}} unhealthy"]
//	  tests:                           # questions that nothing is learned from; "clanker intents test" asks them
//	    - {ask: pods in checkout above 90% of their memory limit, slots: {percent: 90%, namespace: checkout}}
//	    - {ask: restart the pods above their limit, not: true}
//
// The scope that a question gives narrows the query whatever the intent says. A time range gives the query its since;
// an intent that makes nothing of one (no {time} in a pattern, no slots.time, and not about events, changes, logs or a
// diagnosis) is not matched by a question that has one, rather than answering about another time than was asked.
//
// # What is learned
//
// A question that a pattern explains in full is answered by it. Of the others a linear scorer, learned from all examples,
// may choose the intent, if its act fits, its requires holds, and the probability of being wrong is at most its maxRisk.
// So patterns give exactness and slots; examples, concepts and requires give reach. A good intent has a dozen examples or
// more in different wordings: a sentence, a fragment, key words, a beginner's, an expert's, a symptom.
//
//   - In an example, [value](slot) marks up what a slot takes. The question is the text without the mark-up, the value must
//     be one of its type, and the slot is one of the intent, as if a pattern had it. The slot is spelled as in patterns, as
//     a name, a type or name:type. Brackets that no ( follows are text.
//   - An act is what a question does: state asks how things are, cause asks why (and is given states too), command asks for
//     a change. Without the key it is command for the topic write, cause for the action diagnose, and state for all others.
//     The action propose changes nothing: it says so, and how to propose the command.
//   - requires takes one word, one @concept or one {slot} each; phrases are spellings of concepts. A slot in all or any, and
//     with kinds the slot kind, is one of the intent.
//   - when is an expression over connected, a list of provider names. Most intents need none: what asks for something that
//     no connected provider has is answered so. One that cannot be evaluated is false.
//
// # Patterns
//
// A pattern is a sequence over words, never a regular expression: `word`, `(a|b c)` one of, `[x]` optional, `@concept` any
// spelling of a concept of the vocabulary, `{slot}` or `{name:type}` a typed value. A pattern must explain all of the
// question; besides it only fillers ("please", "the") and scope and time phrases ("in production", "in the payments
// namespace", "on prod-cluster", "in the last 2 hours") may stand anywhere, so no pattern spells them. Words are as
// normalisation leaves them: lower case, no punctuation, "is not" for "isn't"; is, was, do and have stand for their
// plurals too. Every pattern has a word, @concept or {kind} outside [ ] by which it is found, at most 64 words, concepts
// and slots, and stands for at most a million sentences. An intent has at most 500.
//
// Of several patterns that explain a question the one wins that has more of its words in words and concepts, then in
// narrower slots; a tie between two intents is asked back. An example that no pattern of its intent explains becomes a
// pattern itself, word for word but for names, numbers, scope and time.
//
// # Slots
//
//   - service, pod: the name of anything that serves or runs. A kind word beside it belongs to it ("the deployment app",
//     "pod named web-0") and fills NAME_kind, which narrows the query of a list to that kind.
//   - namespace, environment, cluster, region, provider, node: where; filled by scope phrases too
//   - kind: a word for a kind ("pods", "droplets"); its value is the kind, and a provider's own word gives the provider
//   - percent (a ratio: 80% is 0.8), count (10, ten), duration (15m, 2 hours), time (a [TimeRange]; [ParseTimeRange] has
//     its grammar), text (in quotes)
//
// What stands beside a name says what it names: payments in "the payments namespace" is one, though only a service of that
// name was seen, and "the search deployment" is a name, though search is a word of the vocabulary (one of its nouns).
// Names that the workspace has seen win; a near miss is taken and disclosed, several are asked back; an unknown word is
// taken for a name where the vocabulary and the patterns have no use for it.
//
// # Where and sort
//
// Expressions of github.com/expr-lang/expr over a flat view of a resource: id name kind provider health reason account
// region zone environment cluster namespace (strings), label, attr and metric (maps), age (seconds since health is what it
// is), created (seconds since it was made), and slots (the question's; a duration is seconds, a time range the seconds
// since its start, with _end to its name those since its end). A metric, attribute or age that is missing is nil, never
// zero: comparing it with < or > fails, the resource is left out, and the answer counts it as not measured. `x == nil`
// tests for it, `(x ?? 0)` replaces it.
//
// # Answers
//
// Templates of text/template over [Data], rendered as one line. They must survive an answer with nothing in it. Beside the
// built-in functions there are plural (3 "pod"), names and changes (lists of resources and changes, cut), percent (0.62),
// bytes, seconds, number, metric (. "cpu.usage"), totals (of a metric by namespace), join, distinct (a workload and the
// service before it count once), tally (of resources by kind), called (a name, with its namespace where others share it),
// standing (how what goes by a name is, place by place), heads (of what goes by a name, the first of every place), latest
// (of changes, those made last); index gives nothing for a missing key of a map instead of zero. What is not known prints
// as "unknown"; a next question that names it is left out.
//
// # Vocabulary
//
// vocabulary.yaml, and each file in a folder vocabulary, holds words that intents share: concepts with their spellings,
// kinds, providerKinds (droplet is an instance on digitalocean), providers, fillers, stopwords (never a name) and nouns
// (of all these words, those that things are called too, where a word for a kind stands beside them: "the search
// deployment"). A filler may stand between the words of a spelling. Words that negate are never fillers. A key
// (concepts.healthy, kinds.pod, providerKinds.aws.bucket, providers.aws) is defined in one file of a folder of intents;
// fillers, stopwords and nouns are added up.
//
// # Sharing within a folder
//
// A file is a list of intents, or it has that list under the key intents, with what they share beside it:
//
//	include: [../common.yaml]          # files of this folder of intents, as they are found from this one
//	defaults:                          # every key but id, description, examples, patterns and tests
//	  topic: security
//	  requires: {none: ["@cost"]}
//	intents:
//	  - id: security.ours
//
// A key that an intent does not say itself is taken whole from its file's defaults, then from those of the files that are
// included, the last one first. An included file's intents are its own, and what it includes is not passed on. Anchors and
// aliases of YAML are faults: where a mistake is would be hard to tell.
//
// # Folders over folders
//
// A catalogue is made of layers ([LoadAll]): the built-in intents, then folders of yours, in the order they are named.
//
//   - To add an intent, write it with an id of its own into any .yaml file of your folder.
//   - To override one, write an intent with its id: it replaces the earlier one whole, examples and all. Begin with what
//     "clanker intents explain ID" prints. To take a built-in question for an intent of your own, override both.
//   - To add words, write a vocabulary.yaml, or files in a folder vocabulary. What they have under a key replaces what
//     earlier layers have under it, and is new if they have nothing; fillers, stopwords and nouns are added to theirs.
//     Layers without any words of their own use those that ship.
//
// Within one layer an id is taken once. Within the whole catalogue it is a fault, told at the later layer, if two intents
// have the same pattern, if two examples differ in case, punctuation and fillers alone, if a pattern takes every sentence
// of another one of its intent, and if a near miss is an example after all, or belongs to an intent that is not there.
// Examples stay tests: a pattern of yours that takes a built-in example is a fault at that pattern. Make it narrower, or
// override the intent.
//
// # Files
//
// Of a folder every .yaml file is read, those in sub-folders too, in the order of their paths; the names mean nothing but
// vocabulary.yaml and vocabulary/. Names that begin with a dot are left alone, files and folders, and so is what does not
// end in .yaml: what editors leave behind (.x.swp, x.yaml~, 4913), notes, the ..data of a Kubernetes volume. A link to a
// file is read as the file. Faults, since their user may think that they are read, are a file that ends in .yml, a link to
// a folder (name that folder instead), a .yaml file that cannot be read, is a pipe or a device, or is larger than 1 MiB or
// has more than 5000 keys in one place, a folder that is missing or cannot be read, and more than 10,000 files and
// folders. A folder with nothing in it is none: the first file may be written later.
package intents
