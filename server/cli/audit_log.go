package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/policies/approval"
)

func (a *app) auditLogCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "log",
		Short: "Show what happened, a line for each entry of the audit log",
		Long: "Show what happened, a line for each entry of the audit log, the oldest first. What does not print is escaped. With\n" +
			"--output json the entries are printed whole, as \"clanker audit export\" does.",
		Example: "  clanker audit log --since 24h",
		Args:    noArguments,
	}
	since := cmd.Flags().String("since", "", "only what is newer than this `time`: 24h, or 2026-11-23T09:00:00Z")
	output := outputFlag(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.auditLog(cmd.Context(), *since, output.String()) }
	return cmd
}

func (a *app) auditLog(ctx context.Context, since, format string) error {
	from, err := a.parseSince(since)
	if err != nil {
		return err
	}
	reader, err := a.ledger(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	entries := func(yield func(approval.Entry, error) bool) {
		for e, err := range reader.Entries(ctx, 1) {
			if (err != nil || !e.At.Before(from)) && !yield(e, err) {
				return
			}
		}
	}
	if format == "json" {
		return export(a.stdout, entries)
	}
	var rows [][]string
	for e, err := range entries {
		if err != nil {
			return err
		}
		about, what := tell(e)
		rows = append(rows, []string{strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339), e.Type, visibly(about), visibly(what)})
	}
	_, err = fmt.Fprint(a.stdout, a.table([]string{"entry", "at", "event", "proposal", "what"}, rows))
	return err
}

// parseSince reads a time, or how long ago it was; nothing is the beginning.
func (a *app) parseSince(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		return a.now().Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usage("write 24h, or 2026-11-23T09:00:00Z", "--since %q is neither a duration nor a time", text)
	}
	return at, nil
}

// tell says in a few words what an entry tells, and of which proposal.
func tell(e approval.Entry) (about, what string) {
	body, err := e.Read()
	if err != nil {
		return "", "cannot be read: " + err.Error()
	}
	switch b := body.(type) {
	case *approval.Opened:
		return "", strings.TrimSuffix("clanker "+b.Version+", key "+approval.Fingerprint(b.Key)+", page "+b.Origin, ", page ")
	case *approval.Loaded:
		return b.Request, fmt.Sprintf("%s, revision %.12s", adapters.Count(len(b.Files), "file"), b.Revision)
	case *approval.Trusted:
		return b.Request, "approvers: " + names(b.Approvers)
	case *approval.Proposed:
		return b.Request.ID, fmt.Sprintf("%s, by %s: %s", b.Request.State, b.Request.Proposal.Requester.ID, line(b.Request.Proposal.Plan.Command.Argv))
	case *approval.Merged:
		return b.Proposal, fmt.Sprintf("asked for %s", adapters.Count(b.Asked, "time"))
	case *approval.Refused:
		return b.Proposal, strings.TrimPrefix(line(b.Argv)+": "+b.Why, ": ")
	case *approval.Given:
		return b.Proposal, fmt.Sprintf("%s, by %s with assurance %d", b.Word.Verdict, b.Word.Approver, b.Word.Assurance)
	case *approval.ApprovedBy:
		return b.Proposal, "by " + adapters.Count(len(b.Nonces), "person")
	case *approval.Started:
		return b.Proposal, fmt.Sprintf("plan %.12s", b.Plan)
	case *approval.Ended:
		return b.Proposal, strings.TrimSuffix(fmt.Sprintf("%s, exit code %d, %s", b.State, b.Exit, b.Verified), ", ")
	case *approval.Late:
		return b.Proposal, strings.TrimSuffix(fmt.Sprintf("exit code %d, %s", b.Exit, b.Verified), ", ")
	case *approval.Closed:
		return b.Proposal, fmt.Sprintf("%s: %s", b.State, b.Why)
	}
	return "", ""
}

func names(people []approval.Approver) string {
	var all []string
	for _, p := range people {
		all = append(all, p.ID)
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// line is an argv as one line; words that could be misread are quoted.
func line(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = word
		if word == "" || strings.ContainsAny(word, " '\"\\") {
			words[i] = strconv.Quote(word)
		}
	}
	return strings.Join(words, " ")
}

// visibly escapes what is not printable ASCII: a text stays in its line, and no letter passes for another.
func visibly(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
