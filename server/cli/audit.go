package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/policies/approval"
	"clanker/policies/approval/identity"
	"clanker/policies/approval/verify"
	"clanker/server/store"
)

func (a *app) auditCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "audit",
		Short: "Read, export and verify the audit log",
		Long: "Read, export and verify the audit log of a workspace: who proposed what, who approved it, and what was run. The log\n" +
			"is in the folder of --state; the workspace may be running. That of the demo estate (--demo) goes when its workspace stops.",
		Example: `  clanker audit log --since 24h
  clanker audit export > audit.jsonl
  clanker audit verify --log audit.jsonl --key SHA256:...`,
	}, a.auditLogCommand(), a.auditExportCommand(), a.auditVerifyCommand())
}

// ledger opens the ledger of the folder that is configured, for reading; with the demo estate that of the workspace that
// serves it.
func (a *app) ledger(ctx context.Context) (*store.Reader, error) {
	dir, err := a.stateHome()
	if a.demo {
		dir, err = a.demoState()
	}
	if err != nil {
		return nil, err
	}
	return store.OpenReadOnly(ctx, dir, store.Options{Database: a.database()})
}

func (a *app) demoState() (string, error) {
	path, err := a.whereaboutsFile()
	if err != nil {
		return "", err
	}
	at, err := readWhereabouts(path)
	if err != nil {
		return "", hinted(fmt.Errorf("find the workspace that serves the demo estate: %w", err), "start it: clanker mcp --demo")
	}
	return at.State, nil
}

func (a *app) auditExportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Print the whole audit log, an entry of JSON on each line",
		Long: "Print the whole audit log, an entry of JSON on each line. It has all that \"clanker audit verify\" needs, on any machine:\n" +
			"proposals, policies, credentials and signatures. Control characters are escaped.",
		Example: "  clanker audit export > audit.jsonl",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			reader, err := a.ledger(cmd.Context())
			if err != nil {
				return err
			}
			return errors.Join(export(a.stdout, reader.Entries(cmd.Context(), 1)), reader.Close())
		},
	}
}

func export(w io.Writer, entries iter.Seq2[approval.Entry, error]) error {
	out := bufio.NewWriter(w)
	for entry, err := range entries {
		if err != nil {
			return err
		}
		line, err := adapters.Canonical(entry)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// auditFlags are what "clanker audit verify" was asked to do.
type auditFlags struct {
	log, head string
	keys      []string
	output    choice
}

func (a *app) auditVerifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove offline that nothing ran but what the right people approved",
		Long: `Prove offline what the audit log says: the chain of its entries, every signature of the workspace and of people, every
decision of the policies, and that each command ran once, with enough approvals for exactly what was run. The first entry
that does not hold is printed, and the exit code is 1. Of the log in --state the ledger beside it is checked, too.

A log alone cannot show that its end was cut off, and its key is its own claim. So keep the fingerprint of the key and,
now and then, the head that this command prints in another place, and give them back with --key and --expect-head.`,
		Example: `  clanker audit verify
  clanker audit verify --log audit.jsonl --key SHA256:... --expect-head 1234:9f86d081...`,
		Args: noArguments,
	}
	var f auditFlags
	flags := cmd.Flags()
	flags.StringVar(&f.log, "log", "", "verify the exported log in `file` (- for stdin) instead of that in --state")
	flags.StringSliceVar(&f.keys, "key", nil, "`fingerprint` that the workspace's key must have; repeat it for a database that several share")
	flags.StringVar(&f.head, "expect-head", "", "`entry` that somebody saw, as NUMBER:HASH")
	f.output = outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.auditVerify(cmd.Context(), f) }
	return cmd
}

func (a *app) auditVerify(ctx context.Context, f auditFlags) error {
	options := verify.Options{Keys: f.keys, Signatures: func(o approval.Opened) approval.Verifier {
		return identity.Verifier{Origin: o.Origin, RPID: "localhost", Development: o.Development}
	}}
	if f.head != "" {
		head, err := parseHead(f.head)
		if err != nil {
			return err
		}
		options.Witness = &head
	}
	report, err := a.auditReport(ctx, f.log, options)
	if err != nil {
		return err
	}
	if err := a.print(f.output, report, func() error { return a.printProof(report, len(f.keys) > 0) }); err != nil {
		return err
	}
	if report.FirstBreak != nil {
		return exitWith(exitError)
	}
	return nil
}

// auditReport verifies the log in a file, or the one of the workspace with the ledger beside it.
func (a *app) auditReport(ctx context.Context, file string, o verify.Options) (verify.Report, error) {
	switch file {
	case "":
		return a.ledgerReport(ctx, o)
	case "-":
		return verify.Log(ctx, verify.Lines(a.stdin), o)
	}
	log, err := os.Open(file)
	if err != nil {
		return verify.Report{}, err
	}
	defer func() { _ = log.Close() }() // it was only read
	return verify.Log(ctx, verify.Lines(log), o)
}

func (a *app) ledgerReport(ctx context.Context, o verify.Options) (verify.Report, error) {
	reader, err := a.ledger(ctx)
	if err != nil {
		return verify.Report{}, err
	}
	defer func() { _ = reader.Close() }()
	now, err := reader.Snapshot(ctx)
	if err != nil {
		return verify.Report{}, err
	}
	defer func() { _ = now.Close() }()
	report, err := verify.Log(ctx, now.Entries(ctx, 1), o)
	if err != nil || report.FirstBreak != nil {
		return report, err
	}
	requests, err := now.List(ctx, approval.Filter{})
	if err != nil {
		return report, err
	}
	report.FirstBreak = report.Differs(requests)
	return report, nil
}

func parseHead(text string) (approval.Head, error) {
	number, hash, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 1 || len(hash) != 64 {
		return approval.Head{}, usage("it is the head that an earlier report printed", "--expect-head %q is not NUMBER:HASH", text)
	}
	return approval.Head{Seq: seq, Hash: hash}, nil
}

func (a *app) printProof(r verify.Report, pinned bool) error {
	var text strings.Builder
	if b := r.FirstBreak; b != nil {
		fmt.Fprintf(&text, "BROKEN at entry %d (%s): %s\nWhat is before it holds: ", b.Seq, b.What, b.Why)
	} else {
		text.WriteString("The log holds: ")
	}
	fmt.Fprintf(&text, "%d entries, %s, %s, %s, %s, %s.\n", r.Entries, adapters.Count(r.Proposals, "proposal"), adapters.Count(r.Executions, "execution"),
		adapters.Count(r.Approvals, "approval"), adapters.Count(r.Rejections, "rejection"), adapters.Count(r.Checkpoints, "checkpoint"))
	if r.Terminal > 0 {
		fmt.Fprintf(&text, "Of what people said, %d only typed at a terminal: that proves nothing about who did.\n", r.Terminal)
	}
	for _, key := range r.Keys {
		fmt.Fprintf(&text, "key   %s", key)
		if !pinned {
			text.WriteString(" (the log's own claim: give --key to be sure)")
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "head  %d:%s\n", r.Head.Seq, r.Head.Hash)
	if r.FirstBreak == nil && r.Sealed+1 < r.Head.Seq {
		fmt.Fprintf(&text, "No signature covers what is after entry %d.\n", r.Sealed)
	}
	_, err := io.WriteString(a.stdout, printable(text.String()))
	return err
}
