package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sync/errgroup"

	"clanker/server"
	"clanker/server/config"
	"clanker/server/peer"
	"clanker/server/web"
)

// page is the operator page, which one of the processes that share a folder serves: the one that leads. All of them hear what
// people say there from the ledger.
type page struct {
	app      *app
	web      *web.Web
	listener net.Listener
	other    net.Listener // the same port of the other loopback address; nil where the machine has none
	host     string       // localhost:39394
	record   string       // file that says where the page is; empty before there is one
	writer   string       // instance that the record is of
	release  func() error // gives the lead away
}

// lead takes the lead, unless another process has it: this one serves the page from then on, at its usual address if it can.
func (h *gatehouse) lead(ctx context.Context) (led bool, err error) {
	release, ok, err := h.store.Lead()
	if err != nil || !ok {
		return false, err
	}
	p := &page{app: h.app, writer: h.store.Instance(), release: release}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if err := p.listen(); err != nil {
		return false, err
	}
	if err := h.tell(ctx, p.url()); err != nil {
		return false, err
	}
	if err := h.gate.Sweep(ctx); err != nil { // it is tried again
		h.app.log.Error("what the dead left behind could not be put in order", "because", err)
	}
	h.gate.Open(p.url())
	p.web = web.New(web.Options{Gate: h.gate, Judge: h.gate, Trust: h.store, Verifier: h.verifier(p.url()), Now: h.app.now, Logger: h.app.log,
		About: h.about, Announce: h.announce})
	if err := p.publish(h.dir); err != nil {
		h.app.log.Warn("commands like clanker approve look for the page at its usual address", "because", err)
	}
	h.page.Store(p)
	return true, nil
}

func (p *page) url() string { return "http://" + p.host }

// url is the address of the page, of whichever process leads; empty while none does.
func (h *gatehouse) url() string {
	if h == nil {
		return ""
	}
	if p := h.page.Load(); p != nil {
		return p.url()
	}
	path, err := h.app.whereaboutsFile()
	if err != nil {
		return ""
	}
	at, err := readWhereabouts(path)
	if err != nil || at.State != h.dir {
		return ""
	}
	return at.URL
}

// listen opens the listeners of the page. When the usual port is taken, another one will do: passkeys belong to the name. A port
// that nobody asked for may be taken on one of the two addresses; then it is another one.
func (p *page) listen() error {
	users, err := allowed(p.app.config.Operators.Users)
	if err != nil {
		return err
	}
	address := p.app.config.Operators.Listen
	err = p.listenAt(address, users)
	if address == config.Default().Operators.Listen {
		address = "127.0.0.1:0"
	}
	for tries := 0; err != nil && portOf(address) == "0" && tries < 5; tries++ {
		err = p.listenAt(address, users)
	}
	return err
}

// listenAt opens both listeners, or none.
func (p *page) listenAt(address string, users func(uid int) bool) error {
	l, err := server.Listen(address)
	if err != nil {
		return err
	}
	at := l.Addr().(*net.TCPAddr)
	if err := p.listenBeside(at, users); err != nil {
		return errors.Join(err, l.Close())
	}
	p.host, p.listener = "localhost:"+strconv.Itoa(at.Port), p.guarded(l, users)
	return nil
}

// listenBeside listens on the same port of the other loopback address. A browser takes localhost for either: whoever else had
// it would have a page with this one's origin.
func (p *page) listenBeside(at *net.TCPAddr, users func(uid int) bool) error {
	beside := "::1"
	if at.IP.To4() == nil {
		beside = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(beside, strconv.Itoa(at.Port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("somebody else listens on port %d of %s, whom browsers would take for the operator page: stop them, or choose another port with operators.listen: %w", at.Port, beside, err)
	}
	if err == nil { // else there is no such address here
		p.other = p.guarded(l, users)
	}
	return nil
}

// guarded lets connections of these users in, where the system tells whose they are.
func (p *page) guarded(l net.Listener, users func(uid int) bool) net.Listener {
	if peer.Supported() != nil {
		return l
	}
	return peer.Listen(l, users, func(from net.Addr, why error) {
		p.app.log.Warn("a connection to the operator page was refused", "from", from.String(), "because", why)
	})
}

// allowed says which users may connect: this one, or those that are named.
func allowed(names []string) (func(uid int) bool, error) {
	if len(names) == 0 {
		return peer.SameUser, nil
	}
	var uids []int
	for _, name := range names {
		known, err := user.Lookup(name)
		if err != nil {
			return nil, fmt.Errorf("find the user %q: %w", name, err)
		}
		uid, err := strconv.Atoi(known.Uid)
		if err != nil {
			return nil, fmt.Errorf("find the user %q: its uid %q is no number", name, known.Uid)
		}
		uids = append(uids, uid)
	}
	return func(uid int) bool { return slices.Contains(uids, uid) }, nil
}

// serve serves the page until ctx ends.
func (p *page) serve(ctx context.Context) error {
	if p.other == nil {
		return p.web.Serve(ctx, p.listener, p.host)
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return p.web.Serve(ctx, p.other, p.host) })
	both.Go(func() error { return p.web.Serve(ctx, p.listener, p.host) })
	return both.Wait()
}

// whereabouts is what the record of the page says.
type whereabouts struct {
	URL      string `json:"url"`
	PID      int    `json:"pid"`
	Instance string `json:"instance"` // that wrote it
	State    string `json:"state"`    // folder of the ledger
}

// publish leaves word of the page for the commands of this user, and for the other processes.
func (p *page) publish(state string) error {
	path, err := p.app.whereaboutsFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(whereabouts{p.url(), os.Getpid(), p.writer, state})
	if err != nil {
		return err
	}
	p.record = path
	whole := path + "." + p.writer // nobody reads half of it
	if err := os.WriteFile(whole, text, 0o600); err != nil {
		return err
	}
	return os.Rename(whole, path)
}

// withdraw removes the record, unless another process has written its own over it. Of no page there is none.
func (p *page) withdraw() error {
	if p == nil || p.record == "" {
		return nil
	}
	at, err := readWhereabouts(p.record)
	if err == nil && at.Instance == p.writer {
		return os.Remove(p.record)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// close closes what is open, and lets another process lead last.
func (p *page) close() error {
	if p == nil {
		return nil
	}
	for _, l := range []net.Listener{p.listener, p.other} {
		if l != nil {
			_ = l.Close() // serving has closed it already
		}
	}
	return p.release()
}

// readWhereabouts reads a record; another workspace of this user may have written its own over it.
func readWhereabouts(path string) (at whereabouts, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return at, err
	}
	if err := json.Unmarshal(text, &at); err != nil {
		return at, fmt.Errorf("read where the operator page is from %s: %w", path, err)
	}
	return at, nil
}

// whereaboutsFile is the file of the record: another one for the demo estate.
func (a *app) whereaboutsFile() (string, error) {
	dir, err := a.stateHome()
	if a.demo {
		return filepath.Join(dir, "operators-demo.json"), err
	}
	return filepath.Join(dir, "operators.json"), err
}
