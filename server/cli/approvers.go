package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"clanker/server/web"
)

func (a *app) approversCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "approvers",
		Short: "See and change who may approve",
		Example: `  clanker approvers list
  clanker approvers add alice --key ~/.ssh/id_ed25519_sk.pub`,
	}, a.approversListCommand(), a.approversAddCommand(), a.approversRemoveCommand())
}

func (a *app) approversListCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List who may approve, and with what", Args: noArguments}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := a.operator()
		if err != nil {
			return err
		}
		people, err := o.people(cmd.Context())
		if err != nil {
			return err
		}
		return a.print(output, people, func() error { return a.printPeople(people) })
	}
	return cmd
}

func (a *app) printPeople(people []web.Person) error {
	var rows [][]string
	for _, person := range people {
		for _, key := range person.Credentials {
			rows = append(rows, []string{printable(person.ID), key.Kind, printable(key.Name), strconv.Itoa(int(key.Max)), printable(key.ID), key.Added.UTC().Format(time.DateOnly)})
		}
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(a.stdout, "nobody is enrolled: the first operator needs the code that the workspace shows on its terminal")
		return err
	}
	_, err := fmt.Fprint(a.stdout, a.table([]string{"who", "kind", "name", "assurance", "credential", "since"}, rows))
	return err
}

func (a *app) approversAddCommand() *cobra.Command {
	var key, name, code string
	var remote bool
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Enrol an SSH key: at once for the first operator, else as a proposal that people approve",
		Long: "Enrol an SSH key. The first operator brings the one-time code that the workspace shows on its terminal when it is asked\n" +
			"without one. Later changes are proposals that those who are enrolled approve.",
		Example: "  clanker approvers add alice --key ~/.ssh/id_ed25519_sk --code abcd-efgh-ijkl",
		Args:    exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			line, err := publicHalf(key)
			if err != nil {
				return err
			}
			o, err := a.operator()
			if err != nil {
				return err
			}
			var done web.Enrolled
			err = o.post(cmd.Context(), "/api/keys", map[string]any{"approver": args[0], "name": cmp.Or(name, "SSH key"), "code": code,
				"key": line, "remote": remote}, &done)
			return a.enrolled(done, err)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "`file` of the SSH key; only its public half is read")
	cmd.Flags().StringVar(&name, "name", "", "what you call the key")
	cmd.Flags().StringVar(&code, "code", "", "one-time `code` of the first operator")
	cmd.Flags().BoolVar(&remote, "remote", false, "the key is kept on another machine")
	_ = cmd.MarkFlagRequired("key") // there is such a flag
	return cmd
}

func (a *app) approversRemoveCommand() *cobra.Command {
	var credential string
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Propose that somebody may no longer approve, or not with one of their credentials",
		Args:  exactlyOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := a.operator()
			if err != nil {
				return err
			}
			var done web.Enrolled
			err = o.post(cmd.Context(), "/api/approvers/remove", map[string]any{"approver": args[0], "credential": credential}, &done)
			return a.enrolled(done, err)
		},
	}
	cmd.Flags().StringVar(&credential, "credential", "", "only the credential of this `id`")
	return cmd
}

func (a *app) enrolled(done web.Enrolled, err error) error {
	switch {
	case err != nil:
		return err
	case done.Enrolled:
		_, err = fmt.Fprintln(a.stdout, "enrolled")
	default:
		_, err = fmt.Fprintf(a.stdout, "%[1]s waits for people: clanker approve %[1]s\n", done.Proposal)
	}
	return err
}
