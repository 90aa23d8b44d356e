package ese

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/guid"
	write "github.com/redx-update/redx/internal/write/ese"
)

const fixtureRows = 40

// fixture has one table "t": rows 1 to fixtureRows of which every tenth is deleted.
func fixture(t testing.TB, opt write.Options) []byte {
	t.Helper()
	b, err := write.Build(opt, func(db *write.DB) error {
		table, err := db.Table("t", []write.Column{
			{Name: "Id", Type: write.Long},
			{Name: "Date", Type: write.DateTime},
			{Name: "Short", Type: write.Text},
			{Name: "Old", Type: write.Long, Default: 7},
			{Name: "Note", Type: write.LongText, Compress: write.XPRESS},
			{Name: "Packed", Type: write.LongText, Compress: write.SevenBit},
			{Name: "Far", Type: write.LongText, Separate: true},
			{Name: "Many", Type: write.Long, ID: 300},
		})
		if err != nil {
			return err
		}
		for i := 1; i <= fixtureRows; i++ {
			add := table.Add
			if i%10 == 0 {
				add = table.AddDeleted
			}
			if err := add(fixtureRow(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var fixtureDate = time.Date(2024, 2, 29, 12, 30, 15, 0, time.UTC)

func fixtureRow(i int) write.Row {
	return write.Row{
		"Id": i, "Date": fixtureDate, "Short": fmt.Sprint("row ", i), "Note": strings.Repeat("aé", 200),
		"Packed": "seven bits", "Far": strings.Repeat(fmt.Sprint(i, ","), 3000), "Many": write.Multi{i, -i, 5},
	}
}

func open(t testing.TB, b []byte) *DB {
	t.Helper()
	db, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func ids(t testing.TB, rows func(func(Row, error) bool)) (out []int64, errs []error) {
	t.Helper()
	for row, err := range rows {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		id, ok := row.Int("Id")
		if !ok {
			t.Errorf("record %d has no Id", row.Number)
		}
		out = append(out, id)
	}
	return out, errs
}

func liveIDs() (live, deleted []int64) {
	for i := int64(1); i <= fixtureRows; i++ {
		if i%10 == 0 {
			deleted = append(deleted, i)
		} else {
			live = append(live, i)
		}
	}
	return live, deleted
}

func TestFixturesOfEveryShape(t *testing.T) {
	for _, size := range []int{4096, 8192, 16384, 32768} {
		for _, opt := range []write.Options{
			{PageSize: size},
			{PageSize: size, CompressKeys: true, Dirty: true},
			{PageSize: size, XORChecksum: true, Revision: write.Revision7},
			{PageSize: size, Revision: write.RevisionTags},
		} {
			t.Run(fmt.Sprintf("%+v", opt), func(t *testing.T) { checkFixture(t, open(t, fixture(t, opt)), opt) })
		}
	}
}

func checkFixture(t *testing.T, db *DB, opt write.Options) {
	info := db.Info()
	if info.PageSize != opt.PageSize || (info.State == Dirty) != opt.Dirty || len(info.Damage) > 0 {
		t.Errorf("info %+v", info)
	}
	table, err := db.Table("T")
	if err != nil {
		t.Fatal(err)
	}
	live, deleted := liveIDs()
	got, errs := ids(t, table.Rows())
	if diff := cmp.Diff(live, got); diff != "" || len(errs) > 0 {
		t.Errorf("live rows: %s %v", diff, errs)
	}
	got, errs = ids(t, table.Deleted())
	if diff := cmp.Diff(deleted, got); diff != "" || len(errs) > 0 {
		t.Errorf("deleted rows: %s %v", diff, errs)
	}
	for row := range table.Rows() {
		checkRow(t, row)
	}
}

func checkRow(t *testing.T, row Row) {
	t.Helper()
	id, _ := row.Int("Id")
	for name, want := range map[string]string{
		"Short": fmt.Sprint("row ", id), "Note": strings.Repeat("aé", 200), "Packed": "seven bits",
		"Far": strings.Repeat(fmt.Sprint(id, ","), 3000),
	} {
		if got, ok := row.Text(name); got != want || !ok {
			_, err := row.Values(name)
			t.Errorf("row %d: %s is %.40q (%d bytes), want %.40q: %v", id, name, got, len(got), want, err)
		}
	}
	if got, _ := row.Time("Date"); !got.Equal(fixtureDate) {
		t.Errorf("row %d: Date %v", id, got)
	}
	if got, ok := row.Int("Old"); got != 7 || !ok {
		t.Errorf("row %d: default is %d %v, want 7", id, got, ok)
	}
	if v, err := row.Values("Many"); len(v) != 3 || err != nil {
		t.Errorf("row %d: %d values, %v", id, len(v), err)
	}
	if _, ok := row.Int("no such column"); ok {
		t.Error("a column that is not there has a value")
	}
}

func TestBadChecksumIsDamageAndReadingGoesOn(t *testing.T) {
	b := fixture(t, write.Options{PageSize: 4096})
	table, err := open(t, b).Table("t")
	if err != nil {
		t.Fatal(err)
	}
	var page uint32
	for row := range table.Rows() {
		page = row.Page
		break
	}
	db := open(t, fixture(t, write.Options{PageSize: 4096, BadChecksum: page}))
	table, _ = db.Table("t")
	live, _ := liveIDs()
	got, errs := ids(t, table.Rows())
	if diff := cmp.Diff(live, got); diff != "" || len(errs) != 1 {
		t.Errorf("%s, damage %v, want one", diff, errs)
	}
	var at *format.Error
	if !errors.As(errs[0], &at) || at.Offset != int64(page+1)*4096 {
		t.Errorf("damage %v is not of page %d", errs[0], page)
	}
}

func TestLostPagesLoseOnlyTheirRows(t *testing.T) {
	b := fixture(t, write.Options{PageSize: 4096})
	table, _ := open(t, b).Table("t")
	pages := make(map[uint32]int)
	var second uint32
	for row := range table.Rows() {
		if pages[row.Page]++; len(pages) == 2 && second == 0 {
			second = row.Page
		}
	}
	clear(b[(int(second)+1)*4096 : (int(second)+2)*4096])
	table, _ = open(t, b).Table("t")
	live, _ := liveIDs()
	got, errs := ids(t, table.Rows())
	if want := len(live) - pages[second]; len(got) != want || len(errs) != 1 {
		t.Errorf("%d rows and damage %v, want %d rows and one", len(got), errs, want)
	}
}

func TestShadowsReplaceWhatIsLost(t *testing.T) {
	for _, what := range []struct {
		name     string
		from, to int
	}{{"header", 0, 4096}, {"catalog", 5 * 4096, 6 * 4096}} {
		t.Run(what.name, func(t *testing.T) {
			b := fixture(t, write.Options{PageSize: 4096})
			clear(b[what.from:what.to])
			db := open(t, b)
			if len(db.Info().Damage) == 0 {
				t.Error("no damage told")
			}
			table, err := db.Table("t")
			if err != nil {
				t.Fatal(err)
			}
			live, _ := liveIDs()
			if got, errs := ids(t, table.Rows()); !cmp.Equal(live, got) || len(errs) > 0 {
				t.Errorf("rows %v, damage %v", got, errs)
			}
		})
	}
}

func TestNotADatabase(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("MZ"), make([]byte, 100000), guid.GUID{}.LE()} {
		if _, err := Open(bytes.NewReader(b), int64(len(b))); !errors.Is(err, format.ErrNotThis) {
			t.Errorf("%d bytes: %v, want ErrNotThis", len(b), err)
		}
	}
}

func TestCyclesEnd(t *testing.T) {
	b := fixture(t, write.Options{PageSize: 4096})
	table, _ := open(t, b).Table("t")
	root, err := open(t, b).readPage(table.root)
	if err != nil || root.flags&flagLeaf != 0 {
		t.Fatalf("the fixture's root is no branch: %v", err)
	}
	first, err := root.node(root.first)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b[root.offset:], first.data) + int(root.offset)
	copy(b[at:], []byte{byte(table.root), byte(table.root >> 8), 0, 0})
	live, _ := liveIDs()
	got, errs := ids(t, table.dbOf(t, b).Rows())
	if len(got) >= len(live) || len(errs) != 2 || !strings.Contains(fmt.Sprint(errs), "linked twice") {
		t.Errorf("%d rows, damage %v; want the checksum and the cycle", len(got), errs)
	}
}

// dbOf opens changed bytes and finds the same table.
func (t *Table) dbOf(tb testing.TB, b []byte) *Table {
	again, err := open(tb, b).Table(t.Name)
	if err != nil {
		tb.Fatal(err)
	}
	return again
}

// TestSharedLongValue reads one value again and again, as rows would that all name it.
func TestSharedLongValue(t *testing.T) {
	const length = 1 << 20
	b, err := write.Build(write.Options{}, func(db *write.DB) error {
		table, err := db.Table("t", []write.Column{{Name: "Far", Type: write.LongText, ASCII: true, Separate: true}})
		if err != nil {
			return err
		}
		return table.Add(write.Row{"Far": strings.Repeat("x", length)})
	})
	if err != nil {
		t.Fatal(err)
	}
	table, err := open(t, b).Table("t")
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range table.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for range 1000 {
			values, err := row.Values("Far")
			if err != nil {
				if !strings.Contains(err.Error(), errShared.Error()) {
					t.Error(err)
				}
				break
			}
			read += len(values[0])
		}
		if read < 8*len(b) || read > costPerByte*len(b)+freeCost {
			t.Errorf("%d bytes were read of a file of %d", read, len(b))
		}
	}
}
