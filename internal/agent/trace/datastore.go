package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	write "github.com/redx-update/redx/internal/write/datastore"
)

// Bounds of a datastore that is rewritten.
const (
	maxDatastore = 512 << 20 // bytes
	maxHistory   = 20000     // attempts; the oldest go, as the vault has them by then
)

// File is a file of an update: one to be downloaded, or one that was extracted from such a one.
type File struct {
	Name   string
	Path   string // where it is, or is to be
	Size   int64
	SHA1   []byte
	SHA256 []byte
	URLs   []string // where it comes from; of an extracted file, where that comes from which it was in
	// Done tells that it was there whole.
	Done     bool
	Modified time.Time
}

// Known is what the datastore is to know of an update.
type Known struct {
	Update  update.Ref
	Bundled []update.ID // the updates that it is made of, which must be known before
	Files   []File
}

// The values that DownloadStatus is given; what Windows' own are is not published.
const (
	statusNone = 0
	statusDone = 2
)

// Know puts an update and its files into the datastore, in the place of what it knew of this update.
func (k *Keeper) Know(all ...Known) error {
	return k.rewrite(func(s *write.Store) bool {
		for _, u := range all {
			know(s, u)
		}
		return true
	})
}

func know(s *write.Store, u Known) {
	i := slices.IndexFunc(s.Updates, func(o write.Update) bool { return o.UpdateID == u.Update.ID.GUID })
	if i < 0 {
		next := int32(1)
		for _, o := range s.Updates {
			next = max(next, o.IDLocal+1)
		}
		s.Updates = append(s.Updates, write.Update{IDLocal: next, UpdateID: u.Update.ID.GUID})
		i = len(s.Updates) - 1
	}
	row := &s.Updates[i]
	drop(s, row)
	row.Revision, row.KB = int32(u.Update.ID.Revision), strings.TrimPrefix(string(u.Update.KB), "KB")
	row.FileIDs, row.Bundled, row.DownloadSize, row.DownloadStatus = nil, nil, 0, statusDone
	for _, part := range u.Bundled {
		for _, o := range s.Updates {
			if o.UpdateID == part.GUID {
				row.Bundled = append(row.Bundled, o.IDLocal)
			}
		}
	}
	for _, f := range u.Files {
		row.FileIDs = append(row.FileIDs, addFile(s, f))
		row.DownloadSize += f.Size
		if !f.Done {
			row.DownloadStatus = statusNone
		}
	}
}

// drop takes an update's files out that no other update has.
func drop(s *write.Store, row *write.Update) {
	s.Files = slices.DeleteFunc(s.Files, func(f write.File) bool {
		return slices.Contains(row.FileIDs, f.IDLocal) && !slices.ContainsFunc(s.Updates, func(o write.Update) bool {
			return o.IDLocal != row.IDLocal && slices.Contains(o.FileIDs, f.IDLocal)
		})
	})
}

func addFile(s *write.Store, f File) int32 {
	next := int32(1)
	if n := len(s.Files); n > 0 {
		next = s.Files[n-1].IDLocal + 1
	}
	out := write.File{
		IDLocal: next, Size: f.Size, Modified: f.Modified, DownloadStatus: statusNone, Name: f.Name, LocalTargetPath: f.Path, URLs: f.URLs,
	}
	switch { // SHA-1 when it is known, as Windows does
	case f.SHA1 != nil:
		out.Digest, out.DigestAlgorithm = f.SHA1, "SHA1"
	case f.SHA256 != nil:
		out.Digest, out.DigestAlgorithm = f.SHA256, "SHA256"
	}
	if f.Done {
		out.DownloadStatus = statusDone
	}
	s.Files = append(s.Files, out)
	return next
}

// history adds an attempt, and takes note of it in the update's own row.
func (k *Keeper) history(e *Event) error {
	return k.rewrite(func(s *write.Store) bool {
		const status = 1
		row := write.Event{
			Status: status, ServerSelection: datastore.SelectManaged, MappedResult: uint32(e.Code), UnmappedResult: uint32(e.Code),
			UpdateID: e.Update.ID.GUID, Revision: e.Update.ID.Revision, ServerID: k.o.Service, Date: e.At, ClientID: k.o.Client,
			Title: title(e.Update),
		}
		if slices.ContainsFunc(s.History, func(o write.Event) bool { return sameAttempt(o, row) }) {
			return false
		}
		s.History = append(s.History, row)
		if n := len(s.History) - maxHistory; n > 0 {
			s.History = slices.Delete(s.History, 0, n)
		}
		for i := range s.Updates {
			if u := &s.Updates[i]; u.UpdateID == row.UpdateID && e.Code.Failed() {
				u.FailCount, u.LastFailure = u.FailCount+1, uint32(e.Code)
			}
		}
		return true
	})
}

