-- Which jobs are to be told, and which have not ended, without reading what they were given and what came of them.
CREATE INDEX jobs_to_tell ON jobs (callback_at, tenant, token) WHERE callback_at > 0;
CREATE INDEX jobs_unfinished ON jobs (tenant, token, size) WHERE state <> 'ENDED';
