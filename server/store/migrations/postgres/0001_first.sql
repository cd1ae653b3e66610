CREATE TABLE workspace (
    place INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- the first began the log
    key   TEXT NOT NULL UNIQUE
);

CREATE TABLE requests (
    id        TEXT PRIMARY KEY,
    state     TEXT NOT NULL,
    requester TEXT NOT NULL,
    created   BIGINT NOT NULL, -- microseconds since 1970
    digest    TEXT NOT NULL,
    document  TEXT NOT NULL,   -- canonical JSON of the request without its outcome; the columns before are copies
    outcome   TEXT             -- JSON; what the command wrote is in it, and can be much
);
CREATE INDEX requests_by_created ON requests (created, id);
CREATE INDEX requests_by_state ON requests (state, created);

CREATE TABLE nonces (
    nonce   TEXT PRIMARY KEY,
    request TEXT NOT NULL REFERENCES requests (id)
);

CREATE TABLE entries (
    seq  BIGINT PRIMARY KEY,
    at   TEXT NOT NULL,
    prev TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX entries_by_type ON entries (type, seq);

CREATE TABLE policies (
    revision TEXT PRIMARY KEY,
    entry    BIGINT NOT NULL REFERENCES entries (seq) -- the one that holds the files
);

CREATE TABLE counters (
    credential TEXT PRIMARY KEY,
    counter    BIGINT NOT NULL
);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$;
CREATE FUNCTION in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM entries) THEN
        RAISE EXCEPTION 'the audit log grows at its end only';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entries_in_order BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION in_order();
CREATE TRIGGER entries_stay BEFORE UPDATE ON entries EXECUTE FUNCTION refuse('an entry of the audit log is never changed');
CREATE TRIGGER entries_remain BEFORE DELETE OR TRUNCATE ON entries EXECUTE FUNCTION refuse('an entry of the audit log is never removed');
CREATE TRIGGER requests_remain BEFORE DELETE OR TRUNCATE ON requests EXECUTE FUNCTION refuse('a request is never removed');
CREATE TRIGGER nonces_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON nonces EXECUTE FUNCTION refuse('a used nonce stays used');
