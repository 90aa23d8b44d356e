// Package datastore writes a DataStore.edb, Windows Update's database, for lab images, fixtures and the folder of redx's
// own agent: the update history, the updates, and their files.
//
// It is not for a real PC's SoftwareDistribution folder, and no real DataStore.edb was at hand to compare with. Tables,
// columns and their ids are the published ones (libyal's esedb-kb); where those have gaps, columns named UnknownN
// fill them. Four encodings are assumptions: tbUpdates.IdFileLocal and BundledUpdates as arrays of 32-bit ids, tbFiles.Urls as one
// text with a line for each, and the values of DownloadStatus.
package datastore

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/write/ese"
)

// Store is what a DataStore.edb is to say.
type Store struct {
	History []Event
	Updates []Update
	Files   []File
	Jobs    []Job
}

// Event is a row of tbHistory: one line of "Review your update history".
type Event struct {
	Status          int32 // 1 or 2; what it means is disputed, readers decide on the results
	ServerSelection int32 // as the API counts: 0 default, 1 managed, 2 Windows Update, 3 others; stored plus 1
	MappedResult    uint32
	UnmappedResult  uint32
	UpdateID        guid.GUID
	Revision        uint32
	ServerID        guid.GUID
	Date            time.Time
	Flags           int32
	ClientID        string
	Title           string
	Description     string
	SupportURL      string
	Categories      string
}

// Update is a row of tbUpdates.
type Update struct {
	IDLocal        int32
	UpdateID       guid.GUID
	Revision       int32
	FailCount      int32
	LastFailure    uint32 // LastInterestingFailure
	DownloadStatus int32
	DownloadSize   int64
	KB             string // "5034441", in KBArticleIds
	FileIDs        []int32
	Bundled        []int32 // local ids of the updates it is made of
}

// File is a row of tbFiles.
type File struct {
	IDLocal         int32
	Size            int64
	Modified        time.Time
	DownloadStatus  int32
	Digest          []byte
	DigestAlgorithm string // "SHA1" or "SHA256"
	Name            string
	LocalTargetPath string
	URLs            []string
}

// Job is a row of tbDownloadJob.
type Job struct {
	BITSJobID     guid.GUID
	LocalUpdateID int32
	Size          int64
	ServerID      guid.GUID
	UserID        string
}

// Options are those of a Windows 10 DataStore.edb: 8 KB pages would be an older Windows.
func Options() ese.Options { return ese.Options{PageSize: 32768, CompressKeys: true} }

// Write writes the database to w, which must be empty. The same store gives the same bytes.
func (s *Store) Write(w io.WriterAt, opt ese.Options) error {
	db, err := ese.Create(w, opt)
	if err != nil {
		return err
	}
	if err := s.fill(db); err != nil {
		return err
	}
	return db.Close()
}

// Bytes is Write in memory.
func (s *Store) Bytes(opt ese.Options) ([]byte, error) { return ese.Build(opt, s.fill) }

func (s *Store) fill(db *ese.DB) error {
	for _, t := range []struct {
		name    string
		columns []ese.Column
		rows    []ese.Row
	}{
		{"tbHistory", historyColumns(), rows(s.History, Event.row)},
		{"tbUpdates", updateColumns(), rows(s.Updates, Update.row)},
		{"tbFiles", fileColumns(), rows(s.Files, File.row)},
		{"tbDownloadJob", jobColumns(), rows(s.Jobs, Job.row)},
	} {
		table, err := db.Table(t.name, t.columns)
		if err != nil {
			return fmt.Errorf("write %s: %w", t.name, err)
		}
		for i, row := range t.rows {
			if t.name == "tbHistory" {
				row["IdEvent"] = i + 1
			}
			if err := table.Add(row); err != nil {
				return err
			}
		}
	}
	return nil
}

func rows[T any](in []T, row func(T) ese.Row) []ese.Row {
	out := make([]ese.Row, 0, len(in))
	for _, v := range in {
		out = append(out, row(v))
	}
	return out
}

// AddHistory adds a tbHistory and its events one by one, for databases too large to hold as a Store.
func AddHistory(db *ese.DB, events func(yield func(Event) bool)) error {
	table, err := db.Table("tbHistory", historyColumns())
	if err != nil {
		return err
	}
	id := 0
	for e := range events {
		id++
		row := e.row()
		row["IdEvent"] = id
		if err := table.Add(row); err != nil {
			return err
		}
	}
	return nil
}

func (e Event) row() ese.Row {
	return ese.Row{
		"Status": e.Status, "ServerSelection": e.ServerSelection + 1,
		"MappedResult": e.MappedResult, "UnmappedResult": e.UnmappedResult,
		"UpdateId": binary.LittleEndian.AppendUint32(e.UpdateID.LE(), e.Revision), "ServerId": e.ServerID,
		"Date": e.Date, "Flags": e.Flags, "ClientId": text(e.ClientID), "Title": text(e.Title),
		"Description": text(e.Description), "SupportUrl": text(e.SupportURL), "Categories": text(e.Categories),
	}
}

func (u Update) row() ese.Row {
	row := ese.Row{
		"IdLocal": u.IDLocal, "UpdateId": u.UpdateID, "RevisionNumber": u.Revision, "FailCount": u.FailCount,
		"LastInterestingFailure": u.LastFailure, "DownloadStatus": u.DownloadStatus, "DownloadSize": u.DownloadSize,
		"KBArticleIds": text(u.KB),
	}
	for column, ids := range map[string][]int32{"IdFileLocal": u.FileIDs, "BundledUpdates": u.Bundled} {
		var b []byte
		for _, id := range ids {
			b = binary.LittleEndian.AppendUint32(b, uint32(id))
		}
		if b != nil {
			row[column] = b
		}
	}
	return row
}

func (f File) row() ese.Row {
	row := ese.Row{
		"IdFileLocal": f.IDLocal, "Size": f.Size, "RefCount": 1, "DownloadStatus": f.DownloadStatus, "PatchingType": 0,
		"DigestAlgorithm": text(f.DigestAlgorithm), "Name": text(f.Name), "LocalTargetPath": text(f.LocalTargetPath),
		"Urls": text(strings.Join(f.URLs, "\n")),
	}
	if !f.Modified.IsZero() {
		row["Modified"] = binary.LittleEndian.AppendUint64(nil, winbin.PutFiletime(f.Modified))
	}
	if f.Digest != nil {
		row["Digest"] = f.Digest
	}
	return row
}

func (j Job) row() ese.Row {
	return ese.Row{
		"BITSJobId": j.BITSJobID, "LocalUpdateId": j.LocalUpdateID, "DownloadSize": j.Size, "IdServer": j.ServerID,
		"IdUser": text(j.UserID),
	}
}

// text leaves an empty text out: the column is then null, as in a real row.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}
