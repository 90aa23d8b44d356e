package download

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/hresult"
)

const folder = `C:\Download`

// world is a drive and a server that has a file.
type world struct {
	t       *testing.T
	top     string
	drive   *disk.Drive
	content []byte
	file    File
	getter  *Getter
	asked   atomic.Int64
	closers []func()
}

// close ends the servers and lets go of the drive; to do it again is no harm.
func (w *world) close() {
	for _, c := range w.closers {
		c()
	}
}

func newWorld(t *testing.T, size int, handlers ...func(w *world) http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t, top: t.TempDir(), content: noise(size)}
	if err := os.Mkdir(filepath.Join(w.top, "Download"), 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.drive, err = disk.Open(w.top, "C:"); err != nil {
		t.Fatal(err)
	}
	w.closers = append(w.closers, func() { _ = w.drive.Close() })
	t.Cleanup(w.close)
	one, two := sha1.Sum(w.content), sha256.Sum256(w.content)
	w.file = File{Name: "a.cab", Size: int64(size), SHA1: one[:], SHA256: two[:]}
	w.getter = &Getter{HTTP: http.DefaultClient, Log: slog.New(slog.DiscardHandler), StatusCode: func(s int) hresult.Code {
		return hresult.Code(0x80190000 + uint32(s))
	}}
	for _, h := range handlers {
		handler := h(w)
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			w.asked.Add(1)
			handler(rw, r)
		}))
		w.closers = append(w.closers, s.Close)
		w.file.URLs = append(w.file.URLs, s.URL+"/Content/AB/"+w.file.Name)
	}
	return w
}

func noise(size int) []byte {
	out := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(out) // never fails
	return out
}

func (w *world) get(ctx context.Context) error {
	return w.getter.Get(ctx, w.drive, folder, w.file, nil)
}

func (w *world) path(name string) string { return filepath.Join(w.top, "Download", name) }

func (w *world) wantWhole() {
	w.t.Helper()
	got, err := os.ReadFile(w.path(w.file.Name))
	if err != nil || !bytes.Equal(got, w.content) {
		w.t.Fatalf("the file is not there, whole: %v, %d bytes", err, len(got))
	}
	if _, err := os.Stat(w.path(w.file.Name + Partial)); !errors.Is(err, os.ErrNotExist) {
		w.t.Errorf("a part is left: %v", err)
	}
}

func honest(w *world) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		http.ServeContent(rw, r, "a.cab", time.Time{}, bytes.NewReader(w.content))
	}
}

func whole200(w *world) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(w.content) }
}

func lies(w *world) http.HandlerFunc {
	other := bytes.Clone(w.content)
	other[len(other)/2]++
	return func(rw http.ResponseWriter, r *http.Request) {
		http.ServeContent(rw, r, "a.cab", time.Time{}, bytes.NewReader(other))
	}
}

func shorter(w *world) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		http.ServeContent(rw, r, "a.cab", time.Time{}, bytes.NewReader(w.content[:len(w.content)/2]))
	}
}

func status(code int) func(*world) http.HandlerFunc {
	return func(*world) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", code) }
	}
}

func signIn(*world) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(rw, "<html>Please sign in</html>")
	}
}

// breaks gives a part of each answer, then the connection ends.
func breaks(w *world) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		var first, last int
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		rw.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(w.content)))
		rw.Header().Set("Content-Length", fmt.Sprint(last-first+1))
		rw.WriteHeader(http.StatusPartialContent)
		_, _ = rw.Write(w.content[first : first+(last-first+2)/2])
	}
}

// silent answers with nothing at all.
func silent(*world) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
}

func wrongRange(w *world) http.HandlerFunc {
	return func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Range", fmt.Sprintf("bytes 7-9/%d", len(w.content)))
		rw.WriteHeader(http.StatusPartialContent)
		_, _ = rw.Write([]byte("789"))
	}
}

