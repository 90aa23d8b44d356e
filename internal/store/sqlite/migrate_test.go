package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/storetest"
)

// TestSecondMigration: what a store of the first version knows of states and events is counted afterwards as if it had
// come later.
func TestSecondMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	first, err := migrations.ReadFile("migration/0001.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := connect(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	old := `INSERT INTO computers (id, name, address, asks_for, member_of, first_seen, last_seen) VALUES ('id', 'pc', '', '', '[]', 1, 1);
		INSERT INTO events VALUES ('id', x'01', 86400000, '{"event_id":182,"update":{"GUID":"00000000-0000-0000-0000-000000000001","Revision":1},"code":"0x80070002"}');
		INSERT INTO events VALUES ('id', x'02', 86400001, '{"event_id":147,"update":{"GUID":"00000000-0000-0000-0000-000000000000","Revision":0}}');
		INSERT INTO states VALUES ('id', x'00000000000000000000000000000001', 'failed', 2147942402, 86400000);
		INSERT INTO states VALUES ('id', x'00000000000000000000000000000002', 'downloaded', 0, 86400000);`
	err = inTx(t.Context(), db, func(tx *sql.Tx) error {
		_, err := tx.Exec(string(first) + old + "PRAGMA user_version = 1")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	s := open(t, path)
	totals, err := s.Totals(t.Context(), instant(0))
	if diff := cmp.Diff(store.Tally{Failed: 1, Needed: 1}, totals.Updates); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	failed, err := s.LatestFailures(t.Context(), 5)
	want := []store.Failure{{Computer: "id", Name: "pc", Update: storetest.ID(1), Code: 0x80070002, Time: instant(86400000)}}
	if diff := cmp.Diff(want, failed); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	if events, err := s.UpdateEvents(t.Context(), "id", 5); err != nil || len(events) != 1 {
		t.Errorf("%d events about updates, %v", len(events), err)
	}
}

// TestWindowMigration: an approval of a store from before windows has none, and is otherwise as it was.
func TestWindowMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := connect(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, name := range []string{"0001", "0002", "0003"} {
		part, err := migrations.ReadFile("migration/" + name + ".sql")
		if err != nil {
			t.Fatal(err)
		}
		text += string(part)
	}
	text += `INSERT INTO approvals (id, guid, target, choice, deadline, changed)
		VALUES (7, x'00000000000000000000000000000001', 1, 'install', 86400000, 1); PRAGMA user_version = 3`
	err = inTx(t.Context(), db, func(tx *sql.Tx) error {
		_, err := tx.Exec(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	got, err := open(t, path).Approvals(t.Context())
	deadline := instant(86400000)
	want := []deploy.Approval{{ID: 7, Update: storetest.ID(1), Group: 1, Choice: deploy.Install, Deadline: &deadline, Changed: instant(1)}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
}
