package identity

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"

	"clanker/policies"
	"clanker/policies/approval"
)

const (
	maxInput = 64 << 10 // bytes of a statement, a proof or a registration
	maxName  = 64       // characters of a credential's name
)

// Verifier says what signatures prove. The zero value accepts SSH signatures only.
type Verifier struct {
	Origin      string // of the page that passkeys sign on, exactly as browsers write it: http://localhost:39394
	RPID        string // the relying party's id of passkeys: localhost
	Development bool   // a phrase typed at a terminal counts, with assurance 0
}

var _ approval.Verifier = Verifier{}

// Verify says what the proof shows: that the credential signed exactly this statement, and with how much assurance.
// The counter is the signature's; zero if it has none. A proof of another kind than the credential is refused, as is
// more than one. That a typed phrase is the proposal's is checked by the caller, who knows it.
func (v Verifier) Verify(c approval.Credential, statement []byte, p approval.Proof) (approval.Seen, error) {
	if len(statement) == 0 || len(statement) > maxInput {
		return approval.Seen{}, fmt.Errorf("a statement has 1 to %d bytes, this one has %d", maxInput, len(statement))
	}
	seen, err := v.seen(c, statement, p)
	if err != nil {
		return approval.Seen{}, err
	}
	if c.Counter != 0 && seen.Counter <= c.Counter {
		return approval.Seen{}, fmt.Errorf("the counter of the signature is %d and was %d before: the key may have been copied; if it was not, sign again", seen.Counter, c.Counter)
	}
	seen.Assurance = min(seen.Assurance, c.Max)
	return seen, nil
}

func (v Verifier) seen(c approval.Credential, statement []byte, p approval.Proof) (approval.Seen, error) {
	ssh, passkey, terminal := p.SSH != "", len(p.Passkey) > 0, p.Terminal != ""
	switch {
	case ssh && !passkey && !terminal && c.Kind == approval.SSHKey:
		return verifySSH(c, statement, p.SSH)
	case passkey && !ssh && !terminal && c.Kind == approval.Passkey:
		return v.verifyPasskey(c, statement, p.Passkey)
	case terminal && !ssh && !passkey && c.Kind == approval.Terminal:
		return v.terminal()
	}
	return approval.Seen{}, fmt.Errorf("the proof must be exactly one, of the credential's kind %q", c.Kind)
}

func (v Verifier) terminal() (approval.Seen, error) {
	if !v.Development {
		return approval.Seen{}, errors.New("a typed phrase counts in the development profile only: enrol a passkey or an SSH key")
	}
	return approval.Seen{Assurance: policies.AssuranceTerminal}, nil
}

func checkName(name string) error {
	if n := utf8.RuneCountInString(name); n == 0 || n > maxName {
		return fmt.Errorf("a name has 1 to %d characters, this one has %d", maxName, n)
	}
	for _, r := range name {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return fmt.Errorf("the name %+q has characters that cannot be printed", name)
		}
	}
	return nil
}
