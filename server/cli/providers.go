package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
)

func (a *app) providersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "providers",
		Short: "Show what is connected, as whom, and how to fix what is not",
		Example: `  clanker providers
  clanker providers --output json`,
		Args: noArguments,
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		workspace, err := a.workspace()
		if err != nil {
			return err
		}
		done := a.progress("connecting")
		connections := workspace.Connections(cmd.Context())
		done()
		if err := a.print(output, connections, func() error { return a.printConnections(connections) }); err != nil {
			return err
		}
		return exitWith(connectionsCode(connections))
	}
	return cmd
}

// connectionsCode is that of an answer that would need all connections.
func connectionsCode(connections []adapters.Connection) int {
	working := 0
	for _, c := range connections {
		if c.Problem == nil {
			working++
		}
	}
	switch working {
	case 0:
		return exitNothingRead
	case len(connections):
		return exitOK
	default:
		return exitPartial
	}
}

func (a *app) printConnections(connections []adapters.Connection) error {
	rows := make([][]string, 0, len(connections))
	var fixes strings.Builder
	for _, c := range connections {
		rows = append(rows, []string{c.Provider, nameOf(c), state(c), cmp.Or(c.Identity, "-"), detail(c)})
		if c.Problem != nil && c.Problem.Fix != "" {
			fmt.Fprintf(&fixes, "fix %s: %s\n", strings.TrimSpace(c.Provider+" "+c.Name), printable(c.Problem.Fix))
		}
	}
	_, err := fmt.Fprint(a.stdout, a.table([]string{"provider", "name", "state", "identity", "detail"}, rows), fixes.String())
	return err
}

func nameOf(c adapters.Connection) string {
	name := cmp.Or(c.Name, "-")
	if c.Default {
		name += " (default)"
	}
	return name
}

func state(c adapters.Connection) string {
	switch {
	case c.Problem != nil:
		return string(c.Problem.Reason)
	case c.Demo:
		return "demo"
	default:
		return "connected"
	}
}

func detail(c adapters.Connection) string {
	if c.Problem != nil {
		return cmp.Or(c.Problem.Detail, c.Problem.What)
	}
	return c.Detail
}
