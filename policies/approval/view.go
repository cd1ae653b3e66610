package approval

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/tyler-smith/go-bip39/wordlists"

	"clanker/adapters"
	"clanker/policies"
)

// View is what a person is shown of a request before they decide: made from the frozen bytes alone, each text made safe
// to print. The page and the terminal show the same view, and its digest is in what is signed.
type View struct {
	Version  string    `json:"version"` // of the renderer
	ID       string    `json:"id"`
	Digest   string    `json:"digest"`
	Phrase   string    `json:"phrase"` // three words made from the digest: the agent, the page and the terminal show the same
	Title    string    `json:"title"`  // the command on one line, folded when it is long
	Sections []Section `json:"sections"`
	Type     string    `json:"type,omitzero"` // what a person has to type before approving: the resource's name, for what destroys
}

// Section is a headed list of lines.
type Section struct {
	Name  string `json:"name"`
	Lines []Line `json:"lines"`
}

// Line is one line: a label, a safe text and what is odd about it.
type Line struct {
	Label  string   `json:"label,omitzero"`
	Text   string   `json:"text"`             // printable ASCII only
	Badges []string `json:"badges,omitempty"` // see [BadgeEscaped] and its like
	Length int      `json:"length,omitzero"`  // bytes of the whole, when it is folded
	SHA256 string   `json:"sha256,omitzero"`  // of the whole, when it is folded
	Whole  string   `json:"whole,omitzero"`   // all of it, escaped, when it is folded
}

// The names of the sections, in the order in which they are shown. [SectionClaim] is what the requester says of itself.
const (
	SectionCommand = "command"
	SectionTarget  = "target"
	SectionChanges = "changes"
	SectionPreview = "preview"
	SectionUndo    = "undo"
	SectionProgram = "program"
	SectionClaim   = "claim"
	viewVersion    = "1"
)

// Sum is the digest of the view.
func (v View) Sum() (string, error) {
	text, err := adapters.Canonical(v)
	if err != nil {
		return "", err
	}
	return adapters.Digest("clanker.view.v1", text), nil
}

// Show renders a request from its frozen bytes. An error means that they are not what was proposed.
func Show(r Request) (View, error) {
	proposal, err := thaw(r.Frozen, r.Digest)
	if err != nil {
		return View{}, err
	}
	plan := proposal.Plan
	view := View{Version: viewVersion, ID: proposal.ID, Digest: r.Digest, Phrase: phrase(r.Digest), Type: toType(plan),
		Title: SafeLine("", strings.Join(plan.Command.Argv, " ")).Text}
	for _, section := range []Section{
		{SectionCommand, commandLines(plan.Command)}, {SectionTarget, targetLines(plan.Target)}, {SectionChanges, changeLines(plan.Resources)},
		{SectionPreview, previewLines(plan.Preview)}, {SectionUndo, words(plan.Undo)}, {SectionProgram, programLines(plan)},
		{SectionClaim, claimLines(proposal)},
	} {
		if len(section.Lines) > 0 {
			view.Sections = append(view.Sections, section)
		}
	}
	return view, nil
}

// phrase is three words of the BIP 39 list, made from the first 33 bits of a digest. It lets a person see that the agent,
// the page and the terminal talk of one proposal; it proves nothing else.
func phrase(digest string) string {
	sum, err := hex.DecodeString(digest)
	if err != nil || len(sum) < 5 {
		return ""
	}
	bits := uint64(sum[0])<<32 | uint64(sum[1])<<24 | uint64(sum[2])<<16 | uint64(sum[3])<<8 | uint64(sum[4])
	list := wordlists.English
	return list[bits>>29&2047] + "-" + list[bits>>18&2047] + "-" + list[bits>>7&2047]
}

// toType is the name of what would be destroyed, or how many there are when it is several things.
func toType(p adapters.Plan) string {
	if p.Command.Class != adapters.ClassDestroy {
		return ""
	}
	var names []string
	for _, r := range p.Resources {
		if r.Action == adapters.ActionDelete || r.Action == adapters.ActionReplace || len(p.Resources) == 1 {
			names = append(names, r.Name)
		}
	}
	if len(names) == 1 && plain(names[0]) {
		return names[0]
	}
	if len(names) > 1 {
		return "destroy " + strconv.Itoa(len(names))
	}
	return "destroy"
}

func commandLines(c adapters.Command) []Line {
	lines := []Line{SafeLine("class", string(c.Class)), SafeLine("because", c.Why)}
	return append(lines, words(c.Argv)...)
}

// words shows an argv one word per line, numbered from 0 as the program counts them.
func words(argv []string) []Line {
	var lines []Line
	for i, word := range argv {
		lines = append(lines, SafeLine(strconv.Itoa(i), word))
	}
	return lines
}

func targetLines(t adapters.Target) []Line {
	return given([]Line{
		SafeLine("provider", t.Provider), SafeLine("environment", t.Environment), SafeLine("account", t.Account), SafeLine("region", t.Region),
		SafeLine("cluster", t.Cluster), SafeLine("cluster uid", t.ClusterUID), SafeLine("server", t.Server), SafeLine("namespace", t.Namespace),
		SafeLine("folder", t.Folder), SafeLine("workspace", t.Workspace), SafeLine("state lineage", t.Lineage), SafeLine("as", t.Identity),
	})
}

// given leaves out what is empty.
func given(lines []Line) []Line {
	var some []Line
	for _, line := range lines {
		if line.Text != "" {
			some = append(some, line)
		}
	}
	return some
}

func changeLines(touched []adapters.Touched) []Line {
	var lines []Line
	for _, r := range touched {
		where := ""
		if r.Namespace != "" {
			where = " in " + r.Namespace
		}
		lines = append(lines, SafeLine(string(r.Action), r.Kind+" "+r.Name+where))
		for _, f := range r.Fields {
			lines = append(lines, SafeLine("  "+f.Name, f.Before+" -> "+f.After))
		}
	}
	for i := range lines { // a field's name comes from outside, too
		lines[i].Label, _ = Safe(lines[i].Label)
	}
	return lines
}

// previewLines shows all of the preview that the plan has: what is left out of the end is where somebody would put what they
// do not want to be seen.
func previewLines(p adapters.Preview) []Line {
	if p.Kind == adapters.PreviewNone || p.Text == "" {
		return given([]Line{SafeLine("unavailable", p.Reason)})
	}
	var lines []Line
	for text := range strings.SplitSeq(strings.TrimRight(p.Text, "\n"), "\n") {
		lines = append(lines, SafeLine("", strings.ReplaceAll(text, "\t", "    ")))
	}
	return lines
}

func programLines(p adapters.Plan) []Line {
	lines := given([]Line{SafeLine("program", p.Binary.Path), SafeLine("version", p.Binary.Version), SafeLine("sha256", p.Binary.SHA256)})
	for _, v := range p.Env {
		lines = append(lines, SafeLine("env", v.Name+"="+v.Value))
	}
	for _, f := range p.Files {
		lines = append(lines, SafeLine("reads", fmt.Sprintf("%s (%d bytes, SHA-256 %s)", f.Path, f.Size, f.SHA256)))
	}
	return lines
}

func claimLines(p policies.Proposal) []Line {
	return given([]Line{SafeLine("who", string(p.Requester.Kind)+" "+p.Requester.ID), SafeLine("says", p.Reason)})
}