func TestSources(t *testing.T) {
	type sources []func(*world) http.HandlerFunc
	for _, tt := range []struct {
		name string
		from sources
		code hresult.Code // of the error; 0: it must come
		says string
	}{
		{"honest", sources{honest}, 0, ""},
		{"no ranges", sources{whole200}, 0, ""},
		{"breaks off, goes on", sources{breaks}, 0, ""},
		{"the second source", sources{status(404), honest}, 0, ""},
		{"a liar, then an honest one", sources{lies, honest}, 0, ""},
		{"a half from one, the rest from another", sources{shorter, honest}, 0, ""},
		{"a liar", sources{lies}, WrongHash, "another digest"},
		{"not there", sources{status(404)}, 0x80190194, "404"},
		{"too short", sources{shorter}, 0x801900CE, "answers"},
		{"a sign-in page", sources{signIn}, 0x801900C8, "web page"},
		{"another range", sources{wrongRange}, 0x801900CE, "bytes 7-9"},
		{"416", sources{status(416)}, 0x801901A0, "shorter"},
		{"silence", sources{silent}, NotAvailable, ""},
		{"nobody", nil, NoSource, "no source"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 3*span+17, tt.from...)
			err := w.get(t.Context())
			if tt.code == 0 {
				if err != nil {
					t.Fatal(err)
				}
				w.wantWhole()
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %s that says %q", err, tt.code, tt.says)
			}
			if _, err := os.Stat(w.path(w.file.Name)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("a file stands there all the same: %v", err)
			}
			if n := w.asked.Load(); n > 40 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestThereAlready(t *testing.T) {
	w := newWorld(t, 1000, honest)
	if err := os.WriteFile(w.path("a.cab"), w.content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.get(t.Context()); err != nil || w.asked.Load() != 0 {
		t.Errorf("%v, %d requests for a file that is there", err, w.asked.Load())
	}
	if err := os.WriteFile(w.path("a.cab"), append([]byte("x"), w.content[1:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantWhole()
}

// What is there of a file is not had again; what a power cut has made of it is no source's fault.
func TestResume(t *testing.T) {
	w := newWorld(t, 4*span, honest)
	if err := os.WriteFile(w.path("a.cab"+Partial), w.content[:3*span], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.get(t.Context()); err != nil || w.asked.Load() != 1 {
		t.Errorf("%v, %d requests for a quarter", err, w.asked.Load())
	}
	w.wantWhole()
	for _, torn := range [][]byte{make([]byte, 2*span), noise(9 * span)} {
		if err := os.Remove(w.path("a.cab")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(w.path("a.cab"+Partial), torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.get(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.wantWhole()
	}
}

// However often it is cancelled, and whatever the sources do, a file that is there is right, and an honest source brings it.
func TestRandom(t *testing.T) {
	all := []func(*world) http.HandlerFunc{honest, whole200, lies, shorter, status(404), status(503), signIn, breaks, wrongRange}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 2*span).Draw(r, "size")
		picks := rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 0, 3).Draw(r, "sources")
		var from []func(*world) http.HandlerFunc
		for _, p := range picks {
			from = append(from, all[p])
		}
		w := newWorld(t, n, append(from, honest)...)
		defer w.close() // else a long run is out of files
		for range rapid.IntRange(0, 3).Draw(r, "kills") {
			ctx, stop := context.WithCancel(t.Context())
			most := rapid.Int64Range(0, int64(n)).Draw(r, "until")
			_ = w.getter.Get(ctx, w.drive, folder, w.file, func(done int64) {
				if done >= most {
					stop()
				}
			})
			stop()
			if got, err := os.ReadFile(w.path("a.cab")); err == nil && !bytes.Equal(got, w.content) {
				r.Fatalf("a file that is not right stands under its name")
			}
		}
		if err := w.get(t.Context()); err != nil {
			r.Fatal(err)
		}
		w.wantWhole()
	})
}

func TestRefusesNames(t *testing.T) {
	w := newWorld(t, 10, honest)
	for _, name := range []string{"", "..", `a\b`, "a/b", "C:x", "CON", "a.cab:stream"} {
		w.file.Name = name
		if err := w.get(t.Context()); err == nil {
			t.Errorf("%q was taken for a name", name)
		}
	}
	if w.asked.Load() != 0 {
		t.Error("something was asked for")
	}
}

func TestLimit(t *testing.T) {
	w := newWorld(t, 3*chunk, honest)
	w.getter.Limit = NewLimit(4 * chunk)
	begun := time.Now()
	if err := w.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 400*time.Millisecond { // the first chunk is free, the others take a quarter of a second each
		t.Errorf("took %s", took)
	}
	if NewLimit(0) != nil {
		t.Error("0 limits")
	}
}

func TestCancelled(t *testing.T) {
	w := newWorld(t, 3*span, honest)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.get(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A source that lies and stops in the middle must not have the one after it blamed.
func TestHalfALie(t *testing.T) {
	half := func(w *world) http.HandlerFunc {
		lie, n := lies(w), 0
		return func(rw http.ResponseWriter, r *http.Request) {
			if n++; n > 2 {
				http.NotFound(rw, r)
				return
			}
			lie(rw, r)
		}
	}
	w := newWorld(t, 3*span, half, honest)
	if err := w.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantWhole()
}

// A source that opens an answer and then says nothing is given up.
func TestIdle(t *testing.T) {
	mute := func(*world) http.HandlerFunc {
		return func(rw http.ResponseWriter, r *http.Request) {
			rw.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(rw).Flush()
			<-r.Context().Done()
		}
	}
	w := newWorld(t, span, mute)
	w.getter.Idle = 20 * time.Millisecond
	if err := w.get(t.Context()); !errors.Is(err, errIdle) {
		t.Errorf("got %v", err)
	}
	// On a busy machine the honest one is silent for a while, too.
	for idle := 20 * time.Millisecond; ; idle *= 4 {
		w = newWorld(t, span, mute, honest)
		w.getter.Idle = idle
		err := w.get(t.Context())
		if err == nil {
			break
		}
		if !errors.Is(err, errIdle) || idle > time.Minute {
			t.Fatalf("with %s: %v", idle, err)
		}
	}
	w.wantWhole()
}
