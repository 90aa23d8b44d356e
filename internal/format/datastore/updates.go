package datastore

import (
	"encoding/binary"
	"errors"
	"iter"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/format/ese"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/winbin"
)

// Update is one row of tbUpdates: an update that this computer knows of.
type Update struct {
	Place
	Local          int64 // IdLocal, within this datastore
	Update         update.Ref
	LastFailure    hresult.Code // LastInterestingFailure; 0 when none
	FailCount      int64
	DownloadStatus int64 // raw: its values are not verified
	DownloadSize   int64 // bytes
	Type           int64 // UpdateType, raw

	// Files are the ids of the update's files (File.ID); nil when it has none, or when Join says why it failed.
	// UNVERIFIED: the encoding of tbUpdates.IdFileLocal is not published. It is taken as an array of little-endian
	// 32-bit ids, then of 64-bit ids, and accepted only when every id is in tbFiles.
	Files []int64
	Join  error // ErrJoin, wrapped, when IdFileLocal is there and cannot be read

	// Bundled are the Local ids of the updates that this one is made of: the history names a bundle, its parts have
	// the files. UNVERIFIED like Files, and with the same guard: BundledUpdates is taken as an array of 32-bit local
	// ids, then of update ids (GUID and revision), and accepted only when tbUpdates has them all; else it is nil.
	Bundled []int64
}

// ErrJoin is wrapped by Update.Join: the files of an update cannot be told from the datastore.
var ErrJoin = errors.New("join from update to files failed")

// known are the ids that a reference in tbUpdates can lead to.
type known struct {
	files   map[int64]struct{}
	updates map[int64]struct{}
	locals  map[guid.GUID]int64
}

// Updates gives all known updates. It reads the ids of tbFiles and tbUpdates first.
func (s *Store) Updates() iter.Seq2[Update, error] {
	return func(yield func(Update, error) bool) {
		k := known{files: s.ids(tableFiles, "IdFileLocal"), updates: s.ids(tableUpdates, "IdLocal"), locals: s.locals()}
		read := func(r ese.Row) (Update, error) { return readUpdate(r, &k) }
		rows(s.live(tableUpdates), read)(yield)
	}
}

// ids gives the values of a table's key column.
func (s *Store) ids(table, column string) map[int64]struct{} {
	ids := make(map[int64]struct{})
	for row, err := range s.live(table) {
		if id, ok := row.Int(column); ok && err == nil {
			ids[id] = struct{}{}
		}
	}
	return ids
}

// locals gives the local id of each update.
func (s *Store) locals() map[guid.GUID]int64 {
	locals := make(map[guid.GUID]int64)
	for row, err := range s.live(tableUpdates) {
		local, ok := row.Int("IdLocal")
		if id, bad := updateID(row, "UpdateId"); ok && err == nil && bad == nil {
			locals[id.GUID] = local
		}
	}
	return locals
}

func readUpdate(r ese.Row, k *known) (Update, error) {
	u := Update{
		Place: Place{r.Page, r.Number}, Local: num(r, "IdLocal"), FailCount: num(r, "FailCount"),
		LastFailure: hresult.Code(num(r, "LastInterestingFailure")), DownloadStatus: num(r, "DownloadStatus"),
		DownloadSize: num(r, "DownloadSize"), Type: num(r, "UpdateType"),
	}
	id, err := updateID(r, "UpdateId")
	if v, ok := r.Int("RevisionNumber"); ok && id.Revision == 0 {
		id.Revision = uint32(v)
	}
	u.Update.ID = id
	u.Update.KB = articleKB(r)
	u.Files, u.Join = join(r, k.files)
	u.Bundled = bundled(r, k)
	return u, err
}

// articleKB takes the first article of KBArticleIds, whatever that column's type is.
func articleKB(r ese.Row) update.KB {
	s := text(r, "KBArticleIds")
	if b, ok := r.Bytes("KBArticleIds"); ok && s == "" {
		s = winbin.UTF16Z(b)
	}
	if kb, ok := update.ParseKB(s); ok {
		return kb
	}
	return update.FindKB(s)
}

// join tries the plausible encodings of IdFileLocal and takes the first whose ids all exist.
func join(r ese.Row, known map[int64]struct{}) ([]int64, error) {
	if v, ok := r.Int("IdFileLocal"); ok {
		if _, exists := known[v]; exists {
			return []int64{v}, nil
		}
	}
	b, ok := r.Bytes("IdFileLocal")
	if !ok || len(b) == 0 {
		return nil, nil
	}
	for _, width := range []int{4, 8} {
		if ids := array(b, width, known); ids != nil {
			return ids, nil
		}
	}
	return nil, &format.Error{Offset: r.Offset(), What: "tbUpdates.IdFileLocal", Err: ErrJoin}
}

func array(b []byte, width int, known map[int64]struct{}) []int64 {
	if len(b)%width != 0 {
		return nil
	}
	var ids []int64
	for ; len(b) > 0; b = b[width:] {
		id := int64(int32(binary.LittleEndian.Uint32(b)))
		if width == 8 {
			id = int64(binary.LittleEndian.Uint64(b))
		}
		if _, exists := known[id]; !exists {
			return nil
		}
		ids = append(ids, id)
	}
	return ids
}

// bundled tries the plausible encodings of BundledUpdates.
func bundled(r ese.Row, k *known) []int64 {
	b, ok := r.Bytes("BundledUpdates")
	if !ok || len(b) == 0 {
		return nil
	}
	if ids := array(b, 4, k.updates); ids != nil {
		return ids
	}
	const width = 20 // GUID and revision, as in tbHistory.UpdateId
	if len(b)%width != 0 {
		return nil
	}
	var ids []int64
	for ; len(b) > 0; b = b[width:] {
		local, ok := k.locals[guid.FromLE(b)]
		if !ok {
			return nil
		}
		ids = append(ids, local)
	}
	return ids
}
