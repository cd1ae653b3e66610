package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clanker/eval/suggest"
)

// writeIntent writes a proposal into a new file, whole or not at all.
func (a *app) writeIntent(p suggest.Proposal, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("write the intent %s: %w", p.ID, err)
	}
	path := filepath.Join(dir, strings.ReplaceAll(p.ID, "/", "_")+".yaml")
	content := fmt.Sprintf("# By clanker intents suggest on %s, for %s.\n%s", a.now().UTC().Format(time.DateOnly), saved(p), p.YAML)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return hinted(fmt.Errorf("%s is there already, and is left alone", path), "move it away, or write into another folder")
	}
	if err != nil {
		return fmt.Errorf("write the intent %s: %w", p.ID, err)
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(fmt.Errorf("write the intent %s: %w", p.ID, err), os.Remove(path))
	}
	_, err = fmt.Fprintln(a.stderr, "wrote", path)
	return err
}
