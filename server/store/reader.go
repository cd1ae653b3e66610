package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"clanker/policies/approval"
)

// Reader reads what a workspace keeps, also while it runs. It is safe for concurrent use.
type Reader struct {
	dialect  *dialect
	patience time.Duration // for one call; see patiently
	pool     *sql.DB       // nil in a snapshot
	db       queries       // the pool or a transaction, spelled
	close    func() error
	known    known // of the resources
}

// OpenReadOnly opens what a workspace keeps for reading. The workspace may be running.
func OpenReadOnly(ctx context.Context, dir string, o Options) (*Reader, error) {
	if o.Database != "" {
		return readTeam(ctx, o)
	}
	path := filepath.Join(dir, dataFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the ledger: nothing was kept in %s yet; ask something first, or name the folder of a workspace", dir)
	} else if err != nil {
		return nil, fmt.Errorf("open the ledger: %w; name the folder of a workspace", err)
	}
	db, err := openSQLite(path, reading, readers)
	if err != nil {
		return nil, err
	}
	return checked(ctx, newReader(inFile(path), db, o), path)
}

func readTeam(ctx context.Context, o Options) (*Reader, error) {
	config, err := postgresConfig(o.Database)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["default_transaction_read_only"] = "on"
	return checked(ctx, newReader(inPostgres(), openPostgres(config, readers), o), config.Host+"/"+config.Database)
}

func newReader(d *dialect, db *sql.DB, o Options) *Reader {
	return &Reader{dialect: d, patience: o.Patience, pool: db, db: d.on(db), close: db.Close}
}

