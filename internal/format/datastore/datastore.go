// Package datastore reads Windows Update's own database, SoftwareDistribution\DataStore\DataStore.edb: its history,
// the updates it knows, and the files it has downloaded or is to download.
//
// It does not judge: whether an attempt succeeded is for its caller to decide, on MappedResult and UnmappedResult.
// No real DataStore.edb was at hand. Names of tables and columns are those of libyal's esedb-kb, dissect.target and
// artemis. Columns are found by name in the database's own catalog, never by id; a missing one leaves its field empty
// and a missing table has no rows. What stays unverified: which files belong to an update (see Updates), and the
// meaning of Status, DownloadStatus and DigestAlgorithm.
package datastore

import (
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

// Store is an open DataStore.edb.
type Store struct{ db *ese.DB }

// Open reads a datastore. A database that has none of its tables gives format.ErrNotThis.
func Open(r io.ReaderAt, size int64) (*Store, error) {
	db, err := ese.Open(r, size)
	if err != nil {
		return nil, fmt.Errorf("datastore: %w", err)
	}
	for _, name := range []string{tableHistory, tableUpdates, tableFiles} {
		if _, err := db.Table(name); err == nil {
			return &Store{db: db}, nil
		}
	}
	return nil, fmt.Errorf("datastore: no table of Windows Update: %w", format.ErrNotThis)
}

const (
	tableHistory = "tbHistory"
	tableUpdates = "tbUpdates"
	tableFiles   = "tbFiles"
)

// Info gives the state of the database and its damage.
func (s *Store) Info() ese.Info { return s.db.Info() }

// Place says where in the database a record stands.
type Place struct {
	Page   uint32
	Record int // 1-based, in the order of the table
}

// History is one row of tbHistory: an attempt to install or to uninstall an update.
type History struct {
	Place
	Event           int64
	Date            time.Time // UTC; zero when not known
	Update          update.Ref
	Status          int64 // raw: two readers disagree on it
	MappedResult    hresult.Code
	UnmappedResult  hresult.Code
	HasResult       bool // false when both results are null
	ServerSelection int64
	ServerID        guid.GUID
	Flags           int64
	Client          string // the program that asked, such as "UpdateOrchestrator"
	Description     string
	SupportURL      string
	UninstallNotes  string
	UninstallSteps  string
	Categories      string
	MoreInfoURL     string
}

// The values of History.ServerSelection, as in ServerSelection of the update agent's API.
const (
	SelectDefault       = 0
	SelectManaged       = 1
	SelectWindowsUpdate = 2
	SelectOthers        = 3
)

// History gives the attempts in the order in which they were written. It reads the pages of tbHistory alone.
func (s *Store) History() iter.Seq2[History, error] { return rows(s.live(tableHistory), readHistory) }

// DeletedHistory carves attempts that were removed; see ese.Table.Deleted. It reads the whole file.
func (s *Store) DeletedHistory() iter.Seq2[History, error] {
	return rows(s.deleted(tableHistory), readHistory)
}

func readHistory(r ese.Row) (History, error) {
	h := History{
		Place: Place{r.Page, r.Number}, Event: num(r, "IdEvent"), Status: num(r, "Status"), Flags: num(r, "Flags"),
		Client: text(r, "ClientId"), Description: text(r, "Description"), SupportURL: text(r, "SupportUrl"),
		UninstallNotes: text(r, "UninstallNotes"), UninstallSteps: text(r, "UninstallSteps"),
		Categories: text(r, "Categories"), MoreInfoURL: text(r, "MoreInfoUrl"),
	}
	h.Date, _ = r.Time("Date")
	h.ServerID, _ = r.GUID("ServerId")
	if v, ok := r.Int("ServerSelection"); ok {
		h.ServerSelection = v - 1 // stored one higher, by both readers
	}
	mapped, hasMapped := r.Int("MappedResult")
	unmapped, hasUnmapped := r.Int("UnmappedResult")
	h.MappedResult, h.UnmappedResult = hresult.Code(mapped), hresult.Code(unmapped)
	h.HasResult = hasMapped || hasUnmapped
	h.Update.Title = text(r, "Title")
	h.Update.KB = update.FindKB(h.Update.Title)
	id, err := updateID(r, "UpdateId")
	h.Update.ID = id
	return h, err
}
