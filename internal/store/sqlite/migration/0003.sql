-- Which computer has sent which finding within the last day, and what computers are not to mend by themselves. A row that
-- is not paused tells since when it was resumed.
CREATE TABLE told (
	finding TEXT NOT NULL, computer TEXT NOT NULL REFERENCES computers (id) ON DELETE CASCADE, time INTEGER NOT NULL,
	PRIMARY KEY (finding, computer)
) WITHOUT ROWID;
CREATE INDEX told_by_time ON told (time);
CREATE TABLE healing (what TEXT PRIMARY KEY, paused INTEGER NOT NULL, since INTEGER NOT NULL, why TEXT NOT NULL) WITHOUT ROWID;
