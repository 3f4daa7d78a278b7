-- Keys are kept as SHA-256 of their text; the mask shows the first and last characters, for people.
CREATE TABLE api_keys (
    id           VARCHAR(32)  NOT NULL PRIMARY KEY,
    tenant       VARCHAR(63)  NOT NULL,
    name         VARCHAR(256) NOT NULL,
    digest       VARCHAR(64)  NOT NULL UNIQUE,
    mask         VARCHAR(32)  NOT NULL,
    created_at   BIGINT       NOT NULL,
    last_used_at BIGINT
);

CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at);
