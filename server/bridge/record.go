package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"clanker/server"
)

// Record is what a workspace that listens says of itself.
type Record struct {
	server.Health
	URL string `json:"url"` // of its MCP endpoint, http://127.0.0.1:39393/mcp
}

// Place is where the record of a workspace that serves certain things is, or would be.
type Place struct{ path string }

// Locate returns the place for a workspace that serves what the words say, in this order: whatever makes its answers differ
// from those of another workspace of this user.
func Locate(serves ...string) (Place, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(base) {
		cache, err := os.UserCacheDir()
		if err != nil {
			return Place{}, fmt.Errorf("find other workspaces: %w: set XDG_RUNTIME_DIR or HOME", err)
		}
		base = cache
	}
	sum := sha256.Sum256([]byte(strings.Join(serves, "\x00")))
	return Place{filepath.Join(base, "clanker", "workspace-"+hex.EncodeToString(sum[:8])+".json")}, nil
}

// Publish leaves the record, in the place of an older one. The function that it returns takes it away again, unless another
// workspace has replaced it.
func (p Place) Publish(r Record) (withdraw func() error, err error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("publish the workspace: %w", err)
	}
	if err := p.write(append(text, '\n')); err != nil {
		return nil, fmt.Errorf("publish the workspace, so that other processes find it: %w", err)
	}
	return func() error {
		if now, _ := p.read(); now.Instance == r.Instance { // what cannot be read is not ours any more
			return os.Remove(p.path)
		}
		return nil
	}, nil
}

// write replaces the file as a whole. Only its owner can read it, or look into its folder.
func (p Place) write(text []byte) error {
	dir := filepath.Dir(p.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil { // it may have been there
		return err
	}
	file, err := os.CreateTemp(dir, ".workspace-*")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), p.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// maxRecord is the most bytes a record has.
const maxRecord = 4 << 10

// read returns what the file says, if only this user can have written it. It does not wait for who writes to a pipe.
func (p Place) read() (Record, error) {
	file, err := os.OpenFile(p.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Record{}, err
	}
	defer func() { _ = file.Close() }() // it is only read
	info, err := file.Stat()
	if err != nil {
		return Record{}, err
	}
	if !info.Mode().IsRegular() || !private(info) {
		return Record{}, fmt.Errorf("%s is not a file that only this user can write (%s): remove it", p.path, info.Mode())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxRecord))
	if err != nil {
		return Record{}, err
	}
	r, err := parseRecord(text)
	if err != nil {
		return Record{}, fmt.Errorf("read %s: %w", p.path, err)
	}
	return r, nil
}

// parseRecord reads a record whose address is on loopback.
func parseRecord(text []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, err
	}
	at, err := url.Parse(r.URL)
	if err != nil {
		return Record{}, err
	}
	addr, err := netip.ParseAddrPort(at.Host)
	if err != nil || at.Scheme != "http" || at.User != nil || !addr.Addr().IsLoopback() || r.Instance == "" {
		return Record{}, fmt.Errorf("%q is not the record of a workspace on this machine", r.URL)
	}
	return r, nil
}

// errNone means that no workspace is there.
var errNone = errors.New("no workspace runs")

// Find returns the workspace that is there now. The error says why there is none: nobody has left a record, or who did is
// gone.
func (p Place) Find(ctx context.Context, client *http.Client) (Record, error) {
	r, err := p.read()
	if errors.Is(err, os.ErrNotExist) {
		return Record{}, errNone
	}
	if err != nil {
		return Record{}, err
	}
	at, err := url.Parse(r.URL)
	if err != nil {
		return Record{}, err
	}
	now, err := server.Probe(ctx, client, at.Host)
	if err != nil {
		return Record{}, fmt.Errorf("the workspace of pid %d is gone: %w", r.PID, err)
	}
	if now.Instance != r.Instance {
		return Record{}, fmt.Errorf("the workspace of pid %d is gone: another one is at %s", r.PID, r.URL)
	}
	return Record{Health: now, URL: r.URL}, nil
}
