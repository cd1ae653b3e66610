package cli

import (
	"github.com/spf13/cobra"

	"clanker/intents"
)

func (a *app) schemaCommand() *cobra.Command {
	schemas := map[string]func() ([]byte, error){"intent": intents.Schema, "vocabulary": intents.VocabularySchema}
	return &cobra.Command{
		Use:   "schema [intent|vocabulary]",
		Short: "Print the JSON Schema of a file of intents, or of words, for an editor",
		Long: "Print the JSON Schema of a file of intents, or of words, for an editor. Whatever else can be wrong, such as a\n" +
			"concept that does not exist, \"clanker intents check\" tells.",
		Example:   "  clanker intents schema > intent.schema.json   # and begin a file with: # yaml-language-server: $schema=intent.schema.json",
		Args:      atMostOne,
		ValidArgs: []string{"intent", "vocabulary"},
		RunE: func(_ *cobra.Command, args []string) error {
			name := append(args, "intent")[0]
			make, ok := schemas[name]
			if !ok {
				return usage(nearest(name, "", []string{"intent", "vocabulary"}, "clanker intents schema --help"), "no schema of %q", name)
			}
			schema, err := make()
			if err == nil {
				_, err = a.stdout.Write(schema)
			}
			return err
		},
	}
}
