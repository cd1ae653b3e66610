package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	mcpserver "github.com/mark3labs/mcp-go/server"
)

// ServeStdio serves one client that writes messages to in, one per line, and reads answers from out. It returns nil when
// in ends or ctx does, after finishing what runs within half a minute. A read of in that blocks when ctx ends is left
// behind: close in, or end the process.
//
// The loop is ours because mcp-go's cancels what is running when its input ends, reads lines of any length, and shares
// one session among all servers of a process.
func (s *Server) ServeStdio(ctx context.Context, in io.Reader, out io.Writer) error {
	running, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	session := mcpserver.NewInProcessSession(rand.Text(), nil)
	if err := s.mcp.RegisterSession(running, session); err != nil {
		return fmt.Errorf("serve stdio: %w", err)
	}
	defer s.mcp.UnregisterSession(running, session.SessionID())
	last, stop := context.WithCancel(ctx)
	c := &conversation{server: s, out: out, client: session.SessionID(), running: map[string]*context.CancelFunc{},
		ctx: s.mcp.WithContext(running, session), last: last}
	go c.notify(session.ClientNotifications())
	defer s.watches.attach(c.client, c.tell)()
	done := make(chan error, 1)
	go func() {
		err := EachLine(ctx, in, c.take)
		stop()
		c.wait.Wait()
		done <- err
	}()
	<-last.Done()
	return finish(done, s.limits.grace, cut)
}

// conversation is one client on stdio.
type conversation struct {
	server *Server
	client string          // by which its requests are counted
	ctx    context.Context // of the requests, which outlive the reading of messages
	last   context.Context // ends when no more messages are read
	wait   sync.WaitGroup

	mu      sync.Mutex
	running map[string]*context.CancelFunc // by the id of the request

	write sync.Mutex
	out   io.Writer // guarded by write
}

// take answers one message and waits for none: requests run beside each other, except initialize, which others build on.
func (c *conversation) take(line []byte) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	if len(line) > maxMessage {
		c.send(refusal(mcp.RequestId{}, mcp.INVALID_REQUEST, fmt.Sprintf("a message has at most %d bytes", maxMessage)))
		return
	}
	m, refused := c.server.admit(line)
	switch {
	case refused != nil:
		c.send(refused)
	case m.cancelling():
		c.cancel(m.cancels)
	case m.method == "": // an answer, though nothing was asked: mcp-go would answer one that says error
	case !m.asks() || m.method == string(mcp.MethodInitialize):
		c.handle(c.ctx, m, line)
	default:
		c.begin(m, line)
	}
}

// begin runs a request beside the others, unless they are too many. It can be cancelled from now on: mcp-go knows it only
// when it has begun to run, and would miss a cancellation that follows at once.
func (c *conversation) begin(m message, line []byte) {
	leave, over := c.server.clients.enter(c.client, true)
	if over != nil {
		c.server.metrics.Refused(over.reason)
		c.send(over.refusal(m))
		return
	}
	ctx, ended := c.cancellable(m.id)
	c.wait.Go(func() {
		defer leave()
		defer ended()
		c.handle(ctx, m, line)
	})
}

// cancellable is the context of a request, which [conversation.cancel] ends. The caller says when the request has ended.
func (c *conversation) cancellable(id mcp.RequestId) (ctx context.Context, ended func()) {
	ctx, cancel := context.WithCancel(c.ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[id.String()] = &cancel
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.running[id.String()] == &cancel { // and not another's that has the same id
			delete(c.running, id.String())
		}
	}
}

// cancel takes a request back, if it runs.
func (c *conversation) cancel(id mcp.RequestId) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel, ok := c.running[id.String()]; ok {
		(*cancel)()
	}
}

func (c *conversation) handle(ctx context.Context, m message, line []byte) {
	ctx, record := c.server.called(withRequest(ctx, incoming{mcp.MCPMethod(m.method), c.client, c.tell}), m, "stdio")
	sent := 0
	defer func() { c.server.finish(ctx, record, sent) }()
	defer func() {
		if problem := recover(); problem != nil {
			c.server.log.ErrorContext(ctx, "a message could not be handled", "method", m.method, "panic", problem, "stack", string(debug.Stack()))
			sent = c.send(refusal(m.id, mcp.INTERNAL_ERROR, "internal error: the log has the details; please report it"))
		}
	}()
	ctx = c.server.subscribing(ctx, c.last)
	if answer := c.server.mcp.HandleMessage(ctx, line); answer != nil && !record.cancelled() { // who took it back waits for nothing
		sent = c.send(answer)
	}
}

func (c *conversation) notify(notifications <-chan mcp.JSONRPCNotification) {
	for {
		select {
		case n := <-notifications:
			c.send(n)
		case <-c.ctx.Done():
			return
		}
	}
}

func (c *conversation) tell(n mcp.JSONRPCNotification) { c.send(n) }

// send writes one message and the line's end in one call, and returns its length in bytes. A client that no longer reads
// is a line in the log.
func (c *conversation) send(answer any) int {
	line, err := json.Marshal(answer)
	if err == nil {
		c.write.Lock()
		defer c.write.Unlock()
		_, err = c.out.Write(append(line, '\n'))
	}
	if err != nil {
		c.server.log.WarnContext(c.ctx, "an answer could not be written", "error", err)
	}
	return len(line)
}

// finish waits for what runs, and cuts it off when that takes longer than grace. What cannot even end then, because nobody
// reads its answer, is left behind.
func finish(done <-chan error, grace time.Duration, cut func()) error {
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
	}
	cut()
	var err error
	select {
	case err = <-done:
	case <-time.After(grace / 10):
	}
	return errors.Join(err, fmt.Errorf("serve stdio: not everything was answered within %s of the end", grace))
}

// EachLine hands every line of in to take, without its end, one after the other, until there are no more or ctx ends; a read
// that blocks then is left behind. Of a line that is too long to be a message only the beginning is handed over, which is
// itself too long: the rest is skipped, and reading goes on behind it.
func EachLine(ctx context.Context, in io.Reader, take func(line []byte)) error {
	lines, failed := make(chan []byte), make(chan error, 1)
	go func() { failed <- readLines(ctx, in, lines) }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case line := <-lines:
			take(line)
		}
	}
}

func readLines(ctx context.Context, in io.Reader, lines chan<- []byte) error {
	reader := bufio.NewReaderSize(in, maxMessage+2)
	for {
		line, err := reader.ReadSlice('\n')
		line = bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = reader.ReadSlice('\n')
		}
		select {
		case lines <- bytes.TrimSuffix(line, []byte("\n")):
		case <-ctx.Done():
			return nil
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a message: %w", err)
		}
	}
}
