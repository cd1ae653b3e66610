package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/server/config"
	"clanker/server/store"
)

// retention is what the configuration says of how much is kept.
func retention(c config.History) store.Retention {
	return store.Retention{Age: time.Duration(c.Keep) * 24 * time.Hour, Bytes: int64(c.Size) << 20}
}

func (a *app) historyPruneCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove what of the history is too old or too much",
		Long: "Remove what of the history is older than the key history.keep says, or more than history.size allows, as workspaces do by\n" +
			"themselves. What is known of resources that are there stays, and so do proposals and the audit log. A file does not get\n" +
			"smaller by it: what is free is used again.",
		Example: `  clanker history prune --dry-run
  clanker history prune --older-than 30d`,
		Args: noArguments,
	}
	older := cmd.Flags().String("older-than", "", "remove what is older than this `time`, 36h or 30d, whatever is configured")
	dry := cmd.Flags().Bool("dry-run", false, "remove nothing, only tell what would be")
	output := outputFlag(cmd, "text", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		keep := retention(a.config.History)
		if *older != "" {
			age, err := parseAge(*older)
			if err != nil || age == 0 {
				return usage("write 36h or 30d", "--older-than %q is no length of time", *older)
			}
			keep = store.Retention{Age: age}
		}
		pruned, err := a.prune(cmd.Context(), keep, *dry)
		if err != nil {
			return err
		}
		return a.print(output, pruned, func() error { return a.printPruned(pruned, *dry) })
	}
	return cmd
}

// prune removes what is beyond, or tells what that is. A folder without a history is not made one.
func (a *app) prune(ctx context.Context, keep store.Retention, dry bool) (store.Pruned, error) {
	now, end, err := a.history(ctx)
	if err != nil {
		return store.Pruned{}, err
	}
	would, err := now.Prunable(ctx, keep, a.now())
	if end(); err != nil || dry {
		return would, err
	}
	dir, err := a.historyFolder()
	if err != nil {
		return store.Pruned{}, err
	}
	s, err := store.Open(ctx, dir, store.Options{Now: a.now, Database: a.database()})
	if err != nil {
		return store.Pruned{}, err
	}
	pruned, err := s.Prune(ctx, keep)
	return pruned, errors.Join(err, s.Close())
}

func (a *app) printPruned(p store.Pruned, dry bool) error {
	verb := "removed"
	if dry {
		verb = "would remove"
	}
	_, err := fmt.Fprintf(a.stdout, "%s what is from before %s: %s, %s, %s, %s\n", verb, p.Before.UTC().Format(time.RFC3339),
		adapters.Count(int(p.Looks), "look"), adapters.Count(int(p.Changes), "change"), adapters.Count(int(p.Questions), "question"), adapters.Count(int(p.Resources), "resource"))
	return err
}
