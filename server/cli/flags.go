package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"clanker/server/telemetry"
)

// choice is a flag that takes one of a few words; the first is the default.
type choice struct {
	value *string
	words []string
}

var _ pflag.Value = choice{}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c choice) Type() string { return strings.Join(c.words, "|") }

func (c choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("want one of %s", strings.Join(c.words, ", "))
	}
	*c.value = word
	return nil
}

func choiceFlag(cmd *cobra.Command, flags *pflag.FlagSet, name, short, help string, words ...string) choice {
	c := choice{value: new(words[0]), words: words}
	flags.VarP(c, name, short, help)
	// It fails for a flag that does not exist only.
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// outputFlag adds --output with the formats a command can print, the default first.
func outputFlag(cmd *cobra.Command, words ...string) choice {
	return choiceFlag(cmd, cmd.Flags(), "output", "o", "how to print the result", words...)
}

// flagged tells what the command line says of a key of the configuration.
func flagged(cmd *cobra.Command) func(name string) ([]string, bool) {
	return func(name string) ([]string, bool) {
		flag := cmd.Flags().Lookup(name)
		if flag == nil || !flag.Changed {
			return nil, false
		}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			return list.GetSlice(), true
		}
		return []string{flag.Value.String()}, true
	}
}

// setLogger makes the logger that is configured. It writes to stderr only: stdout carries answers and the protocol.
func (a *app) setLogger() error {
	if err := a.level.UnmarshalText([]byte(a.config.Log.Level)); err != nil {
		return err
	}
	logger, err := telemetry.NewLogger(a.stderr, telemetry.Options{Format: telemetry.Format(a.config.Log.Format), Level: &a.level, Known: &a.known.Known})
	a.log = logger
	return err
}
