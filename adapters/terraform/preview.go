package terraform

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"clanker/adapters"
)

// longestPreview is less than what a plan keeps of a preview, bytes.
const longestPreview = 60 << 10

// preview is what would be done in the way terraform writes it.
func (p *reading) preview() string {
	var text, programs strings.Builder
	for _, r := range p.found {
		to := &text
		if r.Action == adapters.ActionRun {
			to = &programs
		}
		fmt.Fprintf(to, "%3s %s\n", symbol(r.Action), r.Name)
		write(to, r.Fields)
	}
	p.outputs(&text)
	if len(p.found) == 0 {
		text.WriteString("No resource changes.\n")
	}
	fmt.Fprintf(&text, "Plan: %d to add, %d to change, %d to destroy.\n", p.counts.add, p.counts.change, p.counts.destroy)
	if p.counts.forget > 0 {
		fmt.Fprintf(&text, "%d will no longer be managed by terraform.\n", p.counts.forget)
	}
	if programs.Len() > 0 {
		text.WriteString("\nRuns programs on this machine or on others:\n" + programs.String())
	}
	p.drift(&text)
	return cut(text.String())
}

// outputs writes the outputs that change.
func (p *reading) outputs(text *strings.Builder) {
	head := "\nOutputs:\n"
	for _, name := range slices.Sorted(maps.Keys(p.plan.OutputChanges)) {
		c := p.plan.OutputChanges[name]
		if c == nil || c.Actions.NoOp() {
			continue
		}
		before, after := leaves{}, leaves{}
		before.add(name, object{value: c.Before, sensitive: c.BeforeSensitive}, p.hidden)
		after.add(name, object{value: c.After, sensitive: c.AfterSensitive, unknown: c.AfterUnknown}, p.hidden)
		text.WriteString(head)
		write(text, changed(before, after))
		head = ""
	}
	if head == "" {
		text.WriteByte('\n')
	}
}

// drift writes what somebody changed behind terraform's back: an apply takes it into the state.
func (p *reading) drift(text *strings.Builder) {
	head := "\nChanged outside of terraform:\n"
	drifted := slices.DeleteFunc(slices.Clone(p.plan.ResourceDrift), func(r *tfjson.ResourceChange) bool { return r == nil })
	slices.SortFunc(drifted, func(a, b *tfjson.ResourceChange) int { return strings.Compare(a.Address, b.Address) })
	for _, r := range drifted {
		fmt.Fprintf(text, "%s  ~ %s\n", head, r.Address)
		write(text, p.fields(r.Change))
		head = ""
	}
}

func write(to *strings.Builder, fields []adapters.Field) {
	for _, f := range fields {
		fmt.Fprintf(to, "      %s: %s -> %s\n", f.Name, quoted(f.Before), quoted(f.After))
	}
}

// quoted shows a value so that it can be told from what stands in place of one, and cannot look like another line.
func quoted(value string) string {
	switch value {
	case "":
		return "(none)"
	case sensitive, unknown, adapters.Redacted:
		return value
	}
	return strconv.Quote(value)
}

func symbol(action adapters.Action) string {
	switch action {
	case adapters.ActionCreate:
		return "+"
	case adapters.ActionReplace:
		return "-/+"
	case adapters.ActionDelete:
		return "-"
	case adapters.ActionRead:
		return "<="
	case adapters.ActionRun:
		return "!"
	default:
		return "~"
	}
}

// cut shortens a preview that is too long, and tells the whole by its digest: what is not shown is bound all the same.
func cut(text string) string {
	if len(text) <= longestPreview {
		return text
	}
	return fmt.Sprintf("%s\n(cut: %d bytes, SHA-256 %s)\n", strings.ToValidUTF8(text[:longestPreview], ""), len(text),
		adapters.Digest("clanker.preview.v1", []byte(text)))
}
