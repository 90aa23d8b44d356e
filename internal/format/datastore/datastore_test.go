package datastore

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	writestore "github.com/redx-update/redx/internal/write/datastore"
	write "github.com/redx-update/redx/internal/write/ese"
)

var (
	updateGUID = guid.MustParse("8b24b027-1dee-babb-9a95-3517dfb9c552")
	serverGUID = guid.MustParse("9482f4b4-e343-43b6-b170-9a65bc822c77")
	when       = time.Date(2024, 1, 9, 18, 4, 5, 0, time.UTC)
	digest1    = bytes.Repeat([]byte{0xab}, 20)
	digest256  = bytes.Repeat([]byte{0xcd}, 32)
)

func identity(revision uint32) []byte {
	return binary.LittleEndian.AppendUint32(updateGUID.LE(), revision)
}

// fixture lays the columns out as esedb-kb does, but for tbUpdates, whose ids differ: they must not matter.
func fixture(t testing.TB, opt write.Options) []byte {
	t.Helper()
	b, err := write.Build(opt, func(db *write.DB) error {
		return errors.Join(writeHistory(db), writeFiles(db), writeUpdates(db))
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeHistory(db *write.DB) error {
	table, err := db.Table("tbHistory", []write.Column{
		{Name: "IdEvent", Type: write.Long},
		{Name: "Status", Type: write.Long},
		{Name: "ServerSelection", Type: write.Long},
		{Name: "MappedResult", Type: write.Long},
		{Name: "UnmappedResult", Type: write.Long},
		{Name: "UpdateId", Type: write.Binary, ID: 128},
		{Name: "ServerId", Type: write.Binary, ID: 129},
		{Name: "Date", Type: write.DateTime},
		{Name: "ClientId", Type: write.LongText},
		{Name: "Title", Type: write.LongText, Compress: write.XPRESS},
	})
	if err != nil {
		return err
	}
	row := write.Row{
		"IdEvent": 5, "Status": 2, "ServerSelection": 3, "MappedResult": -2147024894, "UnmappedResult": -2147024894,
		"UpdateId": identity(201), "ServerId": serverGUID.LE(), "Date": when, "ClientId": "UpdateOrchestrator",
		"Title": "2024-01 Cumulative Update for Windows 11 (KB5034123)",
	}
	deleted := write.Row{"IdEvent": 6, "Status": 1, "Title": "gone"}
	return errors.Join(table.Add(row), table.AddDeleted(deleted), table.Add(write.Row{"IdEvent": 7}),
		table.Add(write.Row{"IdEvent": 8, "UpdateId": []byte{1, 2, 3}}))
}

func writeFiles(db *write.DB) error {
	table, err := db.Table("tbFiles", []write.Column{
		{Name: "IdFileLocal", Type: write.Long},
		{Name: "Size", Type: write.LongLong},
		{Name: "Digest", Type: write.Binary, ID: 128},
		{Name: "DigestAlgorithm", Type: write.Text, ID: 129},
		{Name: "Name", Type: write.LongText},
		{Name: "LocalTargetPath", Type: write.LongText},
		{Name: "Urls", Type: write.LongText},
	})
	if err != nil {
		return err
	}
	return errors.Join(
		table.Add(write.Row{
			"IdFileLocal": 11, "Size": int64(5_000_000_000), "Digest": digest1, "DigestAlgorithm": "SHA1",
			"Name": "a.cab", "LocalTargetPath": `C:\Windows\SoftwareDistribution\Download\a.cab`,
			"Urls": "http://one/a.cab\x00http://two/a.cab",
		}),
		table.Add(write.Row{"IdFileLocal": 12, "Digest": digest256, "DigestAlgorithm": "SHA256", "Name": "b.psf"}),
	)
}

func writeUpdates(db *write.DB) error {
	table, err := db.Table("tbUpdates", []write.Column{
		{Name: "LastInterestingFailure", Type: write.Long},
		{Name: "IdLocal", Type: write.Long},
		{Name: "RevisionNumber", Type: write.Long},
		{Name: "UpdateId", Type: write.Binary, ID: 128},
		{Name: "IdFileLocal", Type: write.LongBinary, ID: 270},
		{Name: "KBArticleIds", Type: write.LongText, ID: 271},
	})
	if err != nil {
		return err
	}
	id32 := []byte{11, 0, 0, 0, 12, 0, 0, 0}
	id64 := []byte{12, 0, 0, 0, 0, 0, 0, 0}
	base := func(local int, ids []byte) write.Row {
		return write.Row{
			"LastInterestingFailure": -2147024894, "IdLocal": local, "RevisionNumber": 201,
			"UpdateId": updateGUID.LE(), "IdFileLocal": ids, "KBArticleIds": "5034123",
		}
	}
	return errors.Join(table.Add(base(1, id32)), table.Add(base(2, id64)), table.Add(base(3, []byte{99, 0, 0, 0})),
		table.Add(write.Row{"IdLocal": 4}))
}

func store(t *testing.T) *Store {
	t.Helper()
	b := fixture(t, write.Options{PageSize: 8192})
	s, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var noPlace = cmpopts.IgnoreFields(Place{}, "Page")

func TestHistory(t *testing.T) {
	want := []History{
		{
			Place: Place{Record: 1}, Event: 5, Date: when, Status: 2, MappedResult: hresult.FileNotFound,
			UnmappedResult: hresult.FileNotFound, HasResult: true, ServerSelection: SelectWindowsUpdate,
			ServerID: serverGUID, Client: "UpdateOrchestrator",
			Update: update.Ref{
				ID: update.ID{GUID: updateGUID, Revision: 201}, KB: "KB5034123",
				Title: "2024-01 Cumulative Update for Windows 11 (KB5034123)",
			},
		},
		{Place: Place{Record: 2}, Event: 7},
		{Place: Place{Record: 3}, Event: 8},
	}
	var got []History
	var errs []string
	for h, err := range store(t).History() {
		if err != nil {
			errs = append(errs, err.Error())
		}
		got = append(got, h)
	}
	if diff := cmp.Diff(want, got, noPlace); diff != "" {
		t.Error(diff)
	}
	if len(errs) != 1 || !strings.Contains(errs[0], "record 3: UpdateId has 3 bytes") {
		t.Errorf("errors %q", errs)
	}
}

func TestDeletedHistory(t *testing.T) {
	var got []string
	for h, err := range store(t).DeletedHistory() {
		if err != nil {
			t.Error(err)
		}
		got = append(got, h.Update.Title)
	}
	if !cmp.Equal(got, []string{"gone"}) {
		t.Errorf("carved %q", got)
	}
}

func TestFiles(t *testing.T) {
	want := []File{
		{
			Place: Place{Record: 1}, ID: 11, Name: "a.cab", Path: `C:\Windows\SoftwareDistribution\Download\a.cab`,
			URLs: []string{"http://one/a.cab", "http://two/a.cab"}, Size: 5_000_000_000, Digest: digest1,
			SHA1: hex.EncodeToString(digest1), Algorithm: "SHA1",
		},
		{
			Place: Place{Record: 2}, ID: 12, Name: "b.psf", Digest: digest256,
			SHA256: hex.EncodeToString(digest256), Algorithm: "SHA256",
		},
	}
	var got []File
	for f, err := range store(t).Files() {
		if err != nil {
			t.Error(err)
		}
		got = append(got, f)
	}
	if diff := cmp.Diff(want, got, noPlace); diff != "" {
		t.Error(diff)
	}
}

func TestJoinIsTakenOnlyWhenEveryFileExists(t *testing.T) {
	wantFiles := map[int64][]int64{1: {11, 12}, 2: {12}, 3: nil, 4: nil}
	for u, err := range store(t).Updates() {
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(wantFiles[u.Local], u.Files); diff != "" {
			t.Errorf("update %d: %s", u.Local, diff)
		}
		if got := errors.Is(u.Join, ErrJoin); got != (u.Local == 3) {
			t.Errorf("update %d: join says %v", u.Local, u.Join)
		}
		if u.Local < 4 && (u.Update.KB != "KB5034123" || u.Update.ID.Revision != 201 || u.LastFailure != hresult.FileNotFound) {
			t.Errorf("update %d is %+v", u.Local, u)
		}
		delete(wantFiles, u.Local)
	}
	if len(wantFiles) != 0 {
		t.Errorf("updates %v are missing", wantFiles)
	}
}

func TestNotADatastore(t *testing.T) {
	b, err := write.Build(write.Options{}, func(db *write.DB) error {
		_, err := db.Table("other", []write.Column{{Name: "Id", Type: write.Long}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, format.ErrNotThis) {
		t.Errorf("got %v, want ErrNotThis", err)
	}
}

func TestBundles(t *testing.T) {
	parent, part := guid.MustParse("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), guid.MustParse("0f0bb0c5-2f6d-4a35-9b53-1c1b8f2d4e18")
	for name, tt := range map[string]struct {
		bundled []int32
		want    []int64
	}{
		"a known part":    {[]int32{18}, []int64{18}},
		"an unknown part": {[]int32{18, 99}, nil},
		"none":            {nil, nil},
	} {
		made := writestore.Store{Updates: []writestore.Update{
			{IDLocal: 17, UpdateID: parent, Revision: 200, Bundled: tt.bundled}, {IDLocal: 18, UpdateID: part, Revision: 200},
		}}
		data, err := made.Bytes(writestore.Options())
		if err != nil {
			t.Fatal(err)
		}
		s, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for u, err := range s.Updates() {
			if err != nil {
				t.Fatal(err)
			}
			if u.Local == 17 && !slices.Equal(u.Bundled, tt.want) {
				t.Errorf("%s: bundled %v, want %v", name, u.Bundled, tt.want)
			}
		}
	}
}
