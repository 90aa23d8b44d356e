package bench

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
	writecab "github.com/redx-update/redx/internal/write/cab"
	writestore "github.com/redx-update/redx/internal/write/datastore"
	writeese "github.com/redx-update/redx/internal/write/ese"
	writeetl "github.com/redx-update/redx/internal/write/etl"
	writehive "github.com/redx-update/redx/internal/write/hive"
)

// sound is a small good file of a format.
type sound struct {
	file      []byte
	head      int // bytes that stand once, before a body that can be repeated
	signature int // bytes that make a reader go on
}

func soundFile(t *testing.T, reader string) sound {
	switch reader {
	case "ese":
		return sound{soundESE(t, "tbTest"), 0, 0x100}
	case "bits":
		return sound{soundESE(t, "Jobs", "Files"), 0, 0x100}
	case "datastore":
		return sound{soundDatastore(t), 0, 0x100}
	case "evtx":
		return sound{written(t), 4096, 4096}
	case "etl":
		return sound{soundETL(t), 0, 1024}
	case "hive":
		return sound{soundHive(t), 4096, 512}
	case "cab":
		return sound{soundCab(t), 0, 64}
	case "uso":
		return sound{soundUSO(t), 0, 100}
	case "wer":
		const head = "Version=1\r\nEventType=WindowsWcpOtherFailure3\r\n"
		return sound{[]byte(head + "Sig[0].Name=Status\r\nSig[0].Value=80070002\r\n"), len(head), len(head)}
	}
	lines := TextLines()[reader]
	return sound{[]byte(lines), 0, len(lines)}
}

// soundESE makes tables with the columns of a transfer queue and values that stand outside of their records.
func soundESE(t *testing.T, tables ...string) []byte {
	t.Helper()
	b, err := writeese.Build(writeese.Options{PageSize: 16384, CompressKeys: true}, func(db *writeese.DB) error {
		for _, name := range tables {
			table, err := db.Table(name, []writeese.Column{
				{Name: "Id", Type: writeese.GUID}, {Name: "Blob", Type: writeese.LongBinary}, {Name: "Title", Type: writeese.LongText},
			})
			if err != nil {
				return err
			}
			for i := range 200 {
				row := writeese.Row{"Id": guid.GUID{0: byte(i)}, "Blob": make([]byte, 900*(i%40)), "Title": fmt.Sprint("update ", i)}
				if err := table.Add(row); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func soundDatastore(t *testing.T) []byte {
	t.Helper()
	var s writestore.Store
	for i := range 500 {
		id := guid.GUID{0: byte(i), 1: byte(i >> 8)}
		s.History = append(s.History, writestore.Event{UpdateID: id, Title: "An update", Date: time.Unix(1.7e9, 0).UTC()})
		s.Updates = append(s.Updates, writestore.Update{IDLocal: int32(i), FileIDs: []int32{int32(i)}})
		s.Files = append(s.Files, writestore.File{IDLocal: int32(i), Name: "a.cab", Size: 1 << 20, Digest: make([]byte, 20)})
	}
	b, err := s.Bytes(writestore.Options())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func soundETL(t *testing.T) []byte {
	t.Helper()
	var events []writeetl.Event
	for i := range 500 {
		at := time.Date(2026, 3, 1, 8, 0, i, 0, time.UTC)
		events = append(events, writeetl.Event{Time: at, PID: 4, TID: 8, Component: "Agent", Text: "*FAILED* [80070002] a file"})
	}
	b, err := writeetl.Encode(writeetl.Trace{Start: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}, events)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// soundHive has a head that says that the hive is as long as the input becomes.
func soundHive(t *testing.T) []byte {
	t.Helper()
	root := &writehive.Key{Name: "ROOT"}
	for i := range 600 {
		root.Sub(fmt.Sprintf(`many\k%d`, i)).SZ("text", "hello").Set("big", registry.Binary, make([]byte, 400*(i%50)))
	}
	b, err := writehive.Encode(root, writehive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	binary.LittleEndian.PutUint32(b[40:], peakInput-4096)
	var sum uint32
	for i := 0; i < 508; i += 4 {
		sum ^= binary.LittleEndian.Uint32(b[i:])
	}
	binary.LittleEndian.PutUint32(b[508:], sum)
	return b
}

func soundCab(t *testing.T) []byte {
	t.Helper()
	var files []writecab.File
	for i := range 20 {
		files = append(files, writecab.Bytes(fmt.Sprintf("f%d", i), time.Time{}, bytes.Repeat([]byte(fmt.Sprintln("line", i)), 20000)))
	}
	b, err := writecab.Encode(files, writecab.Options{Method: writecab.LZX, Window: 21})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func soundUSO(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE COMPLETEDUPDATES (UPDATEID TEXT, TIME INTEGER, TITLE TEXT);
		INSERT INTO COMPLETEDUPDATES VALUES ('{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}', 133000000000000000, 'An update')`)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
