package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"clanker/router"
)

// The exit codes of every command; exitCodes documents them.
const (
	exitOK = iota
	exitError
	exitUsage
	exitPartial
	exitNoAnswer
	exitNothingRead
)

const exitCodes = `0  done; for a question: a complete answer
1  an error: see the message; for "intents check" and "intents test": something is wrong in the intents;
   for "intents diff --exit-code": a question goes elsewhere; for "audit verify": the log does not hold;
   for "doctor --require": the tier is another one; for "models test": a model does not work
2  wrong usage: unknown command, flag or argument
3  partial: an answer, but something could not be read; it says what, why and how to fix it
4  no answer: nothing of the kind exists (noData), the question lacks something (needsInput) or no intent
   understands it (unsupported)
5  nothing could be read: no provider is connected, none of them answered, or the model for the question did not`

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodes}
}

// failure is an error with the exit code it stands for and, when there is one, the remedy. Without err the command has
// said what it had to say, and only the code is left.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit code %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

func exitWith(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code}
}

func hinted(err error, hint string) error { return &failure{code: exitError, err: err, hint: hint} }

func usage(hint, format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// report prints how a command ended and returns its exit code.
func (a *app) report(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	f := &failure{code: exitError, err: err}
	errors.As(err, &f)
	if f.err == nil {
		return f.code
	}
	why, hint := err.Error(), f.hint
	if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
		why, hint = "interrupted", ""
	}
	a.say("%s: %s\n", strings.Replace(cmd.CommandPath(), " ", ": ", 1), printable(why))
	if hint != "" {
		a.say("hint: %s\n", printable(hint))
	}
	return f.code
}

// say writes to stderr. When that fails there is nobody left to tell.
func (a *app) say(format string, args ...any) { _, _ = fmt.Fprintf(a.stderr, format, args...) }

// answerCode maps how a question ended to an exit code.
func answerCode(answer router.Answer) int {
	switch status := answer.Status; {
	case status == router.StatusOK:
		return exitOK
	case status == router.StatusNeedsInput || status == router.StatusUnsupported:
		return exitNoAnswer
	case len(answer.Coverage.NotChecked) > 0 && (len(answer.Coverage.Checked) == 0 || status == router.StatusError):
		return exitNothingRead
	case status == router.StatusPartial:
		return exitPartial
	case status == router.StatusNoData:
		return exitNoAnswer
	default:
		return exitError
	}
}

func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, child := range cmd.Commands() {
		known = append(known, child.Name())
	}
	return usage(nearest(args[0], "", known, cmd.CommandPath()+" --help"), "unknown command %q", args[0])
}

// flagError turns what pflag says into a usage error, with the nearest flag as the hint. "clanker aks --limit 3" is
// about the command, not about its flag.
func flagError(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); cmd.HasSubCommands() && len(words) > 0 {
		return knownCommand(cmd, words)
	}
	help := cmd.CommandPath() + " --help"
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) {
		flag := invalid.GetFlag()
		if want := map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a duration such as 10m"}[flag.Value.Type()]; want != "" {
			return usage("see "+help, "--%s %q: want %s", flag.Name, invalid.GetValue(), want)
		}
	}
	unknown := (*pflag.NotExistError)(nil)
	if !errors.As(err, &unknown) {
		return usage("see "+help, "%w", err)
	}
	var known []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { known = append(known, flag.Name) })
	return usage(nearest(unknown.GetSpecifiedName(), "--", known, help), "%w", err)
}

// nearest is a hint: what may have been meant, or where to look. cobra knows how to find the nearest of a set of
// commands, so the known words pose as commands.
func nearest(word, prefix string, known []string, help string) string {
	posing := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, name := range known {
		posing.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	near := posing.SuggestionsFor(word)
	if len(near) == 0 {
		return "see " + help
	}
	return fmt.Sprintf("did you mean %s%s?", prefix, strings.Join(near, " or "+prefix))
}

func noArguments(cmd *cobra.Command, args []string) error { return arguments(cmd, args, 0, 0) }

func atMostOne(cmd *cobra.Command, args []string) error { return arguments(cmd, args, 0, 1) }

func exactlyOne(cmd *cobra.Command, args []string) error { return arguments(cmd, args, 1, 1) }

func arguments(cmd *cobra.Command, args []string, least, most int) error {
	switch {
	case len(args) > most:
		return usage("usage: "+cmd.UseLine(), "unexpected argument %q", args[most])
	case len(args) < least:
		return usage("usage: "+cmd.UseLine(), "an argument is missing")
	default:
		return nil
	}
}
