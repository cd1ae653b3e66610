package intents

import (
	"embed"
	"io/fs"
)

//go:embed *.yaml vocabulary/*.yaml
var files embed.FS

// Default returns the catalogue that ships with the program: topic files, vocabulary.yaml and the folder vocabulary.
func Default() fs.FS { return files }
