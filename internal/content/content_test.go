package content_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/content/contenttest"
	"github.com/redx-update/redx/internal/content/file"
)

func TestPath(t *testing.T) {
	for name, want := range map[string]string{
		"a.cab": "02/0001020000000000000000000000000000000002.cab", "A.EXE": "02/0001020000000000000000000000000000000002.EXE",
		"none": "02/0001020000000000000000000000000000000002", "a.c/b": "02/0001020000000000000000000000000000000002",
		"a.%2e": "02/0001020000000000000000000000000000000002", "a.": "02/0001020000000000000000000000000000000002",
	} {
		w := content.Want{SHA1: [20]byte{0, 1, 2, 19: 2}, Name: name}
		if diff := cmp.Diff(want, w.Path()); diff != "" {
			t.Error(name, diff)
		}
		if sum, ok := content.ParsePath("/" + strings.ToLower(w.Path())); !ok || sum != w.SHA1 {
			t.Errorf("%s does not come back: %x, %v", name, sum, ok)
		}
	}
	zeros := strings.Repeat("0", 40)
	for _, bad := range []string{"", "/", zeros, "01/" + zeros, "00/" + zeros[1:], "00/../" + zeros, "0/" + zeros, "00/" + zeros[2:] + "gg"} {
		if _, ok := content.ParsePath(bad); ok {
			t.Errorf("took %q", bad)
		}
	}
}

// kept is a Keeper over a folder, and what it told.
type kept struct {
	*content.Keeper
	dir  string
	mu   sync.Mutex
	told []content.Found
}

func keep(t *testing.T) *kept {
	t.Helper()
	k := &kept{dir: t.TempDir()}
	s, err := file.Open(k.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	k.Keeper = content.NewKeeper(s, time.Now, func(_ context.Context, f content.Found) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.told = append(k.told, f)
		return nil
	})
	return k
}

func (k *kept) last(t *testing.T) content.Found {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.told) == 0 {
		t.Fatal("told nothing")
	}
	return k.told[len(k.told)-1]
}

func (k *kept) get(t *testing.T, w content.Want, head ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/"+w.Path(), nil)
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	rec := httptest.NewRecorder()
	k.ServeHTTP(rec, r)
	return rec
}

var payload = []byte("0123456789")

func TestServe(t *testing.T) {
	k := keep(t)
	w := contenttest.Want("a.cab", payload)
	if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
		t.Fatal(err)
	}
	etag := k.get(t, w).Header().Get("ETag")
	if etag != `"87ACEC17CD9DCD20A716CC2CF67417B71C8A7016"` {
		t.Errorf("ETag %s", etag)
	}
	for name, tc := range map[string]struct {
		head   []string
		status int
		body   string
	}{
		"whole":             {nil, 200, "0123456789"},
		"a range":           {[]string{"Range", "bytes=2-4"}, 206, "234"},
		"to the end":        {[]string{"Range", "bytes=8-"}, 206, "89"},
		"the last":          {[]string{"Range", "bytes=-1"}, 206, "9"},
		"longer than it is": {[]string{"Range", "bytes=8-99"}, 206, "89"},
		"if it is the same": {[]string{"Range", "bytes=0-0", "If-Range", etag}, 206, "0"},
		"if it was another": {[]string{"Range", "bytes=0-0", "If-Range", `"x"`}, 200, "0123456789"},
		"if it has changed": {[]string{"If-None-Match", etag}, 304, ""},
		"beyond the end":    {[]string{"Range", "bytes=10-"}, 416, "invalid range: failed to overlap\n"},
	} {
		rec := k.get(t, w, tc.head...)
		if rec.Code != tc.status || rec.Body.String() != tc.body {
			t.Errorf("%s: %d %q", name, rec.Code, rec.Body)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/"+w.Path(), nil)
	rec := httptest.NewRecorder()
	k.ServeHTTP(rec, r)
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", rec.Code)
	}
}

