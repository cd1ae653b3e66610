package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/server/web"
)

// signing is what the flags of approve and reject say.
type signing struct {
	as, key, signed string
}

func (a *app) approveCommand() *cobra.Command {
	return a.verdictCommand(approval.Approve, "Approve a proposal, by signing it with an SSH key")
}

func (a *app) rejectCommand() *cobra.Command {
	return a.verdictCommand(approval.Reject, "Reject a proposal, or withdraw an approval")
}

func (a *app) verdictCommand(verdict approval.Verdict, short string) *cobra.Command {
	var s signing
	cmd := &cobra.Command{
		Use:   string(verdict) + " ID",
		Short: short,
		Long: short + ". It shows exactly what would run, then asks ssh-keygen to sign, which asks\n" +
			"for a touch, a PIN or a passphrase. Nothing counts but the signature of an enrolled key; with the demo estate (--demo) a\n" +
			"typed phrase does. With a passkey use the page.",
		Example: fmt.Sprintf("  clanker %[1]s 01JD... --key ~/.ssh/id_ed25519_sk\n  clanker %[1]s --signed signed.json", verdict),
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 1) == (s.signed != "") {
				return usage("clanker proposals list --only pending lists them", "name one proposal, or a file with --signed")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.signed != "" {
				return a.bring(cmd.Context(), s.signed)
			}
			return a.decide(cmd.Context(), args[0], verdict, s)
		},
	}
	cmd.Flags().StringVar(&s.as, "as", "", "`name` you are enrolled under, if your key does not tell")
	cmd.Flags().StringVar(&s.key, "key", "", "`file` of the SSH key to sign with")
	cmd.Flags().StringVar(&s.signed, "signed", "", "`file` that clanker sign wrote on another machine")
	return cmd
}

// decide shows a proposal, lets the person sign and brings what they signed to the workspace.
func (a *app) decide(ctx context.Context, id string, verdict approval.Verdict, s signing) error {
	o, err := a.operator()
	if err != nil {
		return err
	}
	approver, credential, err := a.signer(ctx, o, s)
	if err != nil {
		return err
	}
	asked, statement, err := o.statement(ctx, id, verdict, approver, credential.ID)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  (%s)\nruns in the workspace %s\n", asked.View.ID, asked.View.Phrase, printable(statement.Workspace))
	writeView(&b, asked.View)
	if _, err := fmt.Fprint(a.stderr, b.String()); err != nil {
		return err
	}
	proof, err := a.prove(ctx, []byte(asked.Statement), statement, asked.View, credential, s)
	if err != nil {
		return err
	}
	return a.told(o.answer(ctx, asked.Statement, proof))
}

func (a *app) told(d web.Detail, err error) error {
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", d.ID, d.State)
	writeNeeds(&b, d)
	_, err = fmt.Fprint(a.stdout, b.String())
	return err
}

// signer finds the approver and the credential: of the key, or of the terminal where that counts.
func (a *app) signer(ctx context.Context, o *operator, s signing) (string, web.Key, error) {
	people, err := o.people(ctx)
	if err != nil {
		return "", web.Key{}, err
	}
	id := approval.Terminal
	if s.key != "" {
		if id, err = fingerprint(s.key); err != nil {
			return "", web.Key{}, err
		}
	}
	for _, person := range people {
		for _, key := range person.Credentials {
			if key.ID == id && (s.as == "" || s.as == person.ID) {
				return person.ID, key, nil
			}
		}
	}
	if s.key == "" {
		return "", web.Key{}, usage("name an enrolled SSH key with --key, or approve with a passkey on the page: "+o.base, "it does not say with what to sign")
	}
	return "", web.Key{}, hinted(fmt.Errorf("the key %s is not enrolled for %s", id, cmp.Or(s.as, "anybody")),
		"clanker approvers list tells who is; to enrol it: clanker approvers add NAME --key "+s.key)
}

// fingerprint is that of a key's public half.
func fingerprint(path string) (string, error) {
	line, err := publicHalf(path)
	if err != nil {
		return "", err
	}
	return identity.Fingerprint(line)
}

