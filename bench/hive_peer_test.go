package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/testdata"
	writer "github.com/redx-update/redx/internal/write/hive"
	"www.velocidex.com/golang/regparser"
)

func hiveFile(t *testing.T, name string) (*os.File, []byte) {
	t.Helper()
	b := testdata.Open(t, "windows/hives/"+name+".xz")
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	return f, b
}

func countKeys(k registry.Key) (keys int) {
	keys = 1
	for sub, err := range k.Subkeys() {
		if err == nil {
			keys += countKeys(sub)
		}
	}
	return keys
}

func countPeer(k *regparser.CM_KEY_NODE) (keys int) {
	keys = 1
	for _, sub := range k.Subkeys() {
		keys += countPeer(sub)
	}
	return keys
}

func openHive(t *testing.T, b []byte, logs ...hive.Log) *hive.Hive {
	t.Helper()
	h, err := hive.Open(bytes.NewReader(b), int64(len(b)), logs...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestHiveKeys compares the number of keys of hives without logs.
func TestHiveKeys(t *testing.T) {
	for _, name := range []string{"SYSTEM_WIN_10_1709", "SYSTEM_B"} {
		f, b := hiveFile(t, name)
		peer, err := regparser.NewRegistry(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := countKeys(openHive(t, b).Root()), countPeer(peer.OpenKey("")); got != want {
			t.Errorf("%s: %d keys, regparser has %d", name, got, want)
		}
	}
}

// TestHiveRecovery runs the recoveries of both. RecoverHive stops at the entry that has the number in the log's base
// block. That is the first entry of each of these two logs, so it applies none; the test fails when that changes, and
// the two can be compared then.
func TestHiveRecovery(t *testing.T) {
	f, b := hiveFile(t, "SYSTEM_B")
	f1, b1 := hiveFile(t, "SYSTEM_B.LOG1")
	f2, b2 := hiveFile(t, "SYSTEM_B.LOG2")
	recovered, err := regparser.RecoverHive(f, f1, f2)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(recovered.Name())
	defer recovered.Close()
	peer, err := os.ReadFile(recovered.Name())
	if err != nil {
		t.Fatal(err)
	}
	h := openHive(t, b,
		hive.Log{R: bytes.NewReader(b1), Size: int64(len(b1))}, hive.Log{R: bytes.NewReader(b2), Size: int64(len(b2))})
	ours, theirs := countKeys(h.Root()), countKeys(openHive(t, peer).Root())
	t.Logf("keys: %d after our recovery, %d after regparser's; its file differs from the hive: %v",
		ours, theirs, !bytes.Equal(peer[4096:], b[4096:]))
	if bytes.Equal(peer[4096:], b[4096:]) {
		if ours <= theirs {
			t.Errorf("%d keys after recovery, %d before", ours, theirs)
		}
		return
	}
	if ours != theirs {
		t.Errorf("%d keys after recovery, regparser has %d", ours, theirs)
	}
}

// TestHiveWriter has regparser read a hive of our writer.
func TestHiveWriter(t *testing.T) {
	root := &writer.Key{Name: "ROOT"}
	big := bytes.Repeat([]byte{1, 2, 3, 4, 5}, 8000)
	root.Sub(`a\b`).SZ("text", "hello").Set("big", registry.Binary, big)
	for i := range 1200 {
		root.Sub(fmt.Sprintf(`many\k%d`, i))
	}
	b, err := writer.Encode(root, writer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	peer, err := regparser.NewRegistry(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got := countPeer(peer.OpenKey("")); got != 1204 {
		t.Errorf("regparser has %d keys, want 1204", got)
	}
	values := map[string]*regparser.ValueData{}
	for _, v := range peer.OpenKey("/a/b").Values() {
		values[v.ValueName()] = v.ValueData()
	}
	if v := values["text"]; v == nil || strings.TrimRight(v.String, "\x00") != "hello" {
		t.Errorf("text: %v", v)
	}
	if v := values["big"]; v == nil || !bytes.Equal(v.Data, big) {
		t.Error("the big value differs")
	}
}
