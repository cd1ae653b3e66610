package router

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clanker/adapters"
	"clanker/intents"
)

// onward is how a change is made that a question asked for.
const onward = "To make it, propose the command with clanker_run_command: a person decides."

// Proposal is a command to send to clanker_run_command. Nothing has been proposed or run.
type Proposal struct {
	Argv   []string `json:"argv"`
	Reason string   `json:"reason"`
}

// propose answers a request for a change: how what it is about stands now, and the command that a person would be asked to
// approve. Nothing is run.
func (r *Router) propose(ctx context.Context, d *draft) error {
	if err := d.say("a change"); err != nil {
		return err
	}
	wanted := d.wanted()
	name := cmp.Or(d.slot(intents.SlotService), d.slot(intents.SlotPod))
	if name == "" {
		d.end(StatusUnsupported, fmt.Sprintf("This asks for a change (%s), and a question changes nothing: nothing was read or run. %s", wanted, onward))
		return nil
	}
	d.query.Kinds, d.query.Name = changeable(), name
	snapshot, err := r.workspace.Query(ctx, d.query)
	if err != nil {
		return err
	}
	d.read(snapshot)
	d.data.Resources = slices.DeleteFunc(slices.Clone(snapshot.Resources), func(r adapters.Resource) bool { return r.Name != name })
	d.data.Total = len(d.data.Resources)
	d.items(d.data.Resources)
	d.command(wanted)
	return nil
}

// changeable are the kinds whose changes can be spelt as a command here.
func changeable() []adapters.Kind {
	return []adapters.Kind{adapters.KindDeployment, adapters.KindStatefulSet, adapters.KindDaemonSet, adapters.KindPod}
}

// command ends the answer with the command, where there is exactly one thing that it can be about.
func (d *draft) command(wanted string) {
	switch found := d.data.Resources; {
	case len(found) == 0:
		d.end(StatusUnsupported, fmt.Sprintf("This asks for a change (%s) of what was not found, and a question changes nothing. %s", wanted, onward))
	case len(found) > 1:
		d.ask(Needs{Slot: "namespace", Question: fmt.Sprintf("%d go by that name, and nothing was changed. Which is meant?", len(found)), Candidates: whereabouts(found)})
	default:
		argv := d.argv(found[0])
		if argv == nil {
			d.end(StatusUnsupported, fmt.Sprintf("This asks for a change (%s), and a question changes nothing. %s", wanted, onward))
			return
		}
		d.answer.Proposals = []Proposal{{Argv: argv, Reason: cut("asked: "+Printable(d.asked.Text), maxSummary)}}
		d.answer.Summary = fmt.Sprintf("Nothing was changed (%s). %s Send the proposal with clanker_run_command: a person decides.", wanted, standing(found[0]))
	}
}

func whereabouts(found []adapters.Resource) []string {
	var places []string
	for _, r := range found {
		places = append(places, string(r.Kind)+" "+r.Name+" in "+r.Scope.Namespace+" of "+r.Scope.Cluster)
	}
	slices.Sort(places)
	return places
}

// standing says how it is now.
func standing(r adapters.Resource) string {
	text := fmt.Sprintf("%s is %s", r.Name, r.Health)
	if desired, ok := r.Metrics[adapters.MetricReplicasDesired]; ok {
		text += fmt.Sprintf(", %g of %g replicas ready", r.Metrics[adapters.MetricReplicasReady], desired)
	}
	return text + "."
}

// argv is the command for what the intent stands for; nil where that cannot be told from the question.
func (d *draft) argv(r adapters.Resource) []string {
	target := string(r.Kind) + "/" + r.Name
	switch {
	case r.Provider != "kubernetes":
		return nil
	case d.intent.ID == "write.scale" && r.Kind != adapters.KindPod && r.Kind != adapters.KindDaemonSet:
		if n, ok := d.replicas(r); ok {
			return aimed(r, "kubectl", "scale", target, "--replicas="+strconv.Itoa(n))
		}
	case d.intent.ID == "write.restart" && r.Kind == adapters.KindPod:
		return aimed(r, "kubectl", "delete", target) // its controller makes another
	case d.intent.ID == "write.restart":
		return aimed(r, "kubectl", "rollout", "restart", target)
	case d.intent.ID == "write.delete":
		return aimed(r, "kubectl", "delete", target)
	case d.intent.ID == "write.deploy" && back.MatchString(d.asked.Text) && r.Kind != adapters.KindPod:
		return aimed(r, "kubectl", "rollout", "undo", target)
	}
	return nil
}

func aimed(r adapters.Resource, argv ...string) []string {
	return append(argv, "--namespace="+r.Scope.Namespace, "--context="+r.Scope.Cluster)
}

var (
	back    = regexp.MustCompile(`(?i)\b(roll(ing)?\b.*\bback|rollback|undo|revert)\b`)
	numbers = regexp.MustCompile(`(?:^|\s)(\d{1,4})(?:\s|$|[.,!?])`)
	fewer   = regexp.MustCompile(`(?i)\b(down|reduce|shrink|fewer|less|decrease|lower|halve)\b`)
	by      = regexp.MustCompile(`(?i)\bby\b`)
)

// replicas is the number that the question asks for: the one number in it, or so many more or fewer, or a part, of what there
// are now.
func (d *draft) replicas(r adapters.Resource) (int, bool) {
	now, known := r.Metrics[adapters.MetricReplicasDesired]
	sign := 1.0
	if fewer.MatchString(d.asked.Text) {
		sign = -1
	}
	if part, ok := d.data.Slots[intents.SlotPercent.String()].(float64); ok {
		return int(math.Ceil(now * (1 + sign*part))), known
	}
	found := numbers.FindAllStringSubmatch(d.asked.Text, -1)
	if len(found) != 1 {
		return 0, false
	}
	n, err := strconv.Atoi(found[0][1])
	if by.MatchString(d.asked.Text) {
		n = int(now + sign*float64(n))
		return n, err == nil && known && n >= 0
	}
	return n, err == nil
}

// wanted says in words what change is asked for: "scaling deployment web in namespace shop".
func (d *draft) wanted() string {
	what := join(" ", d.answer.Summary, d.slot(intents.SlotKind), cmp.Or(d.slot(intents.SlotService), d.slot(intents.SlotPod)))
	if d.query.Scope != (adapters.Scope{}) || len(d.query.Providers) > 0 {
		what += " in " + cut(Printable(d.data.Place), maxWanted)
	}
	return what
}

// slot is what the asker named, as a text.
func (d *draft) slot(t intents.SlotType) string {
	text, _ := d.data.Slots[t.String()].(string)
	return cut(Printable(text), maxWanted)
}

// maxWanted bounds what the asker named, so that there is room left for what to do.
const maxWanted = 40

// String is the command on one line that has the command, each word quoted where it needs to be.
func (p Proposal) String() string {
	var words []string
	for _, word := range p.Argv {
		if strings.ContainsAny(word, " \t'\"\\$`") {
			word = strconv.Quote(word)
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
