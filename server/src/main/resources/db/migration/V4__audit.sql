-- What was changed through the API: who, what, from where, with what outcome. Never a secret or a request's content.
CREATE TABLE audit (
    sequence  BIGINT       NOT NULL PRIMARY KEY,
    at        BIGINT       NOT NULL,
    tenant    VARCHAR(63)  NOT NULL,
    key_id    VARCHAR(32)  NOT NULL,
    key_name  VARCHAR(256) NOT NULL,
    operation VARCHAR(128) NOT NULL,
    -- the id of what it was done to; '' if there is none
    subject   VARCHAR(64)  NOT NULL,
    address   VARCHAR(64)  NOT NULL,
    -- 0: there was no answer
    status    SMALLINT     NOT NULL,
    -- why it was refused; '' if it was not
    code      VARCHAR(32)  NOT NULL,
    request   VARCHAR(32)  NOT NULL
);

CREATE INDEX audit_by_tenant ON audit (tenant, sequence);
CREATE INDEX audit_by_subject ON audit (subject, sequence);
CREATE INDEX audit_by_time ON audit (at);

INSERT INTO counters (name, value) VALUES ('audit', 0);
