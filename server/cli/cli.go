// Package cli is the clanker command: a file for each subcommand, [Main] to run them and wire.go to put the program
// together.
//
// # Rules of output
//
// Answers go to stdout; everything else (progress, logs, errors, where the server listens) goes to stderr, so a pipe
// carries the answer and nothing else, and on stdio stdout belongs to the protocol. Colour, frames and progress appear on
// a terminal only, and not when NO_COLOR is set, TERM is dumb or --no-color is given. Text from providers is stripped of
// control characters before it reaches a terminal. Errors are one lower-case line, "clanker: ask: what went wrong", with
// a "hint:" line when there is something to do about it.
//
// # Exit codes
//
// They are listed once, in exit.go, and shown by "clanker help exit-codes".
//
// # Data
//
// Nothing is read but what the machine is signed in to. With --demo nothing is read but the demo estate: the two never mix.
package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"clanker/server/config"
)

// app is what all commands share: the streams they were started with, the global flags, and the clock.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	build          Build
	now            func() time.Time
	getenv         func(string) string

	demo, noColor bool
	led           bool          // by the program that started it, an agent's, which reads its standard error
	configFile    string        // of --config
	config        config.Config // set before any command runs that needs it, as is the logger
	level         slog.LevelVar // of the logger; it may change while serving
	known         masks         // secrets that are masked in the log by their value
	log           *slog.Logger
}

// Main runs one command and returns its exit code, see [exitCodes]. It stops on SIGINT and SIGTERM; a second signal
// kills the process.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer, build Build) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, build: build, now: time.Now, getenv: os.Getenv, config: config.Default()}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return a.report(cmd, err)
}

func (a *app) root() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "clanker",
		Short: "Ask your infrastructure, live",
		Long: "clanker answers questions about the infrastructure this machine is signed in to, live and with evidence,\n" +
			"for people at a terminal and for AI agents over MCP.",
		Example: `  clanker ask --demo "Are all services in production healthy?"
  clanker mcp --transport http --listen 127.0.0.1:39393
  clanker providers`,
		Version:           a.build.String(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) },
	},
		a.mcpCommand(), a.askCommand(), a.graphCommand(), a.watchCommand(), a.proposalsCommand(), a.approveCommand(), a.rejectCommand(), a.signCommand(), a.approversCommand(),
		a.routeCommand(), a.intentsCommand(), a.evalCommand(), a.providersCommand(), a.modelsCommand(), a.configCommand(),
		a.commandsCommand(), a.policiesCommand(), a.auditCommand(), a.historyCommand(), a.doctorCommand(), a.versionCommand(), exitCodesTopic(),
	)
	root.SetFlagErrorFunc(flagError)
	root.SetVersionTemplate("{{.Version}}\n")
	a.globalFlags(root)
	return root
}

func (a *app) globalFlags(root *cobra.Command) {
	flags := root.PersistentFlags()
	flags.BoolVar(&a.demo, "demo", false, "use the built-in demo estate and nothing else")
	flags.StringVar(&a.configFile, "config", "", "configuration `file` (default: see clanker config path)")
	flags.String("kubeconfig", "", "kubeconfig `file` (default $KUBECONFIG, then ~/.kube/config)")
	flags.StringArray("intents", nil, "put the intents in `dir` over the built-in ones; repeat it for more")
	flags.Bool("builtin-intents", true, "use the built-in intents as the base")
	flags.String("operators", a.config.Operators.Listen, "loopback `address` of the page where people approve; port 0 takes a free one")
	flags.String("policies", "", "decide by the policies in `dir` instead of the built-in ones")
	flags.String("state", "", "keep the history, proposals, the audit log and who may approve in `dir`")
	flags.BoolVar(&a.noColor, "no-color", false, "no colour, as with NO_COLOR")
	choiceFlag(root, flags, "log-format", "", "format of the logs on stderr", "text", "json")
	choiceFlag(root, flags, "log-level", "", "least severe logs to write", "info", "debug", "warn", "error")
}

// group makes a command that only holds others: alone it shows its help, and a word it does not know is an error that
// names the nearest one it does.
func group(cmd *cobra.Command, children ...*cobra.Command) *cobra.Command {
	cmd.Args = knownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(children...)
	return cmd
}
