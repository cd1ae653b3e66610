CREATE TABLE workspace (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    key  TEXT NOT NULL
) STRICT;

CREATE TABLE requests (
    id        TEXT PRIMARY KEY,
    state     TEXT NOT NULL,
    requester TEXT NOT NULL,
    created   INTEGER NOT NULL, -- microseconds since 1970
    digest    TEXT NOT NULL,
    document  TEXT NOT NULL,    -- canonical JSON of the request without its outcome; the columns before are copies
    outcome   TEXT              -- JSON; what the command wrote is in it, and can be much
) STRICT;
CREATE INDEX requests_by_created ON requests (created, id);
CREATE INDEX requests_by_state ON requests (state, created);

CREATE TABLE nonces (
    nonce   TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES requests (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE entries (
    seq  INTEGER PRIMARY KEY,
    at   TEXT NOT NULL,
    prev TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_type ON entries (type, seq);

CREATE TABLE policies (
    revision TEXT PRIMARY KEY,
    entry    INTEGER NOT NULL REFERENCES entries (seq) -- the one that holds the files
) STRICT;

CREATE TABLE counters (
    credential TEXT PRIMARY KEY,
    counter    INTEGER NOT NULL
) STRICT;

CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'the audit log grows at its end only'); END;
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never changed'); END;
CREATE TRIGGER entries_remain BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'an entry of the audit log is never removed'); END;
CREATE TRIGGER requests_remain BEFORE DELETE ON requests
BEGIN SELECT RAISE(ABORT, 'a request is never removed'); END;
CREATE TRIGGER nonces_stay BEFORE UPDATE ON nonces
BEGIN SELECT RAISE(ABORT, 'a used nonce stays used'); END;
CREATE TRIGGER nonces_remain BEFORE DELETE ON nonces
BEGIN SELECT RAISE(ABORT, 'a used nonce stays used'); END;
