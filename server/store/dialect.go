package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// queries is what a database and a transaction have in common for reading.
//
// SQL is written once, for both databases: parameters are ? in their order, or ?1, ?2 where one is used twice, and become $1
// for PostgreSQL. What only one of them knows (iif, json_each, LastInsertId, LIMIT -1) is left out; ON CONFLICT and RETURNING
// both know. Times are microseconds in INTEGER or BIGINT, documents TEXT, hashes BLOB or BYTEA.
type queries interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// statements can write, too: a transaction.
type statements interface {
	queries
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// dialect is what differs between the databases.
type dialect struct {
	name string // the folder of the migrations
	path string // of the file, if it is one

	// spell spells a query as the database wants it.
	spell func(query string) string
	// version reads the version of the schema: 0 of an empty database.
	version func(ctx context.Context, db queries) (int, error)
	// take is run in the transaction of a migration that has taken the schema to a version.
	take func(version int) string
	// remedy says what to do about an error; empty where it says so itself.
	remedy func(error) string
	// turn makes the other writers of a kind wait until the transaction ends; empty where beginning one does.
	turn map[kind]string
	// busy reports an error that says that another process is writing, after which it is worth while to begin again.
	busy func(error) bool
	// still are transactions that see everything as it is when they begin.
	still sql.TxOptions
	// team says that several workspaces, each with its own key, may write one log.
	team bool
}

// spelled are statements that are written as this package does, for a database that wants them in its own way.
type spelled struct {
	under statements
	spell func(string) string
}

func (s spelled) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.under.QueryRowContext(ctx, s.spell(query), args...)
}

func (s spelled) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.under.QueryContext(ctx, s.spell(query), args...)
}

func (s spelled) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return s.under.ExecContext(ctx, s.spell(query), args...)
}

// on are the statements of a database or a transaction.
func (d *dialect) on(under statements) statements { return spelled{under, d.spell} }

// numbered writes the parameters ? and ?1 as $1. A question mark within quotes is none.
func numbered(query string) string {
	var out strings.Builder
	next, quote := 1, byte(0)
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			out.WriteByte('$')
			if i+1 == len(query) || query[i+1] < '0' || query[i+1] > '9' {
				out.WriteString(strconv.Itoa(next))
				next++
			}
			continue
		}
		out.WriteByte(c)
	}
	return out.String()
}

func same(query string) string { return query }