// TestChangedFileIsWithdrawn: size, time or inode differ from what was verified; the file is looked at before anybody
// gets it again.
func TestChangedFileIsWithdrawn(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(path string) error
		want   content.Condition
	}{
		"other bytes":   {func(p string) error { return rewrite(p, []byte("012345678X")) }, content.Damaged},
		"cut off":       {func(p string) error { return os.Truncate(p, 3) }, content.Damaged},
		"gone":          {os.Remove, content.Missing},
		"another inode": {func(p string) error { return replace(p, payload) }, content.Sound},
		"another time":  {func(p string) error { return os.Chtimes(p, time.Unix(1, 0), time.Unix(1, 0)) }, content.Sound},
	} {
		k := keep(t)
		w := contenttest.Want("a.cab", payload)
		if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
			t.Fatal(err)
		}
		if err := tc.change(filepath.Join(k.dir, filepath.FromSlash(w.Path()))); err != nil {
			t.Fatal(err)
		}
		if rec := k.get(t, w); rec.Code != 404 {
			t.Errorf("%s: gives it out: %d", name, rec.Code)
		}
		bad, err := k.Check(t.Context(), false)
		if err != nil || (len(bad) == 0) != (tc.want == content.Sound) || k.last(t).Condition != tc.want {
			t.Errorf("%s: found %+v, %v", name, bad, err)
		}
		if rec := k.get(t, w); (rec.Code == 200) != (tc.want == content.Sound) {
			t.Errorf("%s: after the look: %d", name, rec.Code)
		}
	}
}

// rewrite gives a file another content, some time later: a file system's clock may tick a hundred times a second only.
func rewrite(p string, b []byte) error {
	i, err := os.Stat(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p, b, 0o644); err != nil {
		return err
	}
	return os.Chtimes(p, time.Time{}, i.ModTime().Add(time.Second))
}

func replace(p string, b []byte) error {
	i, err := os.Stat(p)
	if err != nil {
		return err
	}
	if err := os.WriteFile(p+".new", b, 0o644); err != nil {
		return err
	}
	if err := os.Chtimes(p+".new", i.ModTime(), i.ModTime()); err != nil {
		return err
	}
	return os.Rename(p+".new", p)
}

// TestScrub finds damage that size, time and inode do not show.
func TestScrub(t *testing.T) {
	k := keep(t)
	w := contenttest.Want("a.cab", payload)
	if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(k.dir, filepath.FromSlash(w.Path()))
	i, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("012345678X"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, i.ModTime(), i.ModTime()); err != nil {
		t.Fatal(err)
	}
	if bad, err := k.Check(t.Context(), false); err != nil || len(bad) != 0 {
		t.Fatalf("found without reading: %+v, %v", bad, err)
	}
	bad, err := k.Check(t.Context(), true)
	if err != nil || len(bad) != 1 || !strings.HasPrefix(bad[0].Problem, "SHA-1 is ") {
		t.Errorf("found %+v, %v", bad, err)
	}
	if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
		t.Fatal(err)
	}
	if rec := k.get(t, w); rec.Code != 200 {
		t.Errorf("put again, and %d", rec.Code)
	}
}

func TestWatchLooksAtWhatWasAskedFor(t *testing.T) {
	k := keep(t)
	w := contenttest.Want("a.cab", payload)
	if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(k.dir, filepath.FromSlash(w.Path()))); err != nil {
		t.Fatal(err)
	}
	go k.Watch(t.Context(), func(err error) { t.Error(err) })
	k.get(t, w)
	for range 2000 {
		if k.last(t).Condition == content.Missing {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nobody looked")
}

func TestTrackKeepsWhatIsKnown(t *testing.T) {
	k := keep(t)
	w := contenttest.Want("a.cab", payload)
	if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
		t.Fatal(err)
	}
	known, _ := k.Get(w.SHA1)
	k.Track([]content.Found{{Want: w}})
	if f, _ := k.Get(w.SHA1); f != known {
		t.Errorf("forgot %+v: %+v", known, f)
	}
	k.Track(nil)
	if rec := k.get(t, w); rec.Code != 404 {
		t.Errorf("gives out what no update has: %d", rec.Code)
	}
	// After a restart, what was verified is given out without being read again.
	k.Track([]content.Found{known})
	if rec := k.get(t, w); rec.Code != 200 {
		t.Errorf("known as sound, and %d", rec.Code)
	}
}

// TestZeroCopy: the file reaches the connection as itself, so the kernel can send it.
func TestZeroCopy(t *testing.T) {
	k := keep(t)
	w := contenttest.Want("a.cab", payload)
	if err := k.Put(t.Context(), w, bytes.NewReader(payload)); err != nil {
		t.Fatal(err)
	}
	var direct bool
	rec := &readerFrom{ResponseRecorder: httptest.NewRecorder(), direct: &direct}
	k.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/"+w.Path(), nil))
	if !direct {
		t.Error("the connection was not given the file itself")
	}
}

// readerFrom is a connection that takes files.
type readerFrom struct {
	*httptest.ResponseRecorder
	direct *bool
}

func (r *readerFrom) ReadFrom(src io.Reader) (int64, error) {
	limited, ok := src.(*io.LimitedReader)
	if ok {
		_, *r.direct = limited.R.(*os.File)
	}
	return io.Copy(r.ResponseRecorder, src)
}
