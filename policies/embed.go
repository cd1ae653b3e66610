package policies

import (
	"embed"
	"io/fs"
)

//go:embed *.rego data.yaml
var files embed.FS

// Default returns the policies that ship with the program: run_command.rego, its tests and data.yaml.
func Default() fs.FS { return files }
