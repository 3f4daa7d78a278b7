-- Programs that were handed in to be run later. Times are microseconds since 1970, 0: never.
CREATE TABLE jobs (
    -- rises with the time at which it was handed in
    token           VARCHAR(25)   NOT NULL PRIMARY KEY,
    tenant          VARCHAR(63)   NOT NULL,
    -- under which it was handed in, if under one; and of what was handed in under it
    idempotency_key VARCHAR(255),
    digest          VARCHAR(64)   NOT NULL,
    -- WAITING, RUNNING or ENDED
    state           VARCHAR(16)   NOT NULL,
    -- what is to be run, encrypted; '' once it has ended
    request         TEXT          NOT NULL,
    created_at      BIGINT        NOT NULL,
    -- the last attempt, and how many there were: whoever has a lower number has nothing to say any more
    began_at        BIGINT        NOT NULL,
    attempts        BIGINT        NOT NULL,
    ended_at        BIGINT        NOT NULL,
    verdict         VARCHAR(16)   NOT NULL,
    result          TEXT          NOT NULL,
    -- characters of the request, and of the result once it has ended
    size            BIGINT        NOT NULL,
    -- where that is to be told, signed with what is encrypted here; '' if nowhere
    callback_url    VARCHAR(2048) NOT NULL,
    callback_secret TEXT          NOT NULL,
    -- when it is told next, how often that has failed, and why the last time
    callback_at     BIGINT        NOT NULL,
    callback_failed BIGINT        NOT NULL,
    callback_error  VARCHAR(256)  NOT NULL
);

CREATE UNIQUE INDEX jobs_by_key ON jobs (tenant, idempotency_key);
CREATE INDEX jobs_by_tenant ON jobs (tenant, token);
CREATE INDEX jobs_by_state ON jobs (state, token);

-- Jobs of a tenant that run at a time.
ALTER TABLE tenants ADD COLUMN max_jobs BIGINT;
