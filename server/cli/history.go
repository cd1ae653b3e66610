package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/server/store"
)

func (a *app) historyCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "history",
		Short: "See, export and prune what was observed and answered",
		Long: "See, export and prune what the workspaces of this user, or of a team, observed and answered. Workspaces may be running.\n" +
			"That of the demo estate (--demo) goes when its workspace stops, unless --state names a folder for it.",
		Example: `  clanker history show checkout-api --since 7d
  clanker history export --since 24h > history.jsonl
  clanker history prune --older-than 30d --dry-run
  clanker history backup /backups/clanker.db`,
	}, a.historyShowCommand(), a.historyStatsCommand(), a.historyExportCommand(), a.historyPruneCommand(), a.historyBackupCommand())
}

// historyFolder is where the history is.
func (a *app) historyFolder() (string, error) {
	if a.demo && a.config.State == "" {
		return a.demoState()
	}
	dir, _, err := a.stateFolder()
	return dir, err
}

// history opens the history for reading, as it is now and stays until it is closed.
func (a *app) history(ctx context.Context) (now *store.Reader, end func(), err error) {
	dir, err := a.historyFolder()
	if err != nil {
		return nil, nil, err
	}
	reader, err := store.OpenReadOnly(ctx, dir, store.Options{Database: a.database()})
	if err != nil {
		return nil, nil, err
	}
	if now, err = reader.Snapshot(ctx); err != nil {
		_ = reader.Close() // it was only read
		return nil, nil, err
	}
	return now, func() { _, _ = now.Close(), reader.Close() }, nil
}

// parseAge reads a length of time: 36h, or 30d in days.
func parseAge(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%q is no length of time", text)
	}
	return age, nil
}

// historyFrom opens the history for reading from a time on, as somebody wrote it.
func (a *app) historyFrom(ctx context.Context, since string, read func(now *store.Reader, from time.Time) error) error {
	from, err := a.historySince(since)
	if err != nil {
		return err
	}
	now, end, err := a.history(ctx)
	if err != nil {
		return err
	}
	defer end()
	return read(now, from)
}

// historySince reads a time, or how long ago it was, also in days.
func (a *app) historySince(text string) (time.Time, error) {
	if age, err := parseAge(text); err == nil {
		return a.now().Add(-age), nil
	}
	return a.parseSince(text)
}

func (a *app) historyStatsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Tell how much is kept of what was observed and answered",
		Long: "Tell how much is kept of what was observed and answered, and from when on. Bytes are about what the rows and their indexes\n" +
			"take: the key history.size limits their sum.",
		Args: noArguments,
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		now, end, err := a.history(cmd.Context())
		if err != nil {
			return err
		}
		defer end()
		stats, err := now.Stats(cmd.Context())
		if err != nil {
			return err
		}
		return a.print(output, stats, func() error { return a.printStats(stats) })
	}
	return cmd
}

func (a *app) printStats(s store.Stats) error {
	var rows [][]string
	for _, t := range s.Tables {
		rows = append(rows, []string{t.Name, strconv.FormatInt(t.Rows, 10), strconv.FormatInt(t.Bytes, 10)})
	}
	rows = append(rows, []string{"all", "", strconv.FormatInt(s.Bytes(), 10)})
	text := a.table([]string{"table", "rows", "bytes"}, rows)
	if s.Oldest.IsZero() {
		text += "\nnothing was observed yet\n"
	} else {
		text += "\nsince " + s.Oldest.Format(time.RFC3339) + "\n"
	}
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

func (a *app) historyBackupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy all that is kept into a new file, while workspaces run",
		Long: "Copy all that is kept (proposals, the audit log and the history) into a new file for this user only, as it is at one moment,\n" +
			"while workspaces run. To go on with it, put it into an empty folder as clanker.db, with a copy of workspace.key beside it.",
		Example: "  clanker history backup /backups/clanker.db",
		Args:    exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := a.historyFolder()
			if err != nil {
				return err
			}
			reader, err := store.OpenReadOnly(cmd.Context(), dir, store.Options{Database: a.database()})
			if err != nil {
				return err
			}
			defer func() { _ = reader.Close() }() // it was only read
			return reader.Backup(cmd.Context(), args[0])
		},
	}
}