// publicHalf reads the public half of a key, which is in the file itself or in the one beside it: the private half is never read.
func publicHalf(path string) (string, error) {
	text, err := os.ReadFile(strings.TrimSuffix(path, ".pub") + ".pub")
	if err != nil {
		return "", fmt.Errorf("read the public half of the key: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// prove asks the person for the proof. What destroys asks for the name of what is destroyed first.
func (a *app) prove(ctx context.Context, text []byte, s approval.Statement, view approval.View, credential web.Key, flags signing) (approval.Proof, error) {
	in := bufio.NewReader(a.stdin)
	if s.Verdict == approval.Approve && view.Type != "" {
		if err := a.wants(in, fmt.Sprintf("this destroys something: type %q to go on: ", view.Type), view.Type); err != nil {
			return approval.Proof{}, err
		}
	}
	if credential.Kind == approval.Terminal {
		a.say("development: what is typed here counts as an approval, and anything with a shell can type\n")
		err := a.wants(in, fmt.Sprintf("type the phrase %s to %s: ", view.Phrase, s.Verdict), view.Phrase)
		return approval.Proof{Terminal: view.Phrase}, err
	}
	signature, err := a.signSSH(ctx, text, flags.key)
	return approval.Proof{SSH: signature}, err
}

// wants wants a text to be typed exactly.
func (a *app) wants(in *bufio.Reader, prompt, want string) error {
	a.say("%s", prompt)
	line, err := in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read what was typed: %w", err)
	}
	if strings.TrimSpace(line) != want {
		return fmt.Errorf("that is not %q: nothing was sent", want)
	}
	return nil
}

// exported is a proposal on its way to another machine, and back.
type exported struct {
	Statement string          `json:"statement"`       // canonical bytes of what to sign
	View      approval.View   `json:"view"`            // what it is about
	Proof     *approval.Proof `json:"proof,omitempty"` // once it is signed
}

func (a *app) proposalsExportCommand() *cobra.Command {
	var s signing
	var reject bool
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Write what to sign on another machine, with clanker sign there",
		Args:  exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.operator()
			if err != nil {
				return err
			}
			approver, credential, err := a.signer(cmd.Context(), o, s)
			if err != nil {
				return err
			}
			verdict := approval.Approve
			if reject {
				verdict = approval.Reject
			}
			asked, _, err := o.statement(cmd.Context(), args[0], verdict, approver, credential.ID)
			if err != nil {
				return err
			}
			return writeJSON(a.stdout, exported{Statement: asked.Statement, View: asked.View}, "  ")
		},
	}
	cmd.Flags().StringVar(&s.as, "as", "", "`name` of who will sign, if the key does not tell")
	cmd.Flags().StringVar(&s.key, "key", "", "`file` of the public half of the key that will sign")
	cmd.Flags().BoolVar(&reject, "reject", false, "to reject, not to approve")
	return cmd
}

func (a *app) signCommand() *cobra.Command {
	var s signing
	cmd := &cobra.Command{
		Use:   "sign FILE",
		Short: "Show and sign what clanker proposals export wrote, on any machine",
		Long:  "Show what clanker proposals export wrote, sign it and write it back to stdout, for clanker approve --signed. It needs no workspace.",
		Args:  exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			e, statement, err := readExported(args[0])
			if err != nil {
				return err
			}
			var b strings.Builder
			fmt.Fprintf(&b, "%s %s  (%s)\n", strings.ToUpper(string(statement.Verdict)), e.View.ID, e.View.Phrase)
			writeView(&b, e.View)
			a.say("%s", b.String())
			proof, err := a.prove(cmd.Context(), []byte(e.Statement), statement, e.View, web.Key{Kind: approval.SSHKey}, s)
			if err != nil {
				return err
			}
			e.Proof = &proof
			return writeJSON(a.stdout, e, "  ")
		},
	}
	cmd.Flags().StringVar(&s.key, "key", "", "`file` of the SSH key to sign with")
	_ = cmd.MarkFlagRequired("key") // there is such a flag
	return cmd
}

// readExported reads a file of clanker proposals export, and checks that the statement is about what is shown.
func readExported(path string) (e exported, s approval.Statement, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return e, s, fmt.Errorf("read what to sign: %w", err)
	}
	if err := errors.Join(json.Unmarshal(text, &e), json.Unmarshal([]byte(e.Statement), &s)); err != nil {
		return e, s, fmt.Errorf("read what to sign in %s: %w", path, err)
	}
	shown, err := e.View.Sum()
	if err == nil && (shown != s.Display || e.View.Digest != s.Digest) {
		err = fmt.Errorf("the statement in %s is not about what is shown: do not sign it", path)
	}
	return e, s, err
}

// bring brings what was signed elsewhere.
func (a *app) bring(ctx context.Context, path string) error {
	e, _, err := readExported(path)
	if err != nil {
		return err
	}
	if e.Proof == nil {
		return &failure{code: exitError, err: fmt.Errorf("%s is not signed", path), hint: "sign it: clanker sign " + path + " --key KEY"}
	}
	o, err := a.operator()
	if err != nil {
		return err
	}
	return a.told(o.answer(ctx, e.Statement, *e.Proof))
}
