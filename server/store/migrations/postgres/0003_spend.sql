-- What calls of models cost: what they may cost at most until they have ended. One that never ends stays so.
CREATE TABLE spend (
    id     TEXT PRIMARY KEY,
    answer TEXT NOT NULL,
    asker  TEXT NOT NULL,
    model  TEXT NOT NULL,
    at     BIGINT NOT NULL, -- when it began
    input  BIGINT NOT NULL, -- tokens
    cached BIGINT NOT NULL, -- of input
    output BIGINT NOT NULL,
    cost   BIGINT           -- millionths of a US dollar; NULL: nobody knows
);
CREATE INDEX spend_by_at ON spend (at);

-- Questions that models looked into.
CREATE TABLE investigations (
    answer   TEXT PRIMARY KEY,
    at       BIGINT NOT NULL,
    document TEXT NOT NULL -- JSON
);
CREATE INDEX investigations_by_at ON investigations (at);
