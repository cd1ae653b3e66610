package self

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"clanker/adapters"
	"clanker/policies"
	"clanker/policies/approval"
)

// Archive keeps the sets of policies that decided once.
type Archive interface {
	// PutPolicies makes a set the one that decides; request is empty for the first.
	PutPolicies(ctx context.Context, revision string, files map[string][]byte, request string) error
	// Policies returns a set that decided once.
	Policies(ctx context.Context, revision string) (map[string][]byte, error)
	// Pinned returns the revision that decides; empty before the first.
	Pinned(ctx context.Context) (string, error)
}

// Book holds the policies that decide, and those that people are asked to put in their place. What is on the disk decides
// nothing by itself: whoever can write a file could approve anything. Those that decide are kept with the ledger, and are the same
// in all processes that share it.
type Book struct {
	archive Archive

	mu      sync.RWMutex
	engine  *policies.Engine            // that decides
	offered map[string]*policies.Engine // by revision
}

var (
	_ approval.Decider = (*Book)(nil)
	_ Policies         = (*Book)(nil)
)

// OpenBook opens the policies that decided last. Where none ever did, and as long as nobody is enrolled who could approve a
// change, found decides from now on; it is nil when those on the disk are broken.
func OpenBook(ctx context.Context, archive Archive, found *policies.Engine, enrolled bool) (*Book, error) {
	b := &Book{archive: archive, engine: found, offered: map[string]*policies.Engine{}}
	pinned, err := archive.Pinned(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("find the policies that decide: %w", err)
	case found != nil && pinned == found.Revision():
		return b, nil
	case found != nil && (pinned == "" || !enrolled):
		return b, archive.PutPolicies(ctx, found.Revision(), found.Files(), "")
	}
	if b.engine, err = pinnedBy(ctx, archive, nil); err != nil {
		return nil, err
	}
	return b, nil
}

// Offer keeps a set of policies for people to approve. It reports whether it is another than the one that decides.
func (b *Book) Offer(found *policies.Engine) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found.Revision() == b.engine.Revision() {
		clear(b.offered) // what was offered in between is on the disk no longer
		return false
	}
	b.offered = map[string]*policies.Engine{found.Revision(): found}
	return true
}

func (b *Book) current() *policies.Engine {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.engine
}

// latest are the policies that were approved last, in whichever process: nothing decides by older ones.
func (b *Book) latest(ctx context.Context) (*policies.Engine, error) {
	known := b.current()
	pinned, err := b.archive.Pinned(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("find the policies that decide: %w", err)
	case pinned == known.Revision():
		return known, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.engine, err = pinnedBy(ctx, b.archive, b.engine)
	return b.engine, err
}

// pinnedBy loads the policies that an archive says decide, unless they are those that are known. It returns those when it fails.
func pinnedBy(ctx context.Context, archive Archive, known *policies.Engine) (*policies.Engine, error) {
	pinned, err := archive.Pinned(ctx)
	if err != nil {
		return known, fmt.Errorf("find the policies that decide: %w", err)
	}
	if known != nil && pinned == known.Revision() {
		return known, nil
	}
	files, err := archive.Policies(ctx, pinned)
	if err != nil {
		return known, fmt.Errorf("read the policies that decide: %w", err)
	}
	engine, err := policies.LoadFiles(files)
	if err != nil {
		return known, fmt.Errorf("load the policies that were approved last (%.12s), which this version does not understand: %w", pinned, err)
	}
	return engine, nil
}

// Decide implements [approval.Decider].
func (b *Book) Decide(ctx context.Context, p policies.Proposal, now time.Time) (policies.Decision, error) {
	engine, err := b.latest(ctx)
	if err != nil {
		return policies.Decision{}, err
	}
	return engine.Decide(ctx, p, now)
}

// Revision implements [approval.Decider].
func (b *Book) Revision(ctx context.Context) (string, error) {
	engine, err := b.latest(ctx)
	if err != nil {
		return "", err
	}
	return engine.Revision(), nil
}

// Groups implements [approval.Decider].
func (b *Book) Groups(approver string) []string { return b.current().Groups(approver) }

// Preview implements [Policies].
func (b *Book) Preview(ctx context.Context, revision string) (string, string, error) {
	if _, err := b.latest(ctx); err != nil {
		return "", "", err
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	next, ok := b.offered[revision]
	if !ok {
		return "", "", fmt.Errorf("no policies of the revision %.12q wait here: save them again", revision)
	}
	return b.engine.Revision(), changes(b.engine.Files(), next.Files()), nil
}

// Use implements [Policies].
func (b *Book) Use(ctx context.Context, revision, request string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, ok := b.offered[revision]
	if !ok {
		return fmt.Errorf("no policies of the revision %.12q wait here", revision)
	}
	if err := b.archive.PutPolicies(ctx, revision, next.Files(), request); err != nil {
		return err
	}
	b.engine = next
	return nil
}

// changes lists what differs between two sets, file by file, as the lines that go and those that come.
func changes(before, after map[string][]byte) string {
	names := slices.Sorted(maps.Keys(before))
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[name]; !ok {
			names = append(names, name)
		}
	}
	var text strings.Builder
	for _, name := range names {
		if was, is := string(before[name]), string(after[name]); was != is {
			fmt.Fprintf(&text, "%s\n%s", name, adapters.Difference(was, is))
		}
	}
	return text.String()
}
