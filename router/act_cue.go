package router

// cue is what concepts of the vocabulary say of the speech act: a set.
type cue uint32

const (
	cueLeads cue = 1 << iota
	cueChanges
	cueMakes
	cueRepairs
	cueLookups
	cueReports
	cueNominal
	cueSymptoms
	cueCompounds
	cuePronouns
	cueDeterminers
	cueRelatives
	cueWants
	cueMore
	cueFacts
	cueRestored
	cueCauses
	cueKnowledge
	cueDefinitions
	cueTopics
	cueAsksMeaning
	cueMeaning
	cueAsksHow
	cueWorkings
	cueOurs
	cueWrites
	cueCodeThings
	cueCode
	cueChat
	cueInjections
	cueRoles
	cueQuestions

	cueVerbs = cueChanges | cueMakes | cueRepairs
)

// cueNames are the concepts behind the cues, in their order.
func cueNames() []string {
	return []string{"act_leads", "act_changes", "act_makes", "act_repairs", "act_lookups", "act_reports", "act_nominal",
		"act_symptoms", "act_compounds", "act_pronouns", "act_determiners", "act_relatives", "act_wants", "act_more", "act_facts",
		"act_restored", "act_causes", "act_knowledge", "act_definitions", "act_topics", "act_asks_meaning", "act_meaning",
		"act_asks_how", "act_workings", "act_ours", "act_writes", "act_code_things", "act_code", "act_chat", "act_injections", "act_roles",
		"act_questions"}
}

// newCues returns the cues by concept.
func newCues(concepts map[string]int32) []cue {
	cues := make([]cue, len(concepts))
	for i, name := range cueNames() {
		if id, ok := concepts[name]; ok {
			cues[id] = 1 << i
		}
	}
	return cues
}

// cue returns where the longest spelling of one of the cues ends that begins at i, or 0.
func (l *lattice) cue(i int, set cue) int {
	end := 0
	if i < 0 || i >= len(l.tokens) {
		return end
	}
	for s := l.starts[i]; s < l.starts[i+1]; s++ {
		if read := &l.spans[s]; read.class == isConcept && l.lex.cues[read.concept]&set != 0 {
			end = max(end, read.end)
		}
	}
	return end
}

// within reports whether one of the cues begins from i on, before end.
func (l *lattice) within(i, end int, set cue) bool {
	for ; i < end; i++ {
		if l.cue(i, set) > 0 {
			return true
		}
	}
	return false
}
