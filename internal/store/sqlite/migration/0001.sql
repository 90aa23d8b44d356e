-- Times are milliseconds since 1970 in UTC, 0 for none. GUIDs and digests are bytes.
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE computers (
	id TEXT PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, address TEXT NOT NULL, asks_for TEXT NOT NULL,
	member_of TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
	last_sync INTEGER NOT NULL DEFAULT 0, last_report INTEGER NOT NULL DEFAULT 0,
	details TEXT NOT NULL DEFAULT '', installed BLOB
);
CREATE INDEX computers_by_name ON computers (name);

CREATE TABLE names (
	computer TEXT NOT NULL REFERENCES computers (id) ON DELETE CASCADE,
	name TEXT NOT NULL COLLATE NOCASE, last INTEGER NOT NULL, returned INTEGER NOT NULL,
	PRIMARY KEY (computer, name)
) WITHOUT ROWID;

CREATE TABLE groups (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE, parent INTEGER NOT NULL);
INSERT INTO groups (id, name, parent) VALUES (1, 'All Computers', 0), (2, 'Unassigned Computers', 1);

-- AUTOINCREMENT: a number is never given twice, even when its row is gone.
CREATE TABLE revisions (
	id INTEGER PRIMARY KEY AUTOINCREMENT, guid BLOB NOT NULL, number INTEGER NOT NULL, arrived INTEGER NOT NULL,
	rules TEXT NOT NULL, info TEXT NOT NULL, core TEXT NOT NULL,
	UNIQUE (guid, number)
);

CREATE INDEX revisions_by_arrival ON revisions (arrived);

-- Deflated. The document is empty for what came in fragments.
CREATE TABLE documents (revision INTEGER PRIMARY KEY REFERENCES revisions (id), document BLOB, fragments BLOB NOT NULL);

CREATE TABLE approvals (
	id INTEGER PRIMARY KEY AUTOINCREMENT, guid BLOB NOT NULL, target INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
	choice TEXT NOT NULL, deadline INTEGER NOT NULL, changed INTEGER NOT NULL,
	UNIQUE (guid, target)
);
CREATE TABLE declined (guid BLOB PRIMARY KEY, changed INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE files (
	sha1 BLOB PRIMARY KEY, sha256 BLOB NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,
	condition TEXT NOT NULL, problem TEXT NOT NULL DEFAULT '', since INTEGER NOT NULL, checked INTEGER NOT NULL DEFAULT 0,
	stamp TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE events (
	computer TEXT NOT NULL REFERENCES computers (id) ON DELETE CASCADE, instance BLOB NOT NULL,
	time INTEGER NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (computer, instance)
) WITHOUT ROWID;
CREATE INDEX events_by_time ON events (computer, time);

CREATE TABLE states (
	computer TEXT NOT NULL REFERENCES computers (id) ON DELETE CASCADE, guid BLOB NOT NULL,
	standing TEXT NOT NULL, code INTEGER NOT NULL, time INTEGER NOT NULL,
	PRIMARY KEY (computer, guid)
) WITHOUT ROWID;

CREATE TABLE findings (
	id INTEGER PRIMARY KEY AUTOINCREMENT, computer TEXT NOT NULL REFERENCES computers (id) ON DELETE CASCADE,
	time INTEGER NOT NULL, json BLOB NOT NULL
);
CREATE INDEX findings_by_computer ON findings (computer, id);
