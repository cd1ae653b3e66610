package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// Build says which build of clanker this is.
type Build struct {
	Version  string `json:"version"`          // v1.2.3, or devel
	Commit   string `json:"commit,omitempty"` // of the source
	Go       string `json:"go"`
	Platform string `json:"platform"` // linux/amd64
}

// NewBuild describes this build; version and commit are what the linker was told, and what is empty is taken from the
// build information that Go embeds.
func NewBuild(version, commit string) Build {
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "(devel)" {
			version = cmp.Or(version, info.Main.Version)
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				commit = cmp.Or(commit, setting.Value)
			}
		}
	}
	return Build{Version: cmp.Or(version, "devel"), Commit: commit, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
}

// String is the one line that "clanker version" prints.
func (b Build) String() string {
	commit := ""
	if b.Commit != "" {
		commit = b.Commit[:min(len(b.Commit), 12)] + ", "
	}
	return fmt.Sprintf("clanker %s (%s%s, %s)", b.Version, commit, b.Go, b.Platform)
}

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Which build this is", Args: noArguments}
	output := outputFlag(cmd, "table", "json", "yaml")
	cmd.RunE = func(*cobra.Command, []string) error {
		return a.print(output, a.build, func() error {
			_, err := fmt.Fprintln(a.stdout, a.build)
			return err
		})
	}
	return cmd
}
