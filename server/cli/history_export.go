package cli

import (
	"bufio"
	"context"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/store"
)

// historyLine is a line of an export: one of its parts is there, and type says which.
type historyLine struct {
	Type     string             `json:"type"` // resource, change or look
	Resource *adapters.Resource `json:"resource,omitempty"`
	Change   *adapters.Change   `json:"change,omitempty"`
	Look     *router.Look       `json:"look,omitempty"`
}

func (a *app) historyExportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print the history, an object of JSON on each line",
		Long: "Print the history as it is now, an object of JSON on each line: every resource that is there, then every change that was\n" +
			"seen, then every look that an answer was, each the oldest first. Secrets were never in it.",
		Example: "  clanker history export --since 30d > history.jsonl",
		Args:    noArguments,
	}
	since := cmd.Flags().String("since", "", "only changes and looks that are newer than this `time`: 24h, 30d, or 2026-11-23T09:00:00Z")
	_ = outputFlag(cmd, "jsonl")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return a.historyFrom(cmd.Context(), *since, func(now *store.Reader, from time.Time) error {
			return exportHistory(cmd.Context(), a.stdout, now, from)
		})
	}
	return cmd
}

func exportHistory(ctx context.Context, w io.Writer, now *store.Reader, from time.Time) error {
	out := bufio.NewWriter(w)
	put := func(l historyLine) error {
		text, err := adapters.Canonical(l)
		if err == nil {
			_, err = out.Write(append(text, '\n'))
		}
		return err
	}
	resources, err := now.Stood(ctx, adapters.Query{}, math.MaxInt64)
	if err != nil {
		return err
	}
	for _, r := range resources {
		if err := put(historyLine{Type: "resource", Resource: &r}); err != nil {
			return err
		}
	}
	for c, err := range now.Seen(ctx, adapters.Query{}, from) {
		if err != nil {
			return err
		}
		if err := put(historyLine{Type: "change", Change: &c}); err != nil {
			return err
		}
	}
	for l, err := range now.Looks(ctx, from) {
		if err != nil {
			return err
		}
		if err := put(historyLine{Type: "look", Look: &l}); err != nil {
			return err
		}
	}
	return out.Flush()
}
