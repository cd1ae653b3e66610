package router

import (
	"strings"
)

// The words of the language that point back. They are no vocabulary of intents: these are closed classes, and a word more in
// the lexicon would change how other questions are read.

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

var (
	// backWords are those of which a question that points back holds one, unless it begins with an opener or has few words.
	backWords = setOf(`it it's its itself ones one same second that that's their theirs them there these they they're third this those
		fourth fifth sixth seventh eighth ninth tenth 2nd 3rd 4th 5th 6th 7th 8th 9th 10th`)
	openers = setOf("also and at between during for from in last on or over since today yesterday")
	// courtesies may stand before a question without being a part of it, and idle words make up a sentence before one: "I see.".
	courtesies = setOf("ah alright also and but clanker hello hey hi hm hmm hmmm now oh ok okay please so then thanks uh well yeah yep yes")
	idle       = setOf(`awesome cool do excellent fair fine good got great i interesting it just know me no nice perfect right see sorry sounds sure thank
		that that's this too understood very wow you`)
	farewells = setOf("please thanks then too now")
	// nouns that what follows may point at, though they are no kinds.
	nouns = setOf(`anybody anyone anything app application applications apps component components computer computers customer customers developer
		developers everybody everyone everything folks machine machines nobody people person page resource resources site sites someone
		somebody something nothing system systems team teams thing things user users website workload workloads`)
	// pronouns of one, of several, and those that are more often something else.
	single        = setOf("it its itself")
	several       = setOf("they them their theirs")
	demonstrative = setOf("this that these those")
	owning        = setOf("its their theirs")
	// auxiliaries before a pronoun make it the subject of another verb: "which nodes do they run on".
	auxiliaries = setOf("do does did is are was were has have had can could will would should")
	// linking are the words between a kind and what it cannot be itself: "which services depend on it".
	linking = setOf(`access accesses affect affects are behind belong belongs break breaks by call calls connect connected connects consume
		consumes depend depending depends for from hit hits in is mount mounts need needs of on own owned owns point points reach reaches
		read reads reference references rely relies route routes run running runs scale scales send sends serve serves talk talks to
		touch touched touches upon use used uses using was were write writes`)
	// binding are the words after which a pronoun means what stands before: "disks with no snapshots of them".
	binding = setOf("with without no any have has having that which who whose and or where as than because although though while if when whenever until since")
	// anything may be called these.
	generic = setOf("one service services app application workload component thing things resource resources item host machine system")
	// existing words before "there" only say that something is.
	existing   = setOf("is are was were be been out hi hello hey from get who sit sits sitting lie lies lying still up")
	articles   = setOf("the a an any all my our your")
	possessive = setOf("my our")
	asking     = setOf("which who")
	doing      = setOf("do does did can could will has")
	taking     = setOf("about behind caused changed describe did show uses")
	numbering  = setOf("number row item no")
	whereSlots = setOf("namespace cluster environment region provider node") // slots that say where
	ordinals   = map[string]int{"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
		"sixth": 6, "6th": 6, "seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "ninth": 9, "9th": 9, "tenth": 10, "10th": 10, "last": -1}
)

// leads are what elliptic questions begin with, besides "and".
var leads = []string{"what about", "how about", "the same for", "the same in", "the same on", "the same with", "the same thing for", "the same thing in",
	"the same question for", "same for", "same in", "same on", "or"}

// sinces are what questions begin with that ask since when something is so, whatever it is.
var sinces = []string{"how long has it been ", "how long is it ", "since when has it been ", "since when is it ", "when did it become ", "when did it get ",
	"when did it go ", "when did it start ", "when did it turn "}

// idioms are those in which "it" means nothing, though what stands around could be asked of a thing.
var idioms = []string{"could it be", "did it take", "does it cost", "would it cost", "will it cost", "it cost to", "does it make sense", "does it matter", "does it mean", "does it take", "forget it", "get it done",
	"got it", "how is it going", "is it going to", "is it just me", "is it me", "is it ok to", "is it okay to", "is it possible", "is it safe to", "is it time",
	"is it true", "is it worth", "it appears", "it is possible", "it is time", "it is true", "it looks as", "it looks like", "it seems", "it sounds", "it takes",
	"it took", "it turns out", "make it quick", "make it short", "make it so", "take it easy", "that is it", "what day is it", "what time is it",
	"will it take", "would it be", "worth it"}

// fewWords is how many words a question has that is asked whether it points back whatever they are: "show me the rest please".
const fewWords = 5

// form is a question that is nothing but a question about what was answered.
type form uint8

const (
	noForm form = iota
	asksWhy
	asksSince
	asksWho
	asksMore
	asksDetails
)

// forms are such questions without articles and courtesies, with "it" for all that points back.
var forms = func() map[string]form {
	all := map[string]form{}
	for f, texts := range map[form]string{
		asksWhy: `why|why is it|why are it|why is it so|why so|how come|why did it happen|why does it happen|what caused it|what causes it|what is cause|
			what is cause of it|what is reason|what is reason for it|why was it|what is root cause of it|what is behind it`,
		asksSince: `since when|since when is it|since when is it so|since when is it like it|for how long|how long|how long already|when did it start|
			when did it begin|when did it happen|how long has it been like it|how long has it been so|when did it break|how long has it been going on`,
		asksWho: "who|by whom|who did it|who was it|who was it by|who has done it|who made it|who made it change|who is responsible for it",
		asksMore: `more|show more|show rest|rest|rest of it|show rest of it|next page|show next page|next|continue|go on|give more|list more|list rest|
			remaining ones|show others|show next ones|show remaining ones|more results|show more results|what are others|show all of it`,
		asksDetails: `details|more details|show details|show more details|give details|give more details|tell more|tell more about it|more about it|
			describe it|explain it|what is it|tell about it|elaborate|show it|more information|more info|more info on it|more details on it`,
	} {
		for text := range strings.SplitSeq(texts, "|") {
			all[strings.Join(strings.Fields(text), " ")] = f
		}
	}
	return all
}()
