package intents

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

// Default returns the catalogue that ships with the program: topic files and vocabulary.yaml.
func Default() fs.FS { return files }
