-- Variables that a sandbox was created with, encrypted; rows of earlier versions have them in 'config' until the server
-- has encrypted them.
ALTER TABLE sandboxes ADD COLUMN environment TEXT DEFAULT '' NOT NULL;

-- Times are microseconds since 1970, 0: never.
CREATE TABLE webhooks (
    id            VARCHAR(36)  NOT NULL PRIMARY KEY,
    tenant        VARCHAR(63)  NOT NULL,
    name          VARCHAR(256) NOT NULL,
    url           TEXT         NOT NULL,
    enabled       SMALLINT     NOT NULL,
    -- names with commas between them
    events        TEXT         NOT NULL,
    -- encrypted
    secret        TEXT         NOT NULL,
    created_at    BIGINT       NOT NULL,
    -- everything up to this event was delivered, or is not for it
    position      BIGINT       NOT NULL,
    -- the next event fails since then, that many times; when to try again
    failing_since BIGINT       NOT NULL,
    failures      BIGINT       NOT NULL,
    next_at       BIGINT       NOT NULL,
    -- it was given up then
    given_up_at   BIGINT       NOT NULL,
    last_error    TEXT         NOT NULL
);

CREATE INDEX webhooks_by_tenant ON webhooks (tenant, created_at, id);

-- The last attempts of each.
CREATE TABLE webhook_deliveries (
    webhook  VARCHAR(36) NOT NULL,
    number   BIGINT      NOT NULL,
    id       VARCHAR(36) NOT NULL,
    event    VARCHAR(36) NOT NULL,
    type     VARCHAR(64) NOT NULL,
    sandbox  VARCHAR(25) NOT NULL,
    at       BIGINT      NOT NULL,
    millis   BIGINT      NOT NULL,
    -- of the answer; 0: there was none
    status   BIGINT      NOT NULL,
    error    TEXT        NOT NULL,
    PRIMARY KEY (webhook, number)
);
