package cli

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/router"
	"clanker/server/store"
)

// seenThen is what "clanker history show" prints.
type seenThen struct {
	Resources []seenResource    `json:"resources"`
	Changes   []adapters.Change `json:"changes"` // oldest first
}

// seenResource tells when a resource was seen.
type seenResource struct {
	Ref    string          `json:"ref"`
	Health adapters.Health `json:"health,omitempty"`
	First  time.Time       `json:"first"`
	Last   time.Time       `json:"last"`
	Gone   time.Time       `json:"gone,omitzero"`
	Since  time.Time       `json:"since,omitzero"` // when its health was first seen to be what it is
	Flaps  int             `json:"flaps,omitempty"`
}

func (a *app) historyShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [NAME|ID]",
		Short: "Show what was seen to change",
		Long: "Show what was seen to change, the oldest first: of all resources, of those with a name (pods by that of their workload,\n" +
			"too), or of the one with an ID. Of those, first when they were seen.",
		Example: `  clanker history show
  clanker history show checkout-api --since 7d`,
		Args: atMostOne,
	}
	since := cmd.Flags().String("since", "24h", "only what is newer than this `time`: 24h, 30d, or 2026-11-23T09:00:00Z")
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		what := strings.Join(args, "")
		return a.historyFrom(cmd.Context(), *since, func(now *store.Reader, from time.Time) error {
			s, err := show(cmd.Context(), now, what, from)
			if err != nil {
				return err
			}
			if what != "" && len(s.Resources) == 0 {
				return &failure{code: exitNoAnswer, err: fmt.Errorf("nothing is there that goes by %q, and nothing was seen of it since %s", what, clock(from)),
					hint: "clanker history show without a name shows all changes; --since 30d looks further back"}
			}
			return a.print(output, s, func() error { return a.printSeen(s) })
		})
	}
	return cmd
}

// show reads what was seen of the resources that something names.
func show(ctx context.Context, now *store.Reader, what string, from time.Time) (seenThen, error) {
	q, wanted := adapters.Query{Name: what}, func(string) bool { return true }
	if strings.Contains(what, "/") {
		q = adapters.Query{Kinds: []adapters.Kind{adapters.IDKind(what)}, Name: adapters.IDName(what)}
		wanted = func(id string) bool { return id == what }
	}
	s := seenThen{Resources: []seenResource{}, Changes: []adapters.Change{}}
	ids := map[string]adapters.Health{}
	for c, err := range now.Seen(ctx, q, from) {
		if err != nil {
			return s, err
		}
		if wanted(c.Resource) {
			s.Changes = append(s.Changes, c)
			ids[c.Resource] = ""
		}
	}
	if what == "" {
		return s, nil
	}
	resources, err := now.Stood(ctx, q, math.MaxInt64)
	if err != nil {
		return s, err
	}
	for _, r := range resources {
		if wanted(r.ID) {
			ids[r.ID] = r.Health
		}
	}
	all := slices.Sorted(maps.Keys(ids))
	sightings, err := now.Sightings(ctx, all)
	if err != nil {
		return s, err
	}
	for _, id := range all {
		s.Resources = append(s.Resources, seenAs(id, ids[id], sightings[id]))
	}
	return s, nil
}

func seenAs(id string, health adapters.Health, s router.Sighting) seenResource {
	return seenResource{Ref: id, Health: health, First: s.First, Last: s.Last, Gone: s.Gone, Since: s.Since, Flaps: s.Flaps}
}

func (a *app) printSeen(s seenThen) error {
	var text strings.Builder
	for _, r := range s.Resources {
		text.WriteString(printable(r.words()) + "\n")
	}
	if len(s.Resources) > 0 {
		text.WriteString("\n")
	}
	if len(s.Changes) == 0 {
		text.WriteString("nothing was seen to change\n")
	} else {
		var rows [][]string
		for _, c := range s.Changes {
			rows = append(rows, []string{clock(c.At), string(c.Kind) + " " + visibly(c.Name), visibly(c.Field), visibly(valued(c.Before)), visibly(valued(c.After)), clock(c.Earliest)})
		}
		text.WriteString(a.table([]string{"seen at", "resource", "field", "before", "after", "not before"}, rows))
	}
	_, err := fmt.Fprint(a.stdout, text.String())
	return err
}

// words are a line about when a resource was seen.
func (r seenResource) words() string {
	line := fmt.Sprintf("%s: first seen %s, last seen %s", visibly(r.Ref), clock(r.First), clock(r.Last))
	switch {
	case !r.Gone.IsZero():
		line += ", gone since " + clock(r.Gone)
	case r.Health != "" && !r.Since.IsZero():
		line += fmt.Sprintf(", %s since %s", r.Health, clock(r.Since))
	case r.Health != "":
		line += fmt.Sprintf(", %s all the time", r.Health)
	}
	if r.Flaps > 1 {
		line += fmt.Sprintf(", changed health %d times in the last hour", r.Flaps)
	}
	return line
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// valued spells one side of a change.
func valued(value any) string {
	switch v := value.(type) {
	case nil:
		return "-"
	case []string:
		return strings.Join(v, " ")
	}
	return fmt.Sprint(value)
}
