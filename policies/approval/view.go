package approval

import "clanker/adapters"

// View is what a person is shown of a request before they decide: made from the frozen bytes alone, each text made safe
// to print. The page and the terminal show the same view, and its digest is in what is signed.
type View struct {
	Version  string    `json:"version"` // of the renderer
	ID       string    `json:"id"`
	Digest   string    `json:"digest"`
	Phrase   string    `json:"phrase"` // short words made from the digest: the agent, the page and the terminal show the same
	Sections []Section `json:"sections"`
	Type     string    `json:"type,omitzero"` // what a person has to type before approving: the resource's name, for what destroys
}

// Section is a headed list of lines.
type Section struct {
	Name  string `json:"name"` // command, target, risk, preview, resources, files, environment, claim
	Lines []Line `json:"lines"`
}

// Line is one line: a label, a safe text and what is odd about it.
type Line struct {
	Label  string   `json:"label,omitzero"`
	Text   string   `json:"text"`             // printable ASCII only where Badges say that something was escaped
	Badges []string `json:"badges,omitempty"` // escaped, non-ASCII, look-alike, folded
	Length int      `json:"length,omitzero"`  // bytes of the whole, when it is folded
	SHA256 string   `json:"sha256,omitzero"`  // of the whole, when it is folded
	Whole  string   `json:"whole,omitzero"`   // all of it escaped, when it is folded
}

// Sum is the digest of the view.
func (v View) Sum() (string, error) {
	text, err := adapters.Canonical(v)
	if err != nil {
		return "", err
	}
	return adapters.Digest("clanker.view.v1", text), nil
}
