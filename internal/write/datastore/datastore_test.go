package datastore_test

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/testdata"
	"github.com/redx-update/redx/internal/write/datastore"
)

func store() *datastore.Store {
	id := guid.MustParse("8a6b1c0e-52a1-4f39-9d0e-1c2f0d3b4a55")
	return &datastore.Store{
		History: []datastore.Event{{
			Status: 2, ServerSelection: 1, MappedResult: 0x80070002, UnmappedResult: 0x80070002, UpdateID: id, Revision: 201,
			ServerID: guid.MustParse("3da21691-e39d-4da6-8a4b-b43877bcb1b7"), Date: time.Date(2024, 3, 12, 18, 0, 0, 0, time.UTC),
			ClientID: "UpdateOrchestrator", Title: "2024-03 Cumulative Update (KB5035853)",
		}},
		Updates: []datastore.Update{{IDLocal: 7, UpdateID: id, Revision: 201, KB: "5035853", FileIDs: []int32{11, 12}, LastFailure: 0x80070002}},
		Files: []datastore.File{{
			IDLocal: 11, Size: 4 << 30, Digest: []byte{0xde, 0xad}, DigestAlgorithm: "SHA1", Name: "windows10.0-kb5035853-x64.cab",
			LocalTargetPath: "0123456789abcdef/windows10.0-kb5035853-x64.cab", URLs: []string{"http://wsus.example/Content/1.cab"},
		}},
		Jobs: []datastore.Job{{BITSJobID: id, LocalUpdateID: 7, Size: 4 << 30, UserID: "S-1-5-18"}},
	}
}

func TestEsedbexportFindsEveryField(t *testing.T) {
	tool := testdata.Tool(t, "esedbexport")
	b, err := store().Bytes(datastore.Options())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "DataStore.edb")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "-t", filepath.Join(dir, "x"), file).CombinedOutput(); err != nil {
		t.Fatalf("esedbexport: %v\n%s", err, out)
	}
	le := hex.EncodeToString(guid.MustParse("8a6b1c0e-52a1-4f39-9d0e-1c2f0d3b4a55").LE())
	for table, want := range map[string][]string{
		"tbHistory":     {"-2147024894", le + "c9000000", "UpdateOrchestrator", "2024-03 Cumulative Update (KB5035853)"},
		"tbUpdates":     {"7\t" + le, "0b0000000c000000", "5035853"},
		"tbFiles":       {"11\t4294967296", "dead", "SHA1", "0123456789abcdef/windows10.0-kb5035853-x64.cab"},
		"tbDownloadJob": {le, "S-1-5-18"},
	} {
		names, err := filepath.Glob(filepath.Join(dir, "x.export", table+".*"))
		if err != nil || len(names) != 1 {
			t.Errorf("%s: exported as %v", table, names)
			continue
		}
		got, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(got), w) {
				t.Errorf("%s lacks %q:\n%s", table, w, got)
			}
		}
	}
}
