-- What the first emulator, which did not number its schema, wrote: two registries, a token, a package and its copy.
BEGIN TRANSACTION;
CREATE TABLE blobs (
	id VARCHAR(36) NOT NULL, 
	size BIGINT NOT NULL, 
	sha256 VARCHAR(64) NOT NULL, 
	sha512 VARCHAR(128) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "blobs" VALUES('01a1fc77-34d3-7c2a-a269-fb0050b655b5',8,'22c8586101346a587f22a4fa336f60d9d7ff3c342dbab48c125ce4852ba42410','c82f18e549a1779c52424d94c4968377c15ffaba97c841a6614ece5de4a6dbbf2c1292fffa3256fbfa52aa77acfa95eb8524f937f991b2134ff57047d64c75f5');
CREATE TABLE organizations (
	id VARCHAR(36) NOT NULL, 
	slug TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (slug)
);
INSERT INTO "organizations" VALUES('01a1fc77-34b9-702b-9f34-e93c71bd8365','my-org');
CREATE TABLE package_counts (
	registry_id VARCHAR(36) NOT NULL, 
	named BOOLEAN NOT NULL, 
	name TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	block INTEGER NOT NULL, 
	count INTEGER NOT NULL, 
	PRIMARY KEY (registry_id, named, name, size, block), 
	FOREIGN KEY(registry_id) REFERENCES registries (id)
);
INSERT INTO "package_counts" VALUES('01a1fc77-34c8-73d9-8634-b079d91d4ddb',0,'',4096,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34c8-73d9-8634-b079d91d4ddb',1,'banana',4096,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34c8-73d9-8634-b079d91d4ddb',0,'',64,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34c8-73d9-8634-b079d91d4ddb',1,'banana',64,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34cc-75ed-af84-c6a5da17583a',0,'',4096,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34cc-75ed-af84-c6a5da17583a',1,'banana',4096,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34cc-75ed-af84-c6a5da17583a',0,'',64,0,1);
INSERT INTO "package_counts" VALUES('01a1fc77-34cc-75ed-af84-c6a5da17583a',1,'banana',64,0,1);
CREATE TABLE packages (
	id VARCHAR(36) NOT NULL, 
	registry_id VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	unique_name TEXT NOT NULL, 
	version TEXT NOT NULL, 
	variant TEXT NOT NULL, 
	file_name TEXT NOT NULL, 
	blob_id VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (registry_id, unique_name, version, variant), 
	UNIQUE (registry_id, number), 
	FOREIGN KEY(registry_id) REFERENCES registries (id), 
	FOREIGN KEY(blob_id) REFERENCES blobs (id)
);
INSERT INTO "packages" VALUES('01a1fc77-34d5-7bb5-89ce-f34924e08838','01a1fc77-34c8-73d9-8634-b079d91d4ddb',1,'banana','banana','1.0.0','bin','banana-1.0.0.bin','01a1fc77-34d3-7c2a-a269-fb0050b655b5',1795237033173);
INSERT INTO "packages" VALUES('01a1fc77-34db-7943-b774-1634612ae4f9','01a1fc77-34cc-75ed-af84-c6a5da17583a',1,'banana','banana','1.0.0','bin','banana-1.0.0.bin','01a1fc77-34d3-7c2a-a269-fb0050b655b5',1795237033179);
CREATE TABLE registries (
	id VARCHAR(36) NOT NULL, 
	organization_id VARCHAR(36) NOT NULL, 
	slug TEXT NOT NULL, 
	name TEXT NOT NULL, 
	ecosystem TEXT NOT NULL, 
	description TEXT, 
	emoji TEXT, 
	color TEXT, 
	public BOOLEAN NOT NULL, 
	oidc_policy TEXT, 
	team_ids JSON NOT NULL, 
	created_at BIGINT NOT NULL, 
	number INTEGER NOT NULL, 
	last_number INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (organization_id, slug), 
	FOREIGN KEY(organization_id) REFERENCES organizations (id)
);
INSERT INTO "registries" VALUES('01a1fc77-34c8-73d9-8634-b079d91d4ddb','01a1fc77-34b9-702b-9f34-e93c71bd8365','one','one','files','First',NULL,NULL,0,'- iss: https://agent.buildkite.com
  scopes:
  - read_packages
','[]',1795237033160,1,1);
INSERT INTO "registries" VALUES('01a1fc77-34cc-75ed-af84-c6a5da17583a','01a1fc77-34b9-702b-9f34-e93c71bd8365','two','two','files',NULL,NULL,NULL,0,NULL,'[]',1795237033164,2,1);
CREATE TABLE registry_tokens (
	id VARCHAR(36) NOT NULL, 
	registry_id VARCHAR(36) NOT NULL, 
	description TEXT NOT NULL, 
	secret_sha256 VARCHAR(64) NOT NULL, 
	created_by_id VARCHAR(36) NOT NULL, 
	created_at BIGINT NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(registry_id) REFERENCES registries (id), 
	FOREIGN KEY(created_by_id) REFERENCES users (id)
);
INSERT INTO "registry_tokens" VALUES('01a1fc77-34ce-7981-b30e-6aa0df6cafdb','01a1fc77-34c8-73d9-8634-b079d91d4ddb','for a test','0cc381cc7d80e7ddfd79f64fd8f65b2751c4ff43bf12e5b0013e92fcd1896c0c','01a1fc77-34b9-743a-908b-a592a05e31e1',1795237033166,1);
CREATE TABLE users (
	id VARCHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (email)
);
INSERT INTO "users" VALUES('01a1fc77-34b9-743a-908b-a592a05e31e1','Emulator','emulator@example.com',1795237033145);
CREATE INDEX ix_registries_number ON registries (number);
CREATE INDEX ix_registry_tokens_registry_id ON registry_tokens (registry_id);
CREATE INDEX ix_registry_tokens_number ON registry_tokens (number);
CREATE INDEX ix_packages_blob_id ON packages (blob_id);
CREATE INDEX packages_by_name ON packages (registry_id, name, number);
COMMIT;
