-- The console: who may log in.
CREATE TABLE accounts (name TEXT PRIMARY KEY COLLATE NOCASE, password TEXT NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (digest BLOB PRIMARY KEY, purpose TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
	digest BLOB PRIMARY KEY, account TEXT COLLATE NOCASE REFERENCES accounts (name) ON DELETE CASCADE,
	began INTEGER NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account);

-- Events by their update. ended: when an attempt ended, by the clock that is behind, the computer's or the server's.
ALTER TABLE events ADD COLUMN guid BLOB;
ALTER TABLE events ADD COLUMN ended INTEGER;
ALTER TABLE events ADD COLUMN failed INTEGER NOT NULL DEFAULT 0;
UPDATE events SET guid = unhex(replace(json_extract(body, '$.update.GUID'), '-', ''))
	WHERE json_extract(body, '$.update.GUID') <> '00000000-0000-0000-0000-000000000000';
UPDATE events SET ended = time, failed = json_extract(body, '$.event_id') IN
	(161, 182, 187, 192, 195, 198, 200, 203, 204, 522, 525, 221, 225, 541, 545)
	WHERE guid IS NOT NULL AND json_extract(body, '$.event_id') IN
	(161, 162, 163, 164, 182, 183, 184, 186, 187, 190, 191, 192, 195, 197, 198, 199, 200, 203, 204, 221, 222, 223, 224, 225,
	522, 523, 524, 525, 541, 542, 543, 544, 545);
CREATE INDEX events_ended ON events (computer, guid, ended) WHERE ended IS NOT NULL;
CREATE INDEX events_failed ON events (ended) WHERE failed = 1;

-- How many updates stand how on a computer, and on how many computers an update stands how: kept by triggers, so that no
-- page counts the states.
CREATE TABLE tallies (
	computer TEXT PRIMARY KEY REFERENCES computers (id) ON DELETE CASCADE,
	failed INTEGER NOT NULL, needed INTEGER NOT NULL, restart INTEGER NOT NULL, installed INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE standings (standing TEXT NOT NULL, guid BLOB NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (guid, standing)) WITHOUT ROWID;
CREATE INDEX standings_by_standing ON standings (standing, n);
CREATE INDEX states_failed ON states (guid, time, code) WHERE standing = 'failed';

INSERT INTO tallies SELECT computer, sum(standing = 'failed'), sum(standing IN ('needed', 'downloaded')),
	sum(standing = 'restart-due'), sum(standing = 'installed') FROM states GROUP BY computer;
INSERT INTO standings SELECT standing, guid, count(*) FROM states GROUP BY guid, standing;

CREATE TRIGGER states_come AFTER INSERT ON states BEGIN
	INSERT INTO tallies VALUES (NEW.computer, NEW.standing = 'failed', NEW.standing IN ('needed', 'downloaded'),
		NEW.standing = 'restart-due', NEW.standing = 'installed')
		ON CONFLICT (computer) DO UPDATE SET failed = failed + excluded.failed, needed = needed + excluded.needed,
		restart = restart + excluded.restart, installed = installed + excluded.installed;
	INSERT INTO standings VALUES (NEW.standing, NEW.guid, 1) ON CONFLICT (guid, standing) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER states_go AFTER DELETE ON states BEGIN
	UPDATE tallies SET failed = failed - (OLD.standing = 'failed'), needed = needed - (OLD.standing IN ('needed', 'downloaded')),
		restart = restart - (OLD.standing = 'restart-due'), installed = installed - (OLD.standing = 'installed')
		WHERE computer = OLD.computer;
	UPDATE standings SET n = n - 1 WHERE guid = OLD.guid AND standing = OLD.standing;
END;
CREATE TRIGGER states_turn AFTER UPDATE OF standing ON states WHEN OLD.standing <> NEW.standing BEGIN
	UPDATE tallies SET failed = failed + (NEW.standing = 'failed') - (OLD.standing = 'failed'),
		needed = needed + (NEW.standing IN ('needed', 'downloaded')) - (OLD.standing IN ('needed', 'downloaded')),
		restart = restart + (NEW.standing = 'restart-due') - (OLD.standing = 'restart-due'),
		installed = installed + (NEW.standing = 'installed') - (OLD.standing = 'installed')
		WHERE computer = NEW.computer;
	UPDATE standings SET n = n - 1 WHERE guid = OLD.guid AND standing = OLD.standing;
	INSERT INTO standings VALUES (NEW.standing, NEW.guid, 1) ON CONFLICT (guid, standing) DO UPDATE SET n = n + 1;
END;

-- What the last diagnosis of each computer found.
CREATE TABLE causes (
	computer TEXT NOT NULL REFERENCES computers (id) ON DELETE CASCADE, cause TEXT NOT NULL, check_name TEXT NOT NULL,
	title TEXT NOT NULL, kb TEXT NOT NULL, guid BLOB, missing TEXT NOT NULL, time INTEGER NOT NULL,
	PRIMARY KEY (computer, cause)
) WITHOUT ROWID;
CREATE INDEX causes_by_cause ON causes (cause, time);

-- Lists of computers walk along these and look at no computer's inventory.
DROP INDEX computers_by_name;
CREATE INDEX computers_by_name ON computers (name, id);
CREATE INDEX computers_by_seen ON computers (last_seen);
