package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clanker/adapters"
	"clanker/router/agent/models"
)

func (a *app) modelsCommand() *cobra.Command {
	return group(&cobra.Command{
		Use:   "models",
		Short: "Show, try and account for the models that look into what no intent covers",
		Long: "Show, try and account for the models that look into what no intent covers. No model does until one is chosen, by\n" +
			"models.default in the configuration or with the question. What a model reads of your infrastructure goes to its\n" +
			"provider; Ollama's models run on this machine, except for its cloud models.",
		Example: `  clanker models list
  clanker models test anthropic/claude-opus-4-6
  clanker ask --model ollama/gemma4:31b "Could a reboot explain why checkout was slow at noon?"`,
	}, a.modelsListCommand(), a.modelsTestCommand(), a.modelsUsageCommand())
}

// modelList is what "clanker models list" prints.
type modelList struct {
	Chosen    []modelChosen    `json:"chosen"`
	Providers []modelsProvider `json:"providers"`
}

// modelChosen is a model that the configuration names.
type modelChosen struct {
	As    string `json:"as"` // default, research or the alias
	Model string `json:"model"`
	Price string `json:"price,omitempty"` // where it was looked up
}

type modelsProvider struct {
	models.Listed
	Models []modelOffered `json:"models,omitempty"` // in the place of those without a price
}

// modelOffered is a model that its provider lists.
type modelOffered struct {
	Model string `json:"model"`
	Price string `json:"price"`
}

func (a *app) modelsListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the providers of models, where their keys are found, and what they offer",
		Long: "Show the models that the configuration names and the providers of models: where the key of each is found (never the\n" +
			"key), where it is reached, and which models it lists. A model whose price is unknown is limited by models.daily.tokens.",
		Example: `  clanker models list
  clanker models list --offline -o json`,
		Args: noArguments,
	}
	output := outputFlag(cmd, "table", "json", "yaml")
	offline := cmd.Flags().Bool("offline", false, "ask no provider which models it has")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		list, err := a.modelList(cmd.Context(), *offline)
		if err != nil {
			return err
		}
		return a.print(output, list, func() error { return a.printModelList(list) })
	}
	return cmd
}

func (a *app) modelList(ctx context.Context, offline bool) (list modelList, err error) {
	s, err := a.modelSetup(&modelKeys{masks: &a.known})
	if err != nil {
		return list, err
	}
	listed := s.models.List
	if offline {
		listed = s.models.Providers
	}
	done := a.progress("listing models")
	defer done()
	local := map[string]bool{}
	for _, l := range listed(ctx) {
		local[l.Provider] = l.RunsHere()
		p := modelsProvider{Listed: l}
		for _, ref := range l.Models {
			p.Models = append(p.Models, modelOffered{ref, s.price(ref, local[l.Provider])})
		}
		list.Providers = append(list.Providers, p)
	}
	list.Chosen, err = s.chosen()
	for i, c := range list.Chosen {
		provider, _, _ := strings.Cut(c.Model, "/")
		list.Chosen[i].Price = s.price(c.Model, local[provider])
	}
	return list, err
}

// modelsChosen are the models that the configuration names. No key is looked for.
func (a *app) modelsChosen() ([]modelChosen, error) {
	s, err := a.modelSetup(&modelKeys{masks: &a.known})
	if err != nil {
		return nil, err
	}
	return s.chosen()
}

func (s modelSetup) chosen() ([]modelChosen, error) {
	var names []string
	if s.config.Default != "" {
		names = append(names, "default")
	}
	if s.config.Research != "" {
		names = append(names, "research")
	}
	for name := range s.config.Named() {
		names = append(names, name)
	}
	chosen := []modelChosen{}
	for _, as := range names {
		ref, err := s.models.Resolve(as)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, modelChosen{As: as, Model: ref})
	}
	return chosen, nil
}

func (a *app) printModelsChosen(chosen []modelChosen) error {
	var names []string
	for _, c := range chosen {
		price := ""
		if c.Price != "" {
			price = ", price " + c.Price
		}
		names = append(names, c.Model+" ("+c.As+price+")")
	}
	text := "none is chosen, so none is asked; choose one with models.default in the configuration, or clanker ask --model"
	if len(names) > 0 {
		text = strings.Join(names, ", ") + "; clanker models test asks them something"
	}
	_, err := fmt.Fprintf(a.stdout, "models: %s\n", text)
	return err
}

// price says whether the price of a model is known, and since when.
func (s modelSetup) price(ref string, local bool) string {
	p, ok := s.settings.Prices.Price(ref, local)
	switch {
	case !ok:
		return "unknown"
	case p.Read.IsZero():
		return "nothing: it " + p.Source
	default:
		return "known, as of " + p.Read.Format(time.DateOnly)
	}
}

func (a *app) printModelList(list modelList) error {
	if err := a.printModelsChosen(list.Chosen); err != nil {
		return err
	}
	var rows [][]string
	var text, problems strings.Builder
	for _, p := range list.Providers {
		where := "elsewhere"
		if p.Loopback {
			where = "this machine"
		}
		rows = append(rows, []string{p.Provider, cmp.Or(p.Key, "-"), p.URL, where, offers(p)})
		if p.Error != "" {
			fmt.Fprintf(&problems, "%s: %s\n", p.Provider, printable(p.Error))
		}
	}
	text.WriteString("\n" + a.table([]string{"provider", "key", "address", "reached on", "offers"}, rows) + problems.String())
	rows = nil
	for _, p := range list.Providers {
		for _, m := range p.Models {
			rows = append(rows, []string{m.Model, m.Price})
		}
	}
	if len(rows) > 0 {
		text.WriteString("\n" + a.table([]string{"model", "price"}, rows))
	}
	_, err := fmt.Fprint(a.stdout, text.String())
	return err
}

func offers(p modelsProvider) string {
	if len(p.Models) == 0 {
		return "-"
	}
	return adapters.Count(len(p.Models), "model")
}
