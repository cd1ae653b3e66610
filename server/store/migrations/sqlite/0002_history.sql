CREATE TABLE history (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    seq   INTEGER NOT NULL, -- the newest position
    since INTEGER NOT NULL  -- when what is kept begins; 0 before the first observation
) STRICT;
INSERT INTO history VALUES (1, 0, 0);

-- What resources were, and what answers showed: each document once.
CREATE TABLE contents (
    num      INTEGER PRIMARY KEY,
    hash     BLOB NOT NULL UNIQUE,
    document TEXT NOT NULL -- canonical JSON
) STRICT;

-- What is known of each resource now.
CREATE TABLE resources (
    num      INTEGER PRIMARY KEY, -- the position at which it was first seen
    id       TEXT NOT NULL UNIQUE,
    identity TEXT NOT NULL,       -- JSON: what queries look at
    hash     BLOB NOT NULL,       -- of its content
    content  INTEGER,             -- NULL: it is gone
    seq      INTEGER NOT NULL,    -- of its newest version
    at       INTEGER NOT NULL,    -- when that was seen; microseconds since 1970, as all times
    first    INTEGER NOT NULL,    -- when it was first seen
    since    INTEGER NOT NULL,    -- when its health was first seen to be what it is; 0: since the first
    last     INTEGER NOT NULL     -- of one that is gone: when it was last seen
) STRICT;
CREATE INDEX resources_by_seq ON resources (seq);
CREATE INDEX resources_by_content ON resources (content);

-- Positions: at each a resource went from one content to another. The first that was seen of it is one, too.
CREATE TABLE versions (
    seq      INTEGER PRIMARY KEY,
    resource INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    earliest INTEGER NOT NULL, -- when it was last seen as before
    content  INTEGER           -- NULL: it was seen to be gone
) STRICT;
CREATE INDEX versions_by_resource ON versions (resource, seq);
CREATE INDEX versions_by_at ON versions (at);
CREATE INDEX versions_by_content ON versions (content);

-- What then changed, field by field.
CREATE TABLE changes (
    seq   INTEGER NOT NULL,
    field TEXT NOT NULL,
    was   TEXT, -- JSON; NULL: nothing
    now   TEXT,
    PRIMARY KEY (seq, field)
) STRICT, WITHOUT ROWID;

-- What was asked for, and where that was last looked up.
CREATE TABLE queries (
    key      BLOB PRIMARY KEY,
    document TEXT NOT NULL,    -- JSON of the query without what does not select
    shape    BLOB NOT NULL,    -- of the newest observation: who answered, and who failed
    places   TEXT NOT NULL,    -- JSON: when who answered and failed before
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE looks (
    seq     INTEGER PRIMARY KEY,
    answer  TEXT NOT NULL UNIQUE,
    asker   TEXT NOT NULL,
    key     INTEGER NOT NULL, -- the beginning of the key's hash
    at      INTEGER NOT NULL,
    content INTEGER NOT NULL, -- all of it that stays the same while nothing changes
    reads   TEXT NOT NULL     -- JSON: the rest
) STRICT;
CREATE INDEX looks_by_key ON looks (key, seq);
CREATE INDEX looks_by_asker ON looks (asker, seq);
CREATE INDEX looks_by_asker_and_key ON looks (asker, key, seq);
CREATE INDEX looks_by_content ON looks (content);
CREATE INDEX looks_by_at ON looks (at);
