-- What one server has at a time. A row is never deleted, so no fence is ever given twice.
CREATE TABLE leases (
    id         VARCHAR(80)  NOT NULL PRIMARY KEY,
    -- '' when nobody has it
    owner      VARCHAR(64)  NOT NULL,
    -- where other servers reach the owner
    address    VARCHAR(300) NOT NULL,
    fence      BIGINT       NOT NULL,
    -- by the database's clock
    expires_at BIGINT       NOT NULL
);

-- What all servers of this database have in common.
CREATE TABLE common_facts (
    name  VARCHAR(32)  NOT NULL PRIMARY KEY,
    value VARCHAR(256) NOT NULL
);
