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
    idempotency_key VARCHAR(255), environment TEXT DEFAULT '' NOT NULL, cause VARCHAR(32) DEFAULT 'UNKNOWN' NOT NULL, key_id VARCHAR(32) DEFAULT '' NOT NULL, key_mask VARCHAR(32) DEFAULT '' NOT NULL, address VARCHAR(64) DEFAULT '' NOT NULL, request VARCHAR(32) DEFAULT '' NOT NULL,
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
, cause VARCHAR(32) DEFAULT 'UNKNOWN' NOT NULL, key_id VARCHAR(32) DEFAULT '' NOT NULL, key_mask VARCHAR(32) DEFAULT '' NOT NULL, address VARCHAR(64) DEFAULT '' NOT NULL, request VARCHAR(32) DEFAULT '' NOT NULL, term BIGINT DEFAULT 0 NOT NULL);
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
, scope VARCHAR(16) NOT NULL DEFAULT 'read', expires_at BIGINT);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at);
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
, max_jobs BIGINT);
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
CREATE TABLE common_facts (
    name  VARCHAR(32)  NOT NULL PRIMARY KEY,
    value VARCHAR(256) NOT NULL
);
CREATE TABLE host_terms (
    host     VARCHAR(63)  NOT NULL,
    number   BIGINT       NOT NULL,
    -- a name that no other run of a server has
    owner    VARCHAR(64)  NOT NULL,
    address  VARCHAR(300) NOT NULL,
    began_at BIGINT       NOT NULL,
    PRIMARY KEY (host, number)
);
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
CREATE INDEX jobs_to_tell ON jobs (callback_at, tenant, token) WHERE callback_at > 0;
CREATE INDEX jobs_unfinished ON jobs (tenant, token, size) WHERE state <> 'ENDED';
INSERT INTO "flyway_schema_history" VALUES (1, '1', 'sandboxes', 'SQL', 'V1__sandboxes.sql', -885262411, '', '2026-11-28 10:16:31.886', 134, 1);
INSERT INTO "flyway_schema_history" VALUES (2, '2', 'api keys', 'SQL', 'V2__api_keys.sql', -1204985475, '', '2026-11-28 10:16:32.159', 13, 1);
INSERT INTO "flyway_schema_history" VALUES (3, '3', 'tenants', 'SQL', 'V3__tenants.sql', -1908438011, '', '2026-11-28 10:16:32.331', 60, 1);
INSERT INTO "flyway_schema_history" VALUES (4, '4', 'audit', 'SQL', 'V4__audit.sql', 782032801, '', '2026-11-28 10:16:32.521', 86, 1);
INSERT INTO "flyway_schema_history" VALUES (5, '5', 'webhooks', 'SQL', 'V5__webhooks.sql', -1214270605, '', '2026-11-28 10:16:32.740', 71, 1);
INSERT INTO "flyway_schema_history" VALUES (6, '6', 'leases', 'SQL', 'V6__leases.sql', -1431281374, '', '2026-11-28 10:16:32.902', 31, 1);
INSERT INTO "flyway_schema_history" VALUES (7, '7', 'causes', 'SQL', 'V7__causes.sql', 2057783090, '', '2026-11-28 10:16:33.048', 59, 1);
INSERT INTO "flyway_schema_history" VALUES (8, '8', 'jobs', 'SQL', 'V8__jobs.sql', 1992062370, '', '2026-11-28 10:16:33.104', 1, 1);
INSERT INTO "flyway_schema_history" VALUES (9, '9', 'jobs at hand', 'SQL', 'V9__jobs_at_hand.sql', -1982748544, '', '2026-11-28 10:16:33.288', 6, 1);
INSERT INTO "sandboxes" VALUES ('01kept0running00000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 1, 1, 'RUNNING', 'local', 'CONTAINER', '', 1772366400000001, '', '', 'idempotent', 'v1.fbde05c0.AQ6DYQ0DJujuDrdgF9UYaTwS2uzG_4HrGqULK38xY3hMhgrcnApZYtqXghfLomyQSa4', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request');
INSERT INTO "sandboxes" VALUES ('01kept0paused000000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 1, 2, 'PAUSED', 'local', 'CONTAINER', 'DISK', 1772366400000001, '', '', NULL, 'v1.fbde05c0.jnFOzsEKsjaPZcv1TFnx_-mbquIQTWd-RtGThV5Odt6KVQUzJ02XDnW6mv72A_1ElM0', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request');
INSERT INTO "sandboxes" VALUES ('01kept0ended0000000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 0, 0, 'STOPPED', '', '', '', 1772366400000001, 'REQUESTED', '', NULL, 'v1.fbde05c0.5ve1S9aPJveN0exwha0wDiMDCLvwzzRItTxCEqTwkxV3WSxEKaeQui-Agr8g0tMKikA', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request');
INSERT INTO "sandbox_labels" VALUES ('5991107abd07831d904942a034539e37c2b9b19f6406a64ebd00df4f392073e2', '01kept0running00000000000');
INSERT INTO "sandbox_labels" VALUES ('5991107abd07831d904942a034539e37c2b9b19f6406a64ebd00df4f392073e2', '01kept0paused000000000000');
INSERT INTO "sandbox_events" VALUES (1, 'acme', '01kept0running00000000000', 1772366400000001, 'CREATED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO "sandbox_events" VALUES (2, 'acme', '01kept0paused000000000000', 1772366400000001, 'CREATED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO "sandbox_events" VALUES (3, 'acme', '01kept0ended0000000000000', 1772366400000001, 'CREATED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO "sandbox_events" VALUES (4, 'acme', '01kept0running00000000000', 1772366400000001, 'STARTED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO "sandbox_events" VALUES (5, 'acme', '01kept0paused000000000000', 1772366400000001, 'PAUSED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO "sandbox_events" VALUES (6, 'acme', '01kept0ended0000000000000', 1772366400000001, 'ENDED', 'REQUESTED', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO "counters" VALUES ('sandbox_events', 6);
INSERT INTO "counters" VALUES ('audit', 1);
INSERT INTO "host_boots" VALUES ('local', 'the boot');
INSERT INTO "api_keys" VALUES ('7cefb30ff9277df8', 'default', 'of the server', '94bd6935bdf43014f02019f4d14dea5572b86e04703f4f6cc4739253dc16cbf4', 'e2b_efbb…3119', 1772366400000001, NULL, 'admin', NULL);
INSERT INTO "api_keys" VALUES ('5c19fc82cf430a94', 'acme', 'of Acme', '8b9a845c0344468dfb225b08f15c22dc85a7cc018c315035f7766528d8b7103a', 'e2b_2417…a08f', 1772366400000001, NULL, 'tenant', NULL);
INSERT INTO "tenants" VALUES ('default', 'default', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "tenants" VALUES ('acme', 'Acme', 1772366400000001, NULL, 7, NULL, NULL, NULL, NULL, NULL);
INSERT INTO "audit" VALUES (1, 1772366400000001, 'acme', '0123456789abcdef', 'of Acme', 'DELETE /sandboxes/{sandboxID}', '01kept0ended0000000000000', '127.0.0.1', 204, '', 'request');
INSERT INTO "webhooks" VALUES ('3fdcd46a-f094-4f8f-a15d-17b70f882074', 'acme', 'a hook', 'http://127.0.0.1:9/in', 1, 'sandbox.lifecycle.created,sandbox.lifecycle.killed,sandbox.lifecycle.paused,sandbox.lifecycle.resumed,sandbox.lifecycle.updated', 'v1.fbde05c0.JIc9xHGqyXjh6eym6T2LaO2EGqO3KNwAPfDpjpxEaLvlAknmFQqop7llgb3jxHBQUIRjrXaVkA', 1772366400000001, 6, 0, 0, 0, 0, '');
INSERT INTO "leases" VALUES ('host:local', '', 'http://127.0.0.1:3000', 1, 0);
INSERT INTO "jobs" VALUES ('01kept0waiting00000000000', 'acme', 'idempotent', '0000000000000000000000000000000000000000000000000000000000000000', 'WAITING', 'v1.fbde05c0.44upEKz4WXPBhdnxADUAPPN3h-B6eUw7apgDZ9fDK5cH_mrNgY_LM2H5ZJYLcw', 1772366400000001, 0, 0, 0, '', '', 74, 'http://127.0.0.1:9/done', 'v1.fbde05c0.ux8pWTDuMfxai1MkCi2yeHEyveu9fLM0XQrEM_xgE47eB18STNA_WQNJ8TTJRsl7whsYCTAG5w', 0, 0, '');
INSERT INTO "jobs" VALUES ('01kept0working00000000000', 'acme', NULL, '0000000000000000000000000000000000000000000000000000000000000000', 'RUNNING', 'v1.fbde05c0._9ChU2HBrGgDbsS5c2zHUhudB_UZSxkU5ocbgrrEiv8pakDzEW-puW5kXopB3Q', 1772366400000001, 1772366400000001, 1, 0, '', '', 74, 'http://127.0.0.1:9/done', 'v1.fbde05c0.o0WlVgpnNUw-9Jr1jCBMcR8izILwdV_cHrbE_0ZJR1HH7RfaNI3YTCprVrS4jSes2GP_7k2Wqw', 0, 0, '');
INSERT INTO "jobs" VALUES ('01kept0done00000000000000', 'acme', NULL, '0000000000000000000000000000000000000000000000000000000000000000', 'ENDED', '', 1772366400000001, 1772366400000001, 1, 1772366400000001, 'accepted', '{"verdict":"accepted"}', 22, 'http://127.0.0.1:9/done', 'v1.fbde05c0.v0uyypdNI0Jkvw7Fuf1KpC9eUFlZwJVOwZoOujRcuT8e_ApKA3VUVIQzXBcGgPac9UkWL6rXeg', 1772366400000001, 0, '');
