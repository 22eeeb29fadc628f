-- One row per operation on one order. Times are microseconds since 1970, UTC.
CREATE TABLE requests (
    id               INTEGER PRIMARY KEY,
    order_key        TEXT    NOT NULL,  -- the request key without its revision: {org, else source}/{order id}
    revision         INTEGER NOT NULL,
    request_key      TEXT    GENERATED ALWAYS AS (order_key || '/' || revision) VIRTUAL,
    source           TEXT    NOT NULL,
    order_id         TEXT    NOT NULL,
    order_number     TEXT    NOT NULL,
    org              TEXT,
    state            TEXT    NOT NULL
                     CHECK (state IN ('accepted', 'calling', 'unknown', 'issued', 'refused', 'held')),
    version          INTEGER NOT NULL,  -- fence, claim token, timeline key and the completion's sequence
    owner            TEXT    NOT NULL,
    attempts         INTEGER NOT NULL,
    crashes          INTEGER NOT NULL,
    look_ups         INTEGER NOT NULL,
    in_doubt         INTEGER NOT NULL,
    may_be_there     INTEGER NOT NULL,
    watch            INTEGER NOT NULL,
    next_due         INTEGER,           -- empty once it is at rest and reported
    reported_version INTEGER NOT NULL,
    reported_at      INTEGER,
    report_parked    INTEGER,
    requested_at     INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    reply            INTEGER NOT NULL,
    traceparent      TEXT,
    message_ids      TEXT    NOT NULL,  -- JSON array, the latest last
    ticket           TEXT,
    web_depot_link   TEXT,
    reason_code      TEXT,
    reason_sentence  TEXT,
    reason_detail    TEXT,
    next_fingerprint TEXT,
    next_message_id  TEXT,
    next_requested_at INTEGER,
    next_body        BLOB,
    fingerprint      TEXT    NOT NULL,
    body             BLOB    NOT NULL,
    -- The readable key itself, in two parts, so that one index finds a key and all revisions of its order.
    UNIQUE (order_key, revision)
) STRICT;

CREATE INDEX requests_by_number ON requests (order_number);

-- What is open, what is due, and how many stand where, without touching the rows.
CREATE INDEX requests_by_state ON requests (state, next_due);

-- Part 0 is the transition that made the version; higher parts are notes filed under it.
CREATE TABLE timeline (
    request INTEGER NOT NULL REFERENCES requests (id),
    version INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    process TEXT    NOT NULL,
    event   TEXT    NOT NULL,
    claim   INTEGER,
    ticket  TEXT,
    detail  TEXT    NOT NULL,
    PRIMARY KEY (request, version, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE letters (
    number        INTEGER PRIMARY KEY,
    id            TEXT    NOT NULL UNIQUE,
    stage         TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    class         TEXT    NOT NULL,
    code          TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    cause         TEXT    NOT NULL,  -- groups letters: hash of stage, class, code and normalized text
    request_key   TEXT,
    version       INTEGER,
    order_number  TEXT,
    source        TEXT,
    message_id    TEXT,
    headers       TEXT    NOT NULL,  -- JSON object
    created_at    INTEGER NOT NULL,
    closed_at     INTEGER,
    body          BLOB    NOT NULL
) STRICT;

CREATE INDEX letters_by_key ON letters (request_key, state) WHERE request_key IS NOT NULL;
CREATE INDEX letters_open ON letters (state, number);

CREATE TABLE audit (
    number  INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    why     TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_subject ON audit (subject);

CREATE TABLE leases (
    name   TEXT    PRIMARY KEY,
    epoch  INTEGER NOT NULL,
    holder TEXT,
    beats  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE checkpoints (
    org        TEXT    NOT NULL,
    topic      TEXT    NOT NULL,
    replay_id  BLOB    NOT NULL,
    epoch      INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (org, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE processes (
    name       TEXT    PRIMARY KEY,
    note       TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: what this ledger is, since when it saw everything, and how often it was written.
CREATE TABLE ledger (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    id      TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    commits INTEGER NOT NULL
) STRICT;
