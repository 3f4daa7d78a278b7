-- One text for SQLite and PostgreSQL. Times are microseconds since 1970.
-- What a state has no use for is empty ('') or 0.
CREATE TABLE sandboxes (
    id              VARCHAR(25)  NOT NULL PRIMARY KEY,
    tenant          VARCHAR(63)  NOT NULL,
    revision        BIGINT       NOT NULL,
    generation      BIGINT       NOT NULL,
    template        TEXT         NOT NULL,
    alias           TEXT         NOT NULL,
    config          TEXT         NOT NULL,
    created_at      BIGINT       NOT NULL,
    ends_at         BIGINT       NOT NULL,
    -- 1: it has not ended
    live            SMALLINT     NOT NULL,
    -- as seen from outside: 0 not at all, 1 running, 2 paused
    shown           SMALLINT     NOT NULL,
    state           VARCHAR(16)  NOT NULL,
    host            VARCHAR(63)  NOT NULL,
    isolation       VARCHAR(16)  NOT NULL,
    pause_kind      VARCHAR(16)  NOT NULL,
    -- since when, or the deadline
    state_at        BIGINT       NOT NULL,
    reason          VARCHAR(32)  NOT NULL,
    detail          TEXT         NOT NULL,
    -- null once it has ended
    idempotency_key VARCHAR(255),
    UNIQUE (tenant, idempotency_key)
);

CREATE INDEX sandboxes_listed ON sandboxes (tenant, shown, created_at, id);
CREATE INDEX sandboxes_live ON sandboxes (id) WHERE live = 1;
CREATE INDEX sandboxes_ended ON sandboxes (state_at) WHERE live = 0;

-- One row for each entry of the metadata of a sandbox that lives: SHA-256 of tenant, name and value.
CREATE TABLE sandbox_labels (
    digest  VARCHAR(64) NOT NULL,
    sandbox VARCHAR(25) NOT NULL,
    PRIMARY KEY (digest, sandbox)
);

CREATE INDEX sandbox_labels_by_sandbox ON sandbox_labels (sandbox);

CREATE TABLE sandbox_events (
    sequence BIGINT      NOT NULL PRIMARY KEY,
    tenant   VARCHAR(63) NOT NULL,
    sandbox  VARCHAR(25) NOT NULL,
    at       BIGINT      NOT NULL,
    kind     VARCHAR(16) NOT NULL,
    detail   TEXT        NOT NULL
);

CREATE INDEX sandbox_events_by_sandbox ON sandbox_events (sandbox, sequence);
CREATE INDEX sandbox_events_by_tenant ON sandbox_events (tenant, sequence);
CREATE UNIQUE INDEX sandbox_events_one_end ON sandbox_events (sandbox) WHERE kind = 'ENDED';

-- A row that is updated, not the database's own counter: numbers become visible in their order.
CREATE TABLE counters (
    name  VARCHAR(32) NOT NULL PRIMARY KEY,
    value BIGINT      NOT NULL
);

INSERT INTO counters (name, value) VALUES ('sandbox_events', 0);

CREATE TABLE host_boots (
    host    VARCHAR(63) NOT NULL PRIMARY KEY,
    boot_id TEXT        NOT NULL
);
