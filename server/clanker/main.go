// Command clanker is the infrastructure workspace; see package cli for all that it does.
package main

import (
	"os"

	"clanker/server/cli"
)

// Set at build time with -ldflags "-X main.version=... -X main.commit=..."; what is empty comes from the build itself.
var version, commit string

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, cli.NewBuild(version, commit)))
}
