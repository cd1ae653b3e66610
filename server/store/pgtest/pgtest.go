//go:build linux

// Package pgtest runs a PostgreSQL server for a test: a real one, of the newest version that is installed, with its files in
// a folder of the test and reached through a socket there. It ends with the test. The superuser is postgres, without a
// password: who can reach the socket may do all.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Server is a PostgreSQL server.
type Server struct {
	t       testing.TB
	folder  string // of data and the socket
	as      *syscall.Credential
	process *exec.Cmd
	output  bytes.Buffer
	made    atomic.Int64 // databases
}

// New makes a server and starts it; the test fails where PostgreSQL is not installed.
func New(t testing.TB) *Server {
	t.Helper()
	folder, err := os.MkdirTemp("", "pg") // a path to a socket is short, and that of t.TempDir is not
	require.NoError(t, err)
	s := &Server{t: t, folder: folder}
	t.Cleanup(func() {
		s.end(syscall.SIGQUIT)
		require.NoError(t, os.RemoveAll(folder))
	})
	if os.Geteuid() == 0 {
		s.unprivileged()
	}
	out, err := s.command("initdb", "--pgdata", s.data(), "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync").CombinedOutput()
	require.NoError(t, err, "%s", out)
	s.Start()
	return s
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// unprivileged makes the server run as another user: as root it does not.
func (s *Server) unprivileged() {
	s.t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		who, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(who.Uid, 10, 32)
		require.NoError(s.t, err)
		gid, err := strconv.ParseUint(who.Gid, 10, 32)
		require.NoError(s.t, err)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(s.t, os.Chown(s.folder, int(uid), int(gid)))
		return
	}
	s.t.Fatal("there is no user postgres or nobody to run PostgreSQL as")
}

// command is a program of PostgreSQL, which ends with the test's process at the latest.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	s.t.Helper()
	path, err := exec.LookPath(name)
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(found) > 0 {
		path, err = slices.Max(found), nil
	}
	require.NoError(s.t, err, "install PostgreSQL: apt-get install postgresql")
	cmd := exec.Command(path, args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

// Start starts a server that was stopped, and waits until it answers.
func (s *Server) Start() {
	s.t.Helper()
	s.process = s.command("postgres", "-D", s.data(), "-k", s.folder, "-c", "listen_addresses=", "-c", "fsync=on", "-c", "shared_buffers=32MB", "-c", "max_connections=60")
	s.output.Reset()
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	require.NoError(s.t, s.process.Start())
	var failure error
	answers := func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if failure = err; err != nil {
			return false
		}
		return conn.Close(ctx) == nil
	}
	if !eventually(30*time.Second, answers) {
		s.t.Fatalf("PostgreSQL does not answer: %v\n%s", failure, s.output.String())
	}
}

func eventually(within time.Duration, holds func() bool) bool {
	end, tick := time.After(within), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-end:
			return false
		case <-tick.C:
		}
	}
	return true
}

// Stop stops the server in order: what runs is rolled back.
func (s *Server) Stop() { s.end(syscall.SIGINT) }

// Crash stops the server as a failure of the machine would, so that it has to recover.
func (s *Server) Crash() { s.end(syscall.SIGQUIT) }

func (s *Server) end(with syscall.Signal) {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(with)
	_ = s.process.Wait() // it says how it was stopped
	s.process = nil
}

// URL is the address of a database.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s", database, url.QueryEscape(s.folder))
}

// Database makes an empty database and returns its address.
func (s *Server) Database() string {
	s.t.Helper()
	name := fmt.Sprintf("db%d", s.made.Add(1))
	require.NoError(s.t, s.Execute("postgres", "CREATE DATABASE "+name))
	return s.URL(name)
}

// Execute executes statements as the superuser.
func (s *Server) Execute(database, statements string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statements)
	return errors.Join(err, conn.Close(ctx))
}

// Hold executes statements on a connection that stays open until it is released.
func (s *Server) Hold(database, statements string) (release func()) {
	s.t.Helper()
	ctx := s.t.Context()
	conn, err := pgx.Connect(ctx, s.URL(database))
	require.NoError(s.t, err)
	_, err = conn.Exec(ctx, statements)
	require.NoError(s.t, err)
	return func() { require.NoError(s.t, conn.Close(ctx)) }
}
