package reload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How long to wait until a change is whole: a file is saved in several writes, an archive is unpacked file by file.
const (
	quiet = 200 * time.Millisecond // without another change
	limit = time.Second            // since the first change
)

// notifier is one set of watches: what is needed of the library. The zero value watches nothing.
type notifier struct {
	add    func(folder string) error
	shut   func() error
	events <-chan fsnotify.Event
	errors <-chan error
}

func openNotifier() (*notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &notifier{add: w.Add, shut: w.Close, events: w.Events, errors: w.Errors}, nil
}

func (n *notifier) close() {
	if n.shut != nil {
		_ = n.shut() // of a descriptor that nobody reads any more
	}
}

// wait returns once something changed (or has already) and the change is whole, or at once when asked; not ok when ctx ended.
func (r *Reloader) wait(ctx context.Context, changed bool) (asked, ok bool) {
	var settled, late <-chan time.Time
	if changed {
		settled = time.After(quiet)
	}
	events, problems := r.notifier.events, r.notifier.errors
	for {
		select {
		case <-ctx.Done():
			return false, false
		case <-r.trigger:
			return true, true
		case <-settled:
			return false, true
		case <-late:
			return false, true
		case event := <-events:
			if !r.spots.concern(event.Name) {
				continue
			}
		case err := <-problems: // most often more happened than could be said: look at everything
			r.log.DebugContext(ctx, "watching files", "error", err)
		}
		settled = time.After(quiet)
		if late == nil {
			late = time.After(limit)
		}
	}
}

// watch lays the watches anew: a watch stays with the folder that had a name when it was laid, whatever has the name now.
func (r *Reloader) watch(ctx context.Context) {
	r.notifier.close()
	r.notifier, r.spots = &notifier{}, nil
	err := r.lay()
	if err == nil {
		if r.clear(watching) {
			r.log.InfoContext(ctx, "changes of all files are seen again")
		}
		return
	}
	err = fmt.Errorf("%w: after a change of what is not watched, send the process SIGHUP%s", err, remedy(err))
	before := r.Problems()
	if now := r.report(watching, err); !slices.Contains(before, now) {
		r.log.WarnContext(ctx, "not every change of files is seen", "error", now.Detail)
	}
}

func remedy(err error) string {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
		return ", or raise the limit (sysctl fs.inotify.max_user_watches and fs.inotify.max_user_instances)"
	}
	return ""
}

// steady bounds how often watches are laid while folders come and go meanwhile; later changes are seen by those laid.
const steady = 5

// cheap says that a watch costs the same whatever a folder holds. Elsewhere it opens each of its files, or keeps the folder
// from being renamed, which is too much for a home that is merely on the way to a path.
const cheap = runtime.GOOS == "linux"

// lay watches every folder that matters, until nothing came or went while it did. The error is the first of a folder that
// cannot be done without.
func (r *Reloader) lay() error {
	n, err := r.open()
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	r.notifier = n
	for range steady {
		found := survey(r.sources)
		same := maps.Equal(found.marks(), r.spots.marks())
		if r.spots = found; same {
			break
		}
		err = found.err()
		for _, folder := range slices.Sorted(maps.Keys(found)) {
			if !found[folder].vital && !cheap {
				continue
			}
			failed := n.add(folder)
			if failed != nil && err == nil && found[folder].vital && !errors.Is(failed, fs.ErrNotExist) {
				err = fmt.Errorf("watch %s: %w", folder, failed)
			}
		}
	}
	return err
}
