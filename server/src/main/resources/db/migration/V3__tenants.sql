-- Who shares this server. One that is deleted keeps its row, so that nobody after it has its id and its history.
CREATE TABLE tenants (
    id                     VARCHAR(63)  NOT NULL PRIMARY KEY,
    name                   VARCHAR(256) NOT NULL,
    -- 0: before it was written down
    created_at             BIGINT       NOT NULL,
    deleted_at             BIGINT,
    -- null: as the server's settings say; -1: no limit
    max_sandboxes          BIGINT,
    max_cpu_millis         BIGINT,
    max_memory_bytes       BIGINT,
    max_disk_bytes         BIGINT,
    max_creates_per_second BIGINT
);

INSERT INTO tenants (id, name, created_at)
SELECT known.id, known.id, 0
FROM (SELECT 'default' AS id
      UNION
      SELECT tenant FROM api_keys
      UNION
      SELECT tenant FROM sandboxes) known;

-- As everywhere else: microseconds.
UPDATE api_keys SET created_at = created_at * 1000, last_used_at = last_used_at * 1000;

-- What a key opens: read, sandboxes, tenant, admin. Those that there are could do everything.
ALTER TABLE api_keys ADD COLUMN scope VARCHAR(16) NOT NULL DEFAULT 'read';
ALTER TABLE api_keys ADD COLUMN expires_at BIGINT;
UPDATE api_keys SET scope = 'tenant';
UPDATE api_keys SET scope = 'admin' WHERE tenant = 'default';
