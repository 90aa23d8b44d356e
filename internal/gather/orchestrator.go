package gather

import (
	"io"
	"os"
	"path/filepath"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/uso"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// maxStore bounds the update orchestrator's store, which is copied out of the image: SQLite reads files by path, and
// an image may be a raw disk or an archive.
const maxStore = 256 << 20

// readOrchestrator reads the update orchestrator's store of completed updates. Any other SQLite database is passed
// over.
func readOrchestrator(in *input) error {
	dir, err := os.MkdirTemp("", "redx-store-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, "store.db")
	if err := copyOut(in, in.path, copied); err != nil {
		return err
	}
	// Rows that Windows has not yet moved into the database itself stand in its write-ahead log.
	if _, err := in.img.FS().Stat(in.path + "-wal"); err == nil {
		if err := copyOut(in, in.path+"-wal", copied+"-wal"); err != nil {
			return err
		}
	}
	updates, err := uso.Updates(in.ctx, copied)
	for i := range updates {
		in.completed(&updates[i])
	}
	if notThis(err) && !mustBeKnown(in.path) {
		return nil
	}
	return err
}

func (in *input) completed(u *uso.Update) {
	a := attemptFields{update.Install, evidence.PhaseInstall, update.Succeeded}
	if u.Uninstall {
		a.operation = update.Uninstall
	}
	ref := update.Ref{KB: update.FindKB(u.Title), Title: u.Title}
	if id, err := guid.Parse(u.UpdateID[:min(len(u.UpdateID), 36)]); err == nil {
		ref.ID.GUID = id
	}
	in.out.Add(evidence.Event{
		Kind: evidence.Attempt, Source: in.record(uint64(u.Row)), Time: u.Time, Update: ref, Fields: a.fields(),
		Text: "the update orchestrator has completed " + u.Title,
	})
}

func copyOut(in *input, from, to string) (err error) {
	f, err := in.img.FS().Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	if f.Size() > maxStore {
		return errTooLarge
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, &cancelReader{ctx: in.ctx, r: f})
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}
