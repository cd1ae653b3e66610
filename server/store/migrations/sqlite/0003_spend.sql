-- What calls of models cost: what they may cost at most until they have ended. One that never ends stays so.
CREATE TABLE spend (
    id     TEXT PRIMARY KEY,
    answer TEXT NOT NULL,
    asker  TEXT NOT NULL,
    model  TEXT NOT NULL,
    at     INTEGER NOT NULL, -- when it began
    input  INTEGER NOT NULL, -- tokens
    cached INTEGER NOT NULL, -- of input
    output INTEGER NOT NULL,
    cost   INTEGER           -- millionths of a US dollar; NULL: nobody knows
) STRICT;
CREATE INDEX spend_by_at ON spend (at);

-- Questions that models looked into.
CREATE TABLE investigations (
    answer   TEXT PRIMARY KEY,
    at       INTEGER NOT NULL,
    document TEXT NOT NULL -- JSON
) STRICT;
CREATE INDEX investigations_by_at ON investigations (at);
