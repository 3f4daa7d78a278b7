CREATE TABLE public.api_keys (
    id character varying(32) NOT NULL,
    tenant character varying(63) NOT NULL,
    name character varying(256) NOT NULL,
    digest character varying(64) NOT NULL,
    mask character varying(32) NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint,
    scope character varying(16) DEFAULT 'read'::character varying NOT NULL,
    expires_at bigint
);
CREATE TABLE public.audit (
    sequence bigint NOT NULL,
    at bigint NOT NULL,
    tenant character varying(63) NOT NULL,
    key_id character varying(32) NOT NULL,
    key_name character varying(256) NOT NULL,
    operation character varying(128) NOT NULL,
    subject character varying(64) NOT NULL,
    address character varying(64) NOT NULL,
    status smallint NOT NULL,
    code character varying(32) NOT NULL,
    request character varying(32) NOT NULL
);
CREATE TABLE public.common_facts (
    name character varying(32) NOT NULL,
    value character varying(256) NOT NULL
);
CREATE TABLE public.counters (
    name character varying(32) NOT NULL,
    value bigint NOT NULL
);
CREATE TABLE public.flyway_schema_history (
    installed_rank integer NOT NULL,
    version character varying(50),
    description character varying(200) NOT NULL,
    type character varying(20) NOT NULL,
    script character varying(1000) NOT NULL,
    checksum integer,
    installed_by character varying(100) NOT NULL,
    installed_on timestamp without time zone DEFAULT now() NOT NULL,
    execution_time integer NOT NULL,
    success boolean NOT NULL
);
CREATE TABLE public.host_boots (
    host character varying(63) NOT NULL,
    boot_id text NOT NULL
);
CREATE TABLE public.host_terms (
    host character varying(63) NOT NULL,
    number bigint NOT NULL,
    owner character varying(64) NOT NULL,
    address character varying(300) NOT NULL,
    began_at bigint NOT NULL
);
CREATE TABLE public.jobs (
    token character varying(25) NOT NULL,
    tenant character varying(63) NOT NULL,
    idempotency_key character varying(255),
    digest character varying(64) NOT NULL,
    state character varying(16) NOT NULL,
    request text NOT NULL,
    created_at bigint NOT NULL,
    began_at bigint NOT NULL,
    attempts bigint NOT NULL,
    ended_at bigint NOT NULL,
    verdict character varying(16) NOT NULL,
    result text NOT NULL,
    size bigint NOT NULL,
    callback_url character varying(2048) NOT NULL,
    callback_secret text NOT NULL,
    callback_at bigint NOT NULL,
    callback_failed bigint NOT NULL,
    callback_error character varying(256) NOT NULL
);
CREATE TABLE public.leases (
    id character varying(80) NOT NULL,
    owner character varying(64) NOT NULL,
    address character varying(300) NOT NULL,
    fence bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.sandbox_events (
    sequence bigint NOT NULL,
    tenant character varying(63) NOT NULL,
    sandbox character varying(25) NOT NULL,
    at bigint NOT NULL,
    kind character varying(16) NOT NULL,
    detail text NOT NULL,
    cause character varying(32) DEFAULT 'UNKNOWN'::character varying NOT NULL,
    key_id character varying(32) DEFAULT ''::character varying NOT NULL,
    key_mask character varying(32) DEFAULT ''::character varying NOT NULL,
    address character varying(64) DEFAULT ''::character varying NOT NULL,
    request character varying(32) DEFAULT ''::character varying NOT NULL,
    term bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.sandbox_labels (
    digest character varying(64) NOT NULL,
    sandbox character varying(25) NOT NULL
);
CREATE TABLE public.sandboxes (
    id character varying(25) NOT NULL,
    tenant character varying(63) NOT NULL,
    revision bigint NOT NULL,
    generation bigint NOT NULL,
    template text NOT NULL,
    alias text NOT NULL,
    config text NOT NULL,
    created_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    live smallint NOT NULL,
    shown smallint NOT NULL,
    state character varying(16) NOT NULL,
    host character varying(63) NOT NULL,
    isolation character varying(16) NOT NULL,
    pause_kind character varying(16) NOT NULL,
    state_at bigint NOT NULL,
    reason character varying(32) NOT NULL,
    detail text NOT NULL,
    idempotency_key character varying(255),
    environment text DEFAULT ''::text NOT NULL,
    cause character varying(32) DEFAULT 'UNKNOWN'::character varying NOT NULL,
    key_id character varying(32) DEFAULT ''::character varying NOT NULL,
    key_mask character varying(32) DEFAULT ''::character varying NOT NULL,
    address character varying(64) DEFAULT ''::character varying NOT NULL,
    request character varying(32) DEFAULT ''::character varying NOT NULL
);
CREATE TABLE public.tenants (
    id character varying(63) NOT NULL,
    name character varying(256) NOT NULL,
    created_at bigint NOT NULL,
    deleted_at bigint,
    max_sandboxes bigint,
    max_cpu_millis bigint,
    max_memory_bytes bigint,
    max_disk_bytes bigint,
    max_creates_per_second bigint,
    max_jobs bigint
);
CREATE TABLE public.webhook_deliveries (
    webhook character varying(36) NOT NULL,
    number bigint NOT NULL,
    id character varying(36) NOT NULL,
    event character varying(36) NOT NULL,
    type character varying(64) NOT NULL,
    sandbox character varying(25) NOT NULL,
    at bigint NOT NULL,
    millis bigint NOT NULL,
    status bigint NOT NULL,
    error text NOT NULL
);
CREATE TABLE public.webhooks (
    id character varying(36) NOT NULL,
    tenant character varying(63) NOT NULL,
    name character varying(256) NOT NULL,
    url text NOT NULL,
    enabled smallint NOT NULL,
    events text NOT NULL,
    secret text NOT NULL,
    created_at bigint NOT NULL,
    "position" bigint NOT NULL,
    failing_since bigint NOT NULL,
    failures bigint NOT NULL,
    next_at bigint NOT NULL,
    given_up_at bigint NOT NULL,
    last_error text NOT NULL
);
INSERT INTO public.api_keys VALUES ('1c64b99598c24f33', 'acme', 'of Acme', '8b9a845c0344468dfb225b08f15c22dc85a7cc018c315035f7766528d8b7103a', 'e2b_1b45…1c90', 1772366400000001, NULL, 'tenant', NULL);
INSERT INTO public.api_keys VALUES ('6eb5279b995b24b1', 'default', 'of the server', '94bd6935bdf43014f02019f4d14dea5572b86e04703f4f6cc4739253dc16cbf4', 'e2b_5ace…b1a7', 1772366400000001, NULL, 'admin', NULL);
INSERT INTO public.audit VALUES (1, 1772366400000001, 'acme', '0123456789abcdef', 'of Acme', 'DELETE /sandboxes/{sandboxID}', '01kept0ended0000000000000', '127.0.0.1', 204, '', 'request');
INSERT INTO public.counters VALUES ('sandbox_events', 6);
INSERT INTO public.counters VALUES ('audit', 1);
INSERT INTO public.flyway_schema_history VALUES (1, '1', 'sandboxes', 'SQL', 'V1__sandboxes.sql', -885262411, 'skerry', '2026-11-28 10:16:58.127128', 204, true);
INSERT INTO public.flyway_schema_history VALUES (2, '2', 'api keys', 'SQL', 'V2__api_keys.sql', -1204985475, 'skerry', '2026-11-28 10:16:58.600708', 147, true);
INSERT INTO public.flyway_schema_history VALUES (3, '3', 'tenants', 'SQL', 'V3__tenants.sql', -1908438011, 'skerry', '2026-11-28 10:16:59.082255', 187, true);
INSERT INTO public.flyway_schema_history VALUES (4, '4', 'audit', 'SQL', 'V4__audit.sql', 782032801, 'skerry', '2026-11-28 10:16:59.526384', 168, true);
INSERT INTO public.flyway_schema_history VALUES (5, '5', 'webhooks', 'SQL', 'V5__webhooks.sql', -1214270605, 'skerry', '2026-11-28 10:16:59.954009', 146, true);
INSERT INTO public.flyway_schema_history VALUES (6, '6', 'leases', 'SQL', 'V6__leases.sql', -1431281374, 'skerry', '2026-11-28 10:17:00.273974', 107, true);
INSERT INTO public.flyway_schema_history VALUES (7, '7', 'causes', 'SQL', 'V7__causes.sql', 2057783090, 'skerry', '2026-11-28 10:17:00.64055', 262, true);
INSERT INTO public.flyway_schema_history VALUES (8, '8', 'jobs', 'SQL', 'V8__jobs.sql', 1992062370, 'skerry', '2026-11-28 10:17:01.117185', 157, true);
INSERT INTO public.flyway_schema_history VALUES (9, '9', 'jobs at hand', 'SQL', 'V9__jobs_at_hand.sql', -1982748544, 'skerry', '2026-11-28 10:17:01.437686', 45, true);
INSERT INTO public.host_boots VALUES ('local', 'the boot');
INSERT INTO public.jobs VALUES ('01kept0waiting00000000000', 'acme', 'idempotent', '0000000000000000000000000000000000000000000000000000000000000000', 'WAITING', 'v1.fbde05c0.ty1WvYLtp4ayyVhn4XPCGwMSMyiiUxq5bvb7MZgEjXCtrtwCXONohNAFrGz20w', 1772366400000001, 0, 0, 0, '', '', 74, 'http://127.0.0.1:9/done', 'v1.fbde05c0.yBzBasCDFFIXTOT5Wy6Q5b3Q2NWJPmcGPTb2DCkPjzkHznjJVuDXBxM5KgaFuWpDNswBDMahwA', 0, 0, '');
INSERT INTO public.jobs VALUES ('01kept0working00000000000', 'acme', NULL, '0000000000000000000000000000000000000000000000000000000000000000', 'RUNNING', 'v1.fbde05c0.WfqjXJt_TWj-qhFloEoDUSXFUNnDSN8Iwc8EqfN53EORJAggxO7jNQMWfVVeNg', 1772366400000001, 1772366400000001, 1, 0, '', '', 74, 'http://127.0.0.1:9/done', 'v1.fbde05c0.rky1Yrx6iwpz55-vI9-bTDA3aeMu_cAX3rEoBKO2ZFbjEzOFsrtHEa5qaBVStXCJT0VVhsTNAQ', 0, 0, '');
INSERT INTO public.jobs VALUES ('01kept0done00000000000000', 'acme', NULL, '0000000000000000000000000000000000000000000000000000000000000000', 'ENDED', '', 1772366400000001, 1772366400000001, 1, 1772366400000001, 'accepted', '{"verdict":"accepted"}', 22, 'http://127.0.0.1:9/done', 'v1.fbde05c0.ZvPfRye-1Njm31cTGo3pAWeyDRZWFO16oDnpaCUqzTaD6dJjp9UbFHItEQkkzyZc3AX8pC0AKw', 1772366400000001, 0, '');
INSERT INTO public.leases VALUES ('host:local', '', 'http://127.0.0.1:3000', 1, 0);
INSERT INTO public.sandbox_events VALUES (1, 'acme', '01kept0running00000000000', 1772366400000001, 'CREATED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO public.sandbox_events VALUES (2, 'acme', '01kept0paused000000000000', 1772366400000001, 'CREATED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO public.sandbox_events VALUES (3, 'acme', '01kept0ended0000000000000', 1772366400000001, 'CREATED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO public.sandbox_events VALUES (4, 'acme', '01kept0running00000000000', 1772366400000001, 'STARTED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO public.sandbox_events VALUES (5, 'acme', '01kept0paused000000000000', 1772366400000001, 'PAUSED', '', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO public.sandbox_events VALUES (6, 'acme', '01kept0ended0000000000000', 1772366400000001, 'ENDED', 'REQUESTED', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request', 0);
INSERT INTO public.sandbox_labels VALUES ('5991107abd07831d904942a034539e37c2b9b19f6406a64ebd00df4f392073e2', '01kept0running00000000000');
INSERT INTO public.sandbox_labels VALUES ('5991107abd07831d904942a034539e37c2b9b19f6406a64ebd00df4f392073e2', '01kept0paused000000000000');
INSERT INTO public.sandboxes VALUES ('01kept0running00000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 1, 1, 'RUNNING', 'local', 'CONTAINER', '', 1772366400000001, '', '', 'idempotent', 'v1.fbde05c0.CkRLhTc_qA-LNF94_66oGJU9dNiLcSK0W39W79se2NHsD4oHVdm5tn5l7M9p3KGjcbo', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request');
INSERT INTO public.sandboxes VALUES ('01kept0paused000000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 1, 2, 'PAUSED', 'local', 'CONTAINER', 'DISK', 1772366400000001, '', '', NULL, 'v1.fbde05c0.z61TyMRXvieSgiuxlxQUKuOijsDNEs8dDs1AK8oqRNmegO9khKJ0oS3cTEu9zTXVIJI', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request');
INSERT INTO public.sandboxes VALUES ('01kept0ended0000000000000', 'acme', 2, 1, 'sha256:abc', 'base', '{"template":"sha256:abc","alias":"base","floor":"CONTAINER","limits":{"memoryBytes":536870912,"cpuMillis":1000,"processes":256,"diskBytes":536870912,"diskInodes":100000,"wallTime":null,"cpuTime":null},"privilege":"SUDO","metadata":{"owner":"Zo\u00EB"},"environment":{},"secure":true,"publicTraffic":true,"lifetime":{"pauses":true,"pauseKind":"DISK","wakesOnTraffic":true},"request":"{}"}', 1772366400000001, 1772366700000001, 0, 0, 'STOPPED', '', '', '', 1772366400000001, 'REQUESTED', '', NULL, 'v1.fbde05c0.0H13SpsD-N20TM2UHtzElWpMk-qNaHrZ7Zi7Szedge5amOTeec7iMd4glsHLUuh2iH4', 'REQUESTED', '0123456789abcdef', 'e2b_01...89', '127.0.0.1', 'request');
INSERT INTO public.tenants VALUES ('default', 'default', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.tenants VALUES ('acme', 'Acme', 1772366400000001, NULL, 7, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.webhooks VALUES ('398e5bf2-7cd5-4ac2-b19f-c0bb60d014d1', 'acme', 'a hook', 'http://127.0.0.1:9/in', 1, 'sandbox.lifecycle.created,sandbox.lifecycle.killed,sandbox.lifecycle.paused,sandbox.lifecycle.resumed,sandbox.lifecycle.updated', 'v1.fbde05c0.qhDG35ceHAJMf8-ro6JAGWSBuBgFMfZ8K0kqAcxe6_qtTk08R94YlKC8wkmPllB1Xp4KbKWK2g', 1772366400000001, 6, 0, 0, 0, 0, '');
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY public.common_facts
    ADD CONSTRAINT common_facts_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.counters
    ADD CONSTRAINT counters_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.flyway_schema_history
    ADD CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank);
ALTER TABLE ONLY public.host_boots
    ADD CONSTRAINT host_boots_pkey PRIMARY KEY (host);
ALTER TABLE ONLY public.host_terms
    ADD CONSTRAINT host_terms_pkey PRIMARY KEY (host, number);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (token);
ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sandbox_events
    ADD CONSTRAINT sandbox_events_pkey PRIMARY KEY (sequence);
ALTER TABLE ONLY public.sandbox_labels
    ADD CONSTRAINT sandbox_labels_pkey PRIMARY KEY (digest, sandbox);
ALTER TABLE ONLY public.sandboxes
    ADD CONSTRAINT sandboxes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sandboxes
    ADD CONSTRAINT sandboxes_tenant_idempotency_key_key UNIQUE (tenant, idempotency_key);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (webhook, number);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT webhooks_pkey PRIMARY KEY (id);
CREATE INDEX api_keys_by_tenant ON public.api_keys USING btree (tenant, created_at);
CREATE INDEX audit_by_subject ON public.audit USING btree (subject, sequence);
CREATE INDEX audit_by_tenant ON public.audit USING btree (tenant, sequence);
CREATE INDEX audit_by_time ON public.audit USING btree (at);
CREATE INDEX flyway_schema_history_s_idx ON public.flyway_schema_history USING btree (success);
CREATE UNIQUE INDEX jobs_by_key ON public.jobs USING btree (tenant, idempotency_key);
CREATE INDEX jobs_by_state ON public.jobs USING btree (state, token);
CREATE INDEX jobs_by_tenant ON public.jobs USING btree (tenant, token);
CREATE INDEX jobs_to_tell ON public.jobs USING btree (callback_at, tenant, token) WHERE (callback_at > 0);
CREATE INDEX jobs_unfinished ON public.jobs USING btree (tenant, token, size) WHERE ((state)::text <> 'ENDED'::text);
CREATE INDEX sandbox_events_by_sandbox ON public.sandbox_events USING btree (sandbox, sequence);
CREATE INDEX sandbox_events_by_tenant ON public.sandbox_events USING btree (tenant, sequence);
CREATE UNIQUE INDEX sandbox_events_one_end ON public.sandbox_events USING btree (sandbox) WHERE ((kind)::text = 'ENDED'::text);
CREATE INDEX sandbox_labels_by_sandbox ON public.sandbox_labels USING btree (sandbox);
CREATE INDEX sandboxes_ended ON public.sandboxes USING btree (state_at) WHERE (live = 0);
CREATE INDEX sandboxes_listed ON public.sandboxes USING btree (tenant, shown, created_at, id);
CREATE INDEX sandboxes_live ON public.sandboxes USING btree (id) WHERE (live = 1);
CREATE INDEX webhooks_by_tenant ON public.webhooks USING btree (tenant, created_at, id);
