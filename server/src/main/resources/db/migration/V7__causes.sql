-- Why a sandbox is in its state or on its way there, and why each thing happened to it: a code, and who asked for it
-- ('' if nobody did): the id and the mask of the key, the peer's address, the request's id.
ALTER TABLE sandboxes ADD COLUMN cause VARCHAR(32) DEFAULT 'UNKNOWN' NOT NULL;
ALTER TABLE sandboxes ADD COLUMN key_id VARCHAR(32) DEFAULT '' NOT NULL;
ALTER TABLE sandboxes ADD COLUMN key_mask VARCHAR(32) DEFAULT '' NOT NULL;
ALTER TABLE sandboxes ADD COLUMN address VARCHAR(64) DEFAULT '' NOT NULL;
ALTER TABLE sandboxes ADD COLUMN request VARCHAR(32) DEFAULT '' NOT NULL;

ALTER TABLE sandbox_events ADD COLUMN cause VARCHAR(32) DEFAULT 'UNKNOWN' NOT NULL;
ALTER TABLE sandbox_events ADD COLUMN key_id VARCHAR(32) DEFAULT '' NOT NULL;
ALTER TABLE sandbox_events ADD COLUMN key_mask VARCHAR(32) DEFAULT '' NOT NULL;
ALTER TABLE sandbox_events ADD COLUMN address VARCHAR(64) DEFAULT '' NOT NULL;
ALTER TABLE sandbox_events ADD COLUMN request VARCHAR(32) DEFAULT '' NOT NULL;
-- The number of the term (below) in which it was written; 0: before there were terms.
ALTER TABLE sandbox_events ADD COLUMN term BIGINT DEFAULT 0 NOT NULL;

-- What is known of those that were there before.
UPDATE sandboxes SET cause = reason WHERE reason <> '';
UPDATE sandbox_events SET cause = (SELECT reason FROM sandboxes WHERE id = sandbox)
WHERE kind = 'ENDED' AND EXISTS (SELECT 1 FROM sandboxes WHERE id = sandbox AND reason <> '');

-- Which server had a host, from when on. Where servers share the database the number is the fence of the lease.
CREATE TABLE host_terms (
    host     VARCHAR(63)  NOT NULL,
    number   BIGINT       NOT NULL,
    -- a name that no other run of a server has
    owner    VARCHAR(64)  NOT NULL,
    address  VARCHAR(300) NOT NULL,
    began_at BIGINT       NOT NULL,
    PRIMARY KEY (host, number)
);
