CREATE TABLE "flyway_schema_history" (
    "installed_rank" INT NOT NULL PRIMARY KEY,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INT,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
    "execution_time" INT NOT NULL,
    "success" BOOLEAN NOT NULL
);
CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
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
CREATE TABLE counters (
    name  VARCHAR(32) NOT NULL PRIMARY KEY,
    value BIGINT      NOT NULL
);
CREATE TABLE host_boots (
    host    VARCHAR(63) NOT NULL PRIMARY KEY,
    boot_id TEXT        NOT NULL
);
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
INSERT INTO "flyway_schema_history" VALUES (1, '1', 'sandboxes', 'SQL', 'V1__sandboxes.sql', -885262411, '', '2026-11-28 03:06:54.691', 12, 1);
INSERT INTO "flyway_schema_history" VALUES (2, '2', 'api keys', 'SQL', 'V2__api_keys.sql', -1204985475, '', '2026-11-28 03:06:54.729', 8, 1);
INSERT INTO "sandboxes" VALUES ('01kept0running00000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{"PASSWORD":"hunter2"},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 1, 1, 'RUNNING', 'local', 'CONTAINER', '', 1772366400000001, '', '', 'idempotent');
INSERT INTO "sandboxes" VALUES ('01kept0paused000000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{"PASSWORD":"hunter2"},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 1, 2, 'PAUSED', 'local', 'CONTAINER', 'DISK', 1772366400000001, '', '', NULL);
INSERT INTO "sandboxes" VALUES ('01kept0ended0000000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{"PASSWORD":"hunter2"},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 0, 0, 'STOPPED', '', '', '', 1772366400000001, 'REQUESTED', '', NULL);
INSERT INTO "sandbox_labels" VALUES ('5991107abd07831d904942a034539e37c2b9b19f6406a64ebd00df4f392073e2', '01kept0running00000000000');
INSERT INTO "sandbox_labels" VALUES ('5991107abd07831d904942a034539e37c2b9b19f6406a64ebd00df4f392073e2', '01kept0paused000000000000');
INSERT INTO "sandbox_events" VALUES (1, 'acme', '01kept0running00000000000', 1772366400000001, 'CREATED', '');
INSERT INTO "sandbox_events" VALUES (2, 'acme', '01kept0paused000000000000', 1772366400000001, 'CREATED', '');
INSERT INTO "sandbox_events" VALUES (3, 'acme', '01kept0ended0000000000000', 1772366400000001, 'CREATED', '');
INSERT INTO "sandbox_events" VALUES (4, 'acme', '01kept0running00000000000', 1772366400000001, 'STARTED', '');
INSERT INTO "sandbox_events" VALUES (5, 'acme', '01kept0paused000000000000', 1772366400000001, 'PAUSED', '');
INSERT INTO "sandbox_events" VALUES (6, 'acme', '01kept0ended0000000000000', 1772366400000001, 'ENDED', 'REQUESTED');
INSERT INTO "counters" VALUES ('sandbox_events', 6);
INSERT INTO "host_boots" VALUES ('local', 'the boot');
INSERT INTO "api_keys" VALUES ('6acb05332093ec1b', 'default', 'of the server', '94bd6935bdf43014f02019f4d14dea5572b86e04703f4f6cc4739253dc16cbf4', 'e2b_4228…7c80', 1772366400000, NULL);
INSERT INTO "api_keys" VALUES ('19e6fc8cfa465d3f', 'acme', 'of Acme', '8b9a845c0344468dfb225b08f15c22dc85a7cc018c315035f7766528d8b7103a', 'e2b_0726…bfbc', 1772366400000, NULL);
