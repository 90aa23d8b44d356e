// Package vault keeps the update history where no reset of Windows Update reaches it: history.db in redx's own folder,
// a SQLite database of accounts. An account is what one place, such as the datastore, says of one attempt; the history
// is made of accounts anew each time, so what is kept merges with what Windows still has.
//
// It decides nothing and shows nothing: gather reads it as one place among the others, history merges.
//
// Invariant: what was kept once is never changed and never lost. Save only adds accounts, and fills what an account
// lacked; it is over when the disk has it. A file that is damaged, or no vault, is put aside under a new name, never
// overwritten; one of a newer redx is not written to.
package vault

import "errors"

// Name is the vault's file, Folder the folder of the system drive that it stands in.
const (
	Name   = "history.db"
	Folder = `\ProgramData\redx`
)

// ErrNewer tells a vault of a newer redx, of which this one could lose what it does not know.
var ErrNewer = errors.New("made by a newer redx")

// The marks of a vault in SQLite's own header: "redx", and the version of the table below. Columns are only added.
const (
	application = 0x72656478
	version     = 1
)

// schema makes an empty vault. Times are as evidence.FormatTime gives them, UTC or local by their form; ident is the
// digest of evidence.Account's Ident.
const schema = `CREATE TABLE account (
	id        INTEGER PRIMARY KEY,
	ident     BLOB NOT NULL,
	nth       INTEGER NOT NULL,
	path      TEXT NOT NULL,
	line      INTEGER NOT NULL,
	record    INTEGER NOT NULL,
	time      TEXT NOT NULL,
	update_id TEXT NOT NULL,
	revision  INTEGER NOT NULL,
	kb        TEXT NOT NULL,
	title     TEXT NOT NULL,
	operation TEXT NOT NULL,
	phase     TEXT NOT NULL,
	result    TEXT NOT NULL,
	code      INTEGER NOT NULL,
	text      TEXT NOT NULL,
	saved     TEXT NOT NULL,
	UNIQUE (ident, nth)
) STRICT`
