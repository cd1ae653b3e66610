package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"clanker/router"
	"clanker/server/store"
)

// modelUsage is what "clanker models usage" prints.
type modelUsage struct {
	Spent []modelSpent `json:"spent"` // oldest first
	Today modelsToday  `json:"today"`
}

// modelSpent is what one asker spent on one model on one day.
type modelSpent struct {
	Day      string `json:"day"` // of UTC
	Asker    string `json:"asker,omitempty"`
	Model    string `json:"model"`
	Calls    int    `json:"calls"`
	Input    int    `json:"inputTokens"`
	Output   int    `json:"outputTokens"`
	CostUSD  string `json:"costUsd"`                  // "unknown" where no call had a price
	Unpriced int    `json:"unpricedTokens,omitempty"` // of calls without a price, which are not in the cost
}

// modelsToday is what was used today, and what is left of the limits of a day.
type modelsToday struct {
	SpentUSD     string `json:"spentUsd"` // by calls that had a price
	LeftUSD      string `json:"leftUsd"`
	Unpriced     int    `json:"unpricedTokens"`
	UnpricedLeft int    `json:"unpricedTokensLeft"`
}

func (a *app) modelsUsageCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Tell what models cost, by day, asker and model",
		Long: "Tell what models cost, by day (of UTC), asker and model, and what is left of today's limits (models.daily.cents and, for models\n" +
			"without a price, models.daily.tokens). A call whose cost nobody knows counts with the most that it may cost: it has not ended,\n" +
			"failed when the model may have been at work, or its process died.",
		Example: "  clanker models usage --days 30 -o json",
		Args:    noArguments,
	}
	days := cmd.Flags().Int("days", 7, "how many days, with today")
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkDays(*days); err != nil {
			return err
		}
		now, end, err := a.history(cmd.Context())
		if err != nil {
			return err
		}
		defer end()
		u, err := a.modelUsage(cmd.Context(), now, *days)
		if err != nil {
			return err
		}
		return a.print(output, u, func() error { return a.printModelUsage(u) })
	}
	return cmd
}

// mostDays is how many days a command looks back at most: a century.
const mostDays = 36_500

func checkDays(days int) error {
	if days < 1 || days > mostDays {
		return usage("write --days 1 for one day", "--days %d: want 1 to %d", days, mostDays)
	}
	return nil
}

func (a *app) modelUsage(ctx context.Context, from *store.Reader, days int) (u modelUsage, err error) {
	today := a.now().UTC().Truncate(24 * time.Hour)
	all, err := from.SpentBy(ctx, today.AddDate(0, 0, 1-days), time.Time{})
	if err != nil {
		return u, err
	}
	spent, err := from.Spent(ctx, today, time.Time{}, "")
	if err != nil {
		return u, err
	}
	u = modelUsage{Spent: []modelSpent{}, Today: a.modelsToday(spent)}
	for _, s := range all {
		u.Spent = append(u.Spent, modelSpent{Day: s.Day.Format(time.DateOnly), Asker: s.Asker, Model: s.Model, Calls: s.Calls,
			Input: s.Tokens.In, Output: s.Tokens.Out, CostUSD: spentUSD(s.Spent), Unpriced: s.Unpriced.Sum()})
	}
	return u, nil
}

func (a *app) modelsToday(spent router.Spent) modelsToday {
	daily := a.config.Models.Daily
	left, unpriced := max(*cents(daily.Cents)-spent.Cost, 0), spent.Unpriced.Sum()
	return modelsToday{SpentUSD: router.USD(&spent.Cost), LeftUSD: router.USD(&left), Unpriced: unpriced, UnpricedLeft: max(daily.Tokens-unpriced, 0)}
}

// spentUSD is unknown where no call had a price.
func spentUSD(s router.Spent) string {
	if s.Cost == 0 && s.Unpriced.Sum() > 0 {
		return router.USD(nil)
	}
	return router.USD(&s.Cost)
}

func (a *app) printModelUsage(u modelUsage) error {
	var rows [][]string
	for _, s := range u.Spent {
		cost := s.CostUSD
		if s.Unpriced > 0 && cost != router.USD(nil) {
			cost += " and unknown"
		}
		rows = append(rows, []string{s.Day, cmp.Or(s.Asker, "-"), s.Model, strconv.Itoa(s.Calls), strconv.Itoa(s.Input), strconv.Itoa(s.Output), cost})
	}
	text := "no model was asked\n"
	if len(rows) > 0 {
		text = a.table([]string{"day", "asker", "model", "calls", "tokens in", "tokens out", "US dollars"}, rows)
	}
	t := u.Today
	_, err := fmt.Fprintf(a.stdout, "%s\ntoday: %s US dollars spent, %s left; %d tokens without a price, %d left\n", text, t.SpentUSD, t.LeftUSD, t.Unpriced, t.UnpricedLeft)
	return err
}
