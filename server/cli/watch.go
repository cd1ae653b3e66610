package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/policies"
	"clanker/router"
	"clanker/server"
)

// leastInterval is how often "clanker watch" asks at most.
const leastInterval = 10 * time.Second

// watching is one run of "clanker watch".
type watching struct {
	app      *app
	question router.Question
	every    time.Duration
	onChange string
	output   choice

	reaction *reaction // nil when nothing is run
}

func (a *app) watchCommand() *cobra.Command {
	w := watching{app: a}
	cmd := &cobra.Command{
		Use:   "watch QUESTION...",
		Short: "Ask a question again and again, and print what changed",
		Long: "Ask a question now and whenever the interval is over, until ctrl-C: the first answer is printed in full, then only what\n" +
			"changed: what the answer's delta says, another status or verdict, and what cannot be read any more or can be again.\n" +
			"With --output json each is one line: the first with the answer, the others with the delta.\n\n" +
			"--on-change runs a command each time something changed. It is split into words as a shell does it, with quotes and\n" +
			"backslashes, but no shell runs it: what only a shell understands is refused, for that write sh -c '...'. The change is\n" +
			"on its stdin, as --output json prints it; CLANKER_QUESTION, CLANKER_ANSWER_ID, CLANKER_STATUS, CLANKER_VERDICT and\n" +
			"CLANKER_CHANGED (how many changes there are) are in its environment, and nothing from the infrastructure is on its\n" +
			"command line. What it prints goes to stderr. The next round waits for it; when it fails, that is said and the watch goes on.",
		Example: `  clanker watch --demo "Are all services in production healthy?" --every 1m
  clanker watch "Which pods are restarting?" --output json | tee changes.jsonl
  clanker watch "Are all services healthy?" --on-change "notify-send clanker 'something changed'"`,
		Args: func(_ *cobra.Command, args []string) error { return wantQuestion("watch", args) },
	}
	w.output = outputFlag(cmd, "table", "json")
	cmd.Flags().DurationVar(&w.every, "every", 30*time.Minute, fmt.Sprintf("`interval`, %s at least", leastInterval))
	cmd.Flags().StringVar(&w.question.Since, "since", router.LastCheck, "say in the first answer what changed since this answer id, `time`, duration or "+router.LastCheck)
	cmd.Flags().StringVar(&w.onChange, "on-change", "", "run this `command` when something changed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w.question.Text = strings.Join(args, " ")
		return w.run(cmd.Context())
	}
	return cmd
}

// run watches until ctx ends.
func (w *watching) run(ctx context.Context) error {
	if w.every < leastInterval {
		return usage("", "--every %s: want %s at least", w.every, leastInterval)
	}
	if err := router.CheckSince(w.question.Since); err != nil {
		return usage("", "--%v", err)
	}
	var err error
	if w.reaction, err = newReaction(w.onChange, w.app.stderr); err != nil {
		return err
	}
	parts, forget, err := w.app.wireRemembering(ctx)
	if err != nil {
		return err
	}
	defer forget()
	w.question.Bytes, w.question.Unaided, w.question.Asker = mostText, true, policies.Principal{ID: "clanker watch", Kind: policies.Agent}
	ask := func(ctx context.Context, q router.Question) (router.Answer, error) {
		defer w.app.progress("reading")()
		return parts.router.Route(ctx, q)
	}
	return server.Watch{Ask: ask, Question: w.question, Every: w.every, Now: w.app.now}.Run(ctx, func(r server.Round) error { return w.tell(ctx, r) })
}

// tell prints a round, and runs the command if something changed.
func (w *watching) tell(ctx context.Context, r server.Round) error {
	if r.Err != nil && r.Before == nil {
		return r.Err
	}
	if r.Err != nil {
		w.app.say("clanker: watch: %s\n", printable(r.Err.Error()))
		return nil
	}
	e := newEvent(w.app.now(), r)
	if err := w.print(r, e); err != nil {
		return err
	}
	if status := r.Answer.Status; r.Before == nil && (status == router.StatusUnsupported || status == router.StatusNeedsInput) {
		return exitWith(answerCode(r.Answer)) // nothing to watch
	}
	if w.reaction == nil || !e.changed {
		return nil
	}
	late := time.AfterFunc(w.every, func() { w.app.say("clanker: watch: --on-change is still running: the next round waits for it\n") })
	defer late.Stop()
	if err := w.reaction.run(ctx, e); err != nil && ctx.Err() == nil {
		w.app.say("clanker: watch: --on-change: %s\n", printable(err.Error()))
	}
	return nil
}