// checked wants the schema of this program.
func checked(ctx context.Context, r *Reader, of string) (*Reader, error) {
	err := r.read(ctx, func(ctx context.Context, db queries) error {
		has, want, err := r.dialect.versions(ctx, db)
		if err != nil {
			return err
		}
		if has < want {
			return fmt.Errorf("the schema has version %d, and this program wants %d: start the workspace once, it takes the schema forward", has, want)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the ledger %s: %w", of, err), r.Close())
	}
	return r, nil
}

// Close closes the files.
func (r *Reader) Close() error { return r.close() }

// Snapshot returns a reader that sees everything as it is now, until it is closed.
func (r *Reader) Snapshot(ctx context.Context) (*Reader, error) {
	if r.pool == nil {
		return nil, errors.New("this is a snapshot already")
	}
	tx, err := r.pool.BeginTx(ctx, &r.dialect.still)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", r.because(ctx, err))
	}
	return &Reader{dialect: r.dialect, db: r.dialect.on(tx), close: tx.Rollback}, nil
}

// Get returns a request, or [approval.ErrNotFound].
func (r *Reader) Get(ctx context.Context, id string) (approval.Request, error) {
	return ask(ctx, r, func(ctx context.Context, db queries) (approval.Request, error) { return getRequest(ctx, db, id) })
}

func getRequest(ctx context.Context, db queries, id string) (approval.Request, error) {
	r, err := scanRequest(db.QueryRowContext(ctx, `SELECT document, outcome FROM requests WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("%w: %q", approval.ErrNotFound, id)
	}
	if err != nil {
		return r, fmt.Errorf("read the request %s: %w", id, err)
	}
	return r, nil
}

func scanRequest(row interface{ Scan(...any) error }) (approval.Request, error) {
	var r approval.Request
	var document string
	var outcome sql.NullString
	if err := row.Scan(&document, &outcome); err != nil {
		return r, err
	}
	if err := json.Unmarshal([]byte(document), &r); err != nil || !outcome.Valid {
		return r, err
	}
	return r, json.Unmarshal([]byte(outcome.String), &r.Outcome)
}

// List returns the requests that the filter wants, the newest first.
func (r *Reader) List(ctx context.Context, f approval.Filter) ([]approval.Request, error) {
	return ask(ctx, r, func(ctx context.Context, db queries) ([]approval.Request, error) { return listRequests(ctx, db, f) })
}

func listRequests(ctx context.Context, db queries, f approval.Filter) ([]approval.Request, error) {
	states := f.States
	if len(states) == 0 {
		states = approval.States()
	}
	args := []any{f.Brief, f.Requester, f.Since.UnixMicro(), cmp.Or(max(f.Limit, 0), math.MaxInt)}
	for _, state := range states {
		args = append(args, string(state))
	}
	query := `SELECT document, CASE WHEN ?1 THEN NULL ELSE outcome END FROM requests
		WHERE (?2 = '' OR requester = ?2) AND created >= ?3 AND state IN (` + list(5, len(states)) + `)
		ORDER BY created DESC, id DESC LIMIT ?4`
	var requests []approval.Request
	err := each(ctx, db, func(rows *sql.Rows) error {
		r, err := scanRequest(rows)
		requests = append(requests, r)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	return requests, nil
}

// list are n parameters from that number on.
func list(from, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = "?" + strconv.Itoa(from+i)
	}
	return strings.Join(names, ", ")
}

// each calls do for every row.
func each(ctx context.Context, db queries, do func(*sql.Rows) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err has told all
	for rows.Next() {
		if err := do(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Head returns the newest entry's; the zero Head of an empty log.
func (r *Reader) Head(ctx context.Context) (approval.Head, error) { return ask(ctx, r, head) }

func head(ctx context.Context, db queries) (approval.Head, error) {
	var h approval.Head
	err := db.QueryRowContext(ctx, `SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1`).Scan(&h.Seq, &h.Hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("read the head of the audit log: %w", err)
	}
	return h, nil
}

// At returns the entry of that number, or [approval.ErrNotFound].
func (r *Reader) At(ctx context.Context, seq int64) (approval.Entry, error) {
	return ask(ctx, r, func(ctx context.Context, db queries) (approval.Entry, error) { return entry(ctx, db, seq) })
}

func entry(ctx context.Context, db queries, seq int64) (approval.Entry, error) {
	e, err := scan(db.QueryRowContext(ctx, `SELECT seq, at, prev, type, body, hash FROM entries WHERE seq = ?`, seq))
	if errors.Is(err, sql.ErrNoRows) {
		return e, fmt.Errorf("%w: the audit log has no entry %d", approval.ErrNotFound, seq)
	}
	if err != nil {
		return e, fmt.Errorf("read the audit log: %w", err)
	}
	return e, nil
}

// Entries returns the audit log from that number on. It shows the log as it is when it begins; after an error it ends. It
// takes as long as who reads it.
func (r *Reader) Entries(ctx context.Context, from int64) iter.Seq2[approval.Entry, error] {
	return func(yield func(approval.Entry, error) bool) {
		err := each(ctx, r.db, func(rows *sql.Rows) error {
			e, err := scan(rows)
			if err == nil && !yield(e, nil) {
				return errStop
			}
			return err
		}, `SELECT seq, at, prev, type, body, hash FROM entries WHERE seq >= ? ORDER BY seq`, from)
		if err != nil && !errors.Is(err, errStop) {
			yield(approval.Entry{}, fmt.Errorf("read the audit log: %w", r.because(ctx, err)))
		}
	}
}

var errStop = errors.New("nobody wants more")

func scan(row interface{ Scan(...any) error }) (approval.Entry, error) {
	var e approval.Entry
	var at, body string
	if err := row.Scan(&e.Seq, &at, &e.Prev, &e.Type, &body, &e.Hash); err != nil {
		return e, err
	}
	var err error
	if e.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
		return e, fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	e.Body = json.RawMessage(body)
	return e, nil
}

// newest reads the body of the newest entry of its type, and leaves body as it is where there is none.
func newest(ctx context.Context, db queries, kind string, body any) error {
	var text string
	err := db.QueryRowContext(ctx, `SELECT body FROM entries WHERE type = ? ORDER BY seq DESC LIMIT 1`, kind).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), body)
	}
	if err != nil {
		return fmt.Errorf("read the newest entry %s: %w", kind, err)
	}
	return nil
}
