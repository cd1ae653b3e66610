package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clanker/eval/suggest"
)

// writeIntent writes a proposal into a new file.
func (a *app) writeIntent(p suggest.Proposal, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("write the intent %s: %w", p.ID, err)
	}
	path := filepath.Join(dir, strings.ReplaceAll(p.ID, "/", "_")+".yaml")
	content := fmt.Sprintf("# By clanker intents suggest on %s, for %s.\n%s", a.now().UTC().Format(time.DateOnly), saved(p), p.YAML)
	err := writeNew(path, content)
	if errors.Is(err, fs.ErrExist) {
		return hinted(fmt.Errorf("%s is there already, and is left alone", path), "move it away, or write into another folder")
	}
	if err != nil {
		return fmt.Errorf("write the intent %s: %w", p.ID, err)
	}
	_, err = fmt.Fprintln(a.stderr, "wrote", path)
	return err
}

// writeNew writes a file that was not there, whole or not at all: under a hidden name first, which is then linked to. Where nothing
// can be linked it writes nothing, and fails.
func writeNew(path, content string) error {
	whole := filepath.Join(filepath.Dir(path), "."+rand.Text())
	file, err := os.OpenFile(whole, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Link(whole, path)
	}
	return errors.Join(err, os.Remove(whole))
}
