package approval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"clanker/adapters"
	"clanker/policies"
)

// Bounds on what a requester says, in bytes.
const (
	maxReason   = 2000
	maxRefused  = 64  // words of a refused argv that the log keeps
	maxWordKept = 200 // of each
)

// ProposalDomain is what the digest of a frozen proposal is made in.
const ProposalDomain = "clanker.proposal.v1"

// freeze writes a proposal down, once.
func freeze(p policies.Proposal) ([]byte, string, error) {
	text, err := adapters.Canonical(p)
	if err != nil {
		return nil, "", fmt.Errorf("freeze the proposal: %w", err)
	}
	return text, adapters.Digest(ProposalDomain, text), nil
}

// thaw reads a frozen proposal back; an error means that it is not what has this digest, or not what [freeze] wrote.
func thaw(text []byte, digest string) (policies.Proposal, error) {
	var p policies.Proposal
	if adapters.Digest(ProposalDomain, text) != digest {
		return p, fmt.Errorf("read the proposal: it is not what has the digest %s", digest)
	}
	if err := exactly(text, &p); err != nil {
		return p, fmt.Errorf("read the proposal: %w", err)
	}
	return p, nil
}

// exactly reads canonical JSON of a type: every field is known, and writing it again gives the same bytes. So no two
// readers of the bytes can see different things in them.
func exactly(text []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	again, err := adapters.Canonical(to)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, text) {
		return fmt.Errorf("it is not in canonical form")
	}
	return nil
}

// clip cuts a text to so many bytes and whole characters.
func clip(text string, most int) string {
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(text, "?")
}

// clipped is what the log keeps of a refused argv.
func clipped(argv []string) []string {
	kept := []string{}
	for _, word := range adapters.RedactArgs(argv[:min(len(argv), maxRefused)]) {
		kept = append(kept, clip(word, maxWordKept))
	}
	return kept
}

func sentence(reasons []string) string { return strings.Join(reasons, "; ") }

// OwnTool is the tool of changes to the workspace itself.
const OwnTool = "clanker"

// ownCommand is a change of the workspace itself. Its first words are the verb; which there are, the runner of the tool knows.
func ownCommand(argv []string) adapters.Command {
	c := adapters.Command{Argv: argv, Tool: OwnTool, Class: adapters.ClassWrite, Why: "changes who may approve, or what policy says"}
	if len(argv) > 2 {
		c.Path, c.Args = argv[1:3], argv[3:]
	}
	return c
}
