package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// lockSpace is the first half of every advisory lock's key, so that they are not those of another program.
const lockSpace = 0x636c616e // "clan"

// The second halves.
const (
	lockLedger  = 1
	lockHistory = 2
	lockVersion = 100 // and the version of the schema that a process knows, which it holds together with others
)

func inPostgres() *dialect {
	lock := func(key int) string { return fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d, %d)`, lockSpace, key) }
	return &dialect{
		name:  "postgres",
		spell: numbered,
		version: func(ctx context.Context, db queries) (has int, err error) {
			if err := db.QueryRowContext(ctx, `SELECT count(*) FROM pg_class WHERE oid = to_regclass('schema_version')`).Scan(&has); err != nil || has == 0 {
				return 0, err
			}
			err = db.QueryRowContext(ctx, `SELECT version FROM schema_version`).Scan(&has)
			return has, err
		},
		take: func(version int) string {
			if version == 1 {
				return `CREATE TABLE schema_version (version INTEGER NOT NULL); INSERT INTO schema_version VALUES (1)`
			}
			return fmt.Sprintf(`UPDATE schema_version SET version = %d`, version)
		},
		turn:   map[kind]string{ledger: lock(lockLedger), history: lock(lockHistory)},
		busy:   func(error) bool { return false },
		remedy: unreachable,
		still:  sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		team:   true,
	}
}

// unreachable says what to do when it was not the server that reported an error.
func unreachable(err error) string {
	var connect *pgconn.ConnectError
	var network *net.OpError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server) && strings.HasPrefix(server.Code, "57"): // operator intervention
		return "the database is being stopped, or has just started: it is tried again with the next question"
	case errors.As(err, &connect), errors.As(err, &network), errors.Is(err, driver.ErrBadConn), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the database cannot be reached: it is tried again with the next question"
	}
	return ""
}

// CheckDatabase reports what is wrong with the address of a database: it is postgres://USER@HOST/NAME, and has no password in
// it, since many can read a configuration. Empty is right: the file in the folder of the workspace.
func CheckDatabase(address string) error {
	if address == "" {
		return nil
	}
	_, err := postgresConfig(address)
	return err
}

func postgresConfig(address string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("the address of the database is not like postgres://clanker@db.example.com/clanker")
	}
	_, secret := u.User.Password()
	if q := u.Query(); secret || q.Has("password") || q.Has("sslpassword") {
		return nil, errors.New("the address of the database has a password in it, and many can read it there: put the password into PGPASSWORD or ~/.pgpass, or use sslcert and sslkey")
	}
	config, err := pgx.ParseConfig(address)
	if q := u.Query(); err == nil && remote(config) && !q.Has("sslmode") && os.Getenv("PGSSLMODE") == "" {
		q.Set("sslmode", "verify-full") // else it would go on without encryption with whoever says that there is none
		u.RawQuery = q.Encode()
		config, err = pgx.ParseConfig(u.String())
	}
	if err != nil {
		return nil, fmt.Errorf("read the address of the database: %w", err)
	}
	notice(config.RuntimeParams)
	if config.ConnectTimeout == 0 || config.ConnectTimeout > patience {
		config.ConnectTimeout = patience
	}
	return config, nil
}

// notice lets the server notice soon that a machine is gone: else it waits for two hours, and keeps what that had locked.
func notice(params map[string]string) {
	for name, value := range map[string]string{"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"} {
		if params[name] == "" {
			params[name] = value
		}
	}
}

// remote reports whether any of the servers is on another machine.
func remote(config *pgx.ConnConfig) bool {
	hosts := []string{config.Host}
	for _, other := range config.Fallbacks {
		hosts = append(hosts, other.Host)
	}
	return slices.ContainsFunc(hosts, func(host string) bool {
		ip := net.ParseIP(host)
		return !strings.HasPrefix(host, "/") && !strings.HasPrefix(host, "@") && host != "localhost" && (ip == nil || !ip.IsLoopback())
	})
}

// openPostgres opens a database that a team shares.
func openPostgres(config *pgx.ConnConfig, connections int) *sql.DB {
	db := pool(stdlib.OpenDB(*config), connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db
}