// sameAttempt compares what a row is known by. Its date is kept as a fraction of a day, to about a microsecond.
func sameAttempt(a, b write.Event) bool {
	return a.UpdateID == b.UpdateID && a.Date.Sub(b.Date).Abs() < time.Millisecond/2 && a.MappedResult == b.MappedResult
}

// Damaged says that the datastore cannot be read. It stays as it is.
type Damaged struct {
	Path string
	Code hresult.Code // as Windows Update spells the database engine's errors
	Err  error
}

func (d *Damaged) Error() string { return fmt.Sprintf("%s is damaged: %v (%s)", d.Path, d.Err, d.Code) }

func (d *Damaged) Unwrap() error { return d.Err }

// The database engine's errors for a page with a wrong checksum, and for a database that is none.
const (
	codeReadVerify = 0xc80003fa // JET_errReadVerifyFailure
	codeCorrupted  = 0xc80004b6 // JET_errDatabaseCorrupted
)

// Check reads the datastore whole. *Damaged when it cannot be; a datastore that is not there yet is sound.
func (k *Keeper) Check() error {
	_, _, err := k.read()
	return err
}

// Datastore is the path of the database.
func (k *Keeper) Datastore() string { return k.path("DataStore", "DataStore.edb") }

// rewrite changes the datastore, unless change says that there is nothing to change.
func (k *Keeper) rewrite(change func(*write.Store) bool) error {
	s, pageSize, err := k.read()
	if err != nil {
		return err
	}
	if !change(s) {
		return nil
	}
	opt := write.Options()
	opt.PageSize = pageSize
	b, err := s.Bytes(opt)
	if err != nil {
		return fmt.Errorf("datastore: %w", err)
	}
	return k.replace(k.Datastore(), b)
}

// read gives what the datastore says, and its page size.
func (k *Keeper) read() (s *write.Store, pageSize int, err error) {
	path := k.Datastore()
	b, err := disk.Read(k.disk, path, maxDatastore)
	if errors.Is(err, fs.ErrNotExist) {
		return &write.Store{}, k.o.PageSize, nil
	}
	if err != nil {
		return nil, 0, err
	}
	db, err := datastore.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, 0, &Damaged{Path: path, Code: codeCorrupted, Err: err}
	}
	info := db.Info()
	if len(info.Damage) > 0 {
		return nil, 0, &Damaged{Path: path, Code: codeReadVerify, Err: info.Damage[0]}
	}
	if s, err = rows(db); err != nil {
		return nil, 0, &Damaged{Path: path, Code: codeReadVerify, Err: err}
	}
	return s, info.PageSize, nil
}

// rows takes all rows over for writing them again.
func rows(db *datastore.Store) (*write.Store, error) {
	s := &write.Store{}
	for h, err := range db.History() {
		if err != nil {
			return nil, err
		}
		s.History = append(s.History, historyRow(&h))
	}
	for u, err := range db.Updates() {
		if err = errors.Join(err, u.Join); err != nil {
			return nil, err
		}
		s.Updates = append(s.Updates, updateRow(&u))
	}
	for f, err := range db.Files() {
		if err != nil {
			return nil, err
		}
		s.Files = append(s.Files, fileRow(&f))
	}
	return s, nil
}

func historyRow(h *datastore.History) write.Event {
	return write.Event{
		Status: int32(h.Status), ServerSelection: int32(h.ServerSelection), MappedResult: uint32(h.MappedResult),
		UnmappedResult: uint32(h.UnmappedResult), UpdateID: h.Update.ID.GUID, Revision: h.Update.ID.Revision, ServerID: h.ServerID,
		Date: h.Date, Flags: int32(h.Flags), ClientID: h.Client, Title: h.Update.Title, Description: h.Description,
		SupportURL: h.SupportURL, Categories: h.Categories,
	}
}

func updateRow(u *datastore.Update) write.Update {
	return write.Update{
		IDLocal: int32(u.Local), UpdateID: u.Update.ID.GUID, Revision: int32(u.Update.ID.Revision), FailCount: int32(u.FailCount),
		LastFailure: uint32(u.LastFailure), DownloadStatus: int32(u.DownloadStatus), DownloadSize: u.DownloadSize,
		KB: strings.TrimPrefix(string(u.Update.KB), "KB"), FileIDs: narrow(u.Files), Bundled: narrow(u.Bundled),
	}
}

func fileRow(f *datastore.File) write.File {
	return write.File{
		IDLocal: int32(f.ID), Size: f.Size, Modified: f.Modified, DownloadStatus: int32(f.DownloadStatus), Digest: f.Digest,
		DigestAlgorithm: f.Algorithm, Name: f.Name, LocalTargetPath: f.Path, URLs: f.URLs,
	}
}

func narrow(ids []int64) []int32 {
	var out []int32
	for _, id := range ids {
		out = append(out, int32(id))
	}
	return out
}
