package cli

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"clanker/policies"
	"clanker/router"
)

func (a *app) askCommand() *cobra.Command {
	var question router.Question
	cmd := &cobra.Command{
		Use:   "ask QUESTION...",
		Short: "Answer a question, live",
		Long:  "Answer a question about what this machine is signed in to, read live, with what was not checked and how to fix it.",
		Example: `  clanker ask --demo "Are all services in production healthy?"
  clanker ask "Which pods are using more than 80% of their memory limit?" --output json`,
		Args: func(_ *cobra.Command, args []string) error { return wantQuestion("ask", args) },
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.Flags().IntVar(&question.Limit, "limit", router.DefaultLimit, fmt.Sprintf("most items to show, 1 to %d", router.MaxLimit))
	cmd.Flags().StringVar(&question.Context, "context", "", "cluster, account or kubeconfig context to look in")
	cmd.Flags().StringVar(&question.Since, "since", router.LastCheck, "say what changed since this answer id, `time`, duration or "+router.LastCheck)
	cmd.Flags().StringVar(&question.Model, "model", "", "`model` that looks into what no intent covers: provider/model or an alias (default models.default, or models.research for causes)")
	cmd.Flags().StringVar(&question.FollowUp, "follow-up", "", "the `answer` that words like it refer to; without it your last one")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		question.Text = strings.Join(args, " ")
		return a.ask(cmd, question, output)
	}
	return cmd
}

func wantQuestion(command string, args []string) error {
	if strings.TrimSpace(strings.Join(args, " ")) == "" {
		return usage(`clanker `+command+` "Are all services in production healthy?"`, "no question given")
	}
	return nil
}

func (a *app) ask(cmd *cobra.Command, question router.Question, output choice) error {
	if question.Limit < 1 || question.Limit > router.MaxLimit {
		return usage("", "--limit %d: want 1 to %d", question.Limit, router.MaxLimit)
	}
	if err := router.CheckSince(question.Since); err != nil {
		return usage("", "--%v", err)
	}
	parts, forget, err := a.wireRemembering(cmd.Context())
	if err != nil {
		return err
	}
	defer forget()
	question.Bytes, question.Asker = mostText, person()
	var done func()
	question.Step, done = a.progressing("reading")
	answer, err := parts.router.Route(cmd.Context(), question)
	done()
	if err != nil {
		return err
	}
	if t := answer.Truncation; t != nil {
		t.Cursor = "" // it is known to this process only, which ends now
	}
	a.log.Debug("answered", "status", answer.Status, "calls", answer.Usage.APICalls, "elapsedMs", answer.Usage.ElapsedMs)
	if err := a.print(output, answer, func() error { return a.printAnswer(answer) }); err != nil {
		return err
	}
	return exitWith(answerCode(answer))
}

// person is who asks at a terminal: the same one every time.
func person() policies.Principal {
	return policies.Principal{ID: "clanker ask", Kind: policies.Agent}
}

// progress shows on stderr that something is going on, and for how long, if there is somebody to see it. The function
// that it returns stops that and leaves no trace.
func (a *app) progress(doing string) (done func()) {
	_, done = a.progressing(doing)
	return done
}

// mostStep is how much of a step fits on a line of a terminal, in bytes.
const mostStep = 60

// progressing is [app.progress] that can be told what is going on now; step is nil if nobody sees it.
func (a *app) progressing(doing string) (step func(string), done func()) {
	if !a.colour(a.stderr) {
		return nil, func() {}
	}
	var current atomic.Value
	step = func(text string) { current.Store(router.Clipped(printable(text), mostStep)) }
	step(doing)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker, start, wipe := time.NewTicker(100*time.Millisecond), a.now(), ""
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				a.say("%s", wipe)
				return
			case <-ticker.C:
				wipe = "\r\x1b[K"
				a.say("%s%s... %.1f s", wipe, current.Load(), a.now().Sub(start).Seconds())
			}
		}
	}()
	return step, func() { close(stop); <-stopped }
}

// printAnswer writes the answer as the text that agents get, with room for all its rows, and colour for eyes.
func (a *app) printAnswer(answer router.Answer) error {
	return a.printText(router.Text(answer, router.TextLimits{Bytes: mostText}))
}

func (a *app) printText(text string) error {
	if a.colour(a.stdout) {
		text = paint(text)
	}
	_, err := fmt.Fprint(a.stdout, text)
	return err
}

// mostText is how long an answer may be for people, in bytes: the most there is. They scroll, agents pay.
const mostText = 1 << 20
