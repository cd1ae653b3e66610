package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/intents/strict"
	"clanker/router/agent/cost"
	"clanker/server/config"
)

func (a *app) configCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "config",
		Short: "Write, check and show the configuration",
		Long: "Write, check and show the configuration: one YAML file, under the environment (CLANKER_...) and the flags. None is\n" +
			"needed: every key has a default.",
		Example: `  clanker config init
  clanker config check
  clanker config show --output json`,
	}, a.configInitCommand(), a.configCheckCommand(), a.configShowCommand(), a.configPathCommand())
}

// prepare loads the configuration and makes the logger, before a command runs. Some commands must work whatever the
// configuration says, because they tell what is wrong with it or have nothing to do with it.
func (a *app) prepare(cmd *cobra.Command) error {
	free := []string{"config", "version", "help", "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}
	needed := !cmd.HasSubCommands() // else it only shows its help
	for parent := cmd; parent.HasParent(); parent = parent.Parent() {
		needed = needed && !slices.Contains(free, parent.Name())
	}
	if needed {
		if err := a.configure(cmd); err != nil {
			return err
		}
	}
	return a.setLogger()
}

func (a *app) options(cmd *cobra.Command) config.Options {
	return config.Options{Path: a.configFile, Getenv: a.getenv, Flag: flagged(cmd)}
}

// configure loads the configuration, or fails with the first that is wrong with it.
func (a *app) configure(cmd *cobra.Command) (err error) {
	a.config, err = config.Load(a.options(cmd))
	faults, ok := errors.AsType[strict.Errors](err)
	if !ok {
		return err
	}
	if strings.HasPrefix(faults[0].Pos.File, "--") {
		return faults[0] // the flag is before everybody's eyes
	}
	return hinted(faults[0], strings.TrimSpace("clanker config check "+a.configFile)+" shows every fault")
}

func (a *app) configInitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init",
		Short: "Write a file with every key, its meaning and its default",
		Long: "Write a file with every key, its meaning and its default, where clanker looks for it or where --config says. All\n" +
			"keys are commented out. A file that is there is left alone.",
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return a.configInit() },
	}
}

func (a *app) configInit() error {
	path, _, err := config.Locate(a.configFile, a.getenv)
	if err != nil {
		return hinted(err, "name the file with --config")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return hinted(fmt.Errorf("write the configuration: %w", err), "name another file with --config")
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return hinted(fmt.Errorf("%s is there already, and is left alone", path), "move it away, or name another file with --config")
	}
	if err != nil {
		return hinted(fmt.Errorf("write the configuration: %w", err), "name another file with --config")
	}
	_, err = file.WriteString(config.Example())
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = fmt.Fprintln(a.stdout, path)
	return err
}

func (a *app) configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Print every fault of the configuration as file:line:column",
		Long: "Print every fault of the configuration, or of FILE in its place, as file:line:column with its remedy. Variables of\n" +
			"the environment and models.prices are checked too. Intents are not: see clanker intents check.",
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				a.configFile = args[0]
			}
			return a.configCheck(cmd)
		},
	}
}

func (a *app) configCheck(cmd *cobra.Command) error {
	c, err := config.Load(a.options(cmd))
	if err == nil {
		_, err = cost.Load(c.Models.Prices)
	}
	faults, ok := errors.AsType[strict.Errors](err)
	if !ok {
		if err == nil {
			_, err = fmt.Fprintln(a.stdout, "ok")
		}
		return err
	}
	var lines strings.Builder
	for _, fault := range faults {
		fmt.Fprintln(&lines, printable(fault.Error()))
	}
	if _, err := fmt.Fprint(a.stdout, lines.String()); err != nil {
		return err
	}
	return errors.New(adapters.Count(len(faults), "fault"))
}

func (a *app) configShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every value that counts, and where it comes from",
		Long:  "Show every value that counts, and where it comes from. Of a secret it shows where it is found, never what it is.",
		Args:  noArguments,
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.configure(cmd); err != nil {
			return err
		}
		return a.print(output, a.config.Values(), func() error {
			var rows [][]string
			for _, v := range a.config.Values() {
				rows = append(rows, []string{v.Key, shown(v.Value), v.From})
			}
			_, err := fmt.Fprint(a.stdout, a.table([]string{"key", "value", "from"}, rows))
			return err
		})
	}
	return cmd
}

// shown is a value in a cell of a table.
func shown(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(value, ", ")
	default:
		return fmt.Sprint(value)
	}
}

func (a *app) configPathCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "path",
		Short: "Print where the configuration is looked for",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			path, _, err := config.Locate(a.configFile, a.getenv)
			if err != nil {
				return hinted(err, "name the file with --config")
			}
			_, err = fmt.Fprintln(a.stdout, path)
			return err
		},
	}
}
