package download

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// line is a network to one source: each read of an answer takes a while on its clock and gives a few bytes.
type line struct {
	w       *world
	each    time.Duration
	most    int // bytes of a read
	whole   int // bytes of an answer
	breaks  bool
	ranges  []string // that were asked for
	elapsed time.Duration
}

func (l *line) now() time.Time { return time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC).Add(l.elapsed) }

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.ranges = append(l.ranges, r.Header.Get("Range"))
	var first, last int
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last); err != nil {
		return nil, err
	}
	if !l.breaks {
		last = min(last, first+l.whole-1)
	}
	body := &trickle{l, bytes.NewReader(l.w.content[first:min(first+l.whole, last+1)])}
	h := http.Header{"Content-Range": {fmt.Sprintf("bytes %d-%d/%d", first, last, len(l.w.content))}}
	return &http.Response{StatusCode: http.StatusPartialContent, Header: h, Body: body, Request: r}, nil
}

// trickle is the body of an answer.
type trickle struct {
	*line
	rest *bytes.Reader
}

func (b *trickle) Read(p []byte) (int, error) {
	b.elapsed += b.each
	n, err := b.rest.Read(p[:min(len(p), b.most)])
	if err == io.EOF && b.breaks {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *trickle) Close() error { return nil }

func TestPace(t *testing.T) {
	for name, tt := range map[string]struct {
		line line
		says string // empty: it must come
	}{
		"a byte now and then":              {line{each: 10 * time.Second, most: 1, whole: span}, "12 bytes in 2m0s"},
		"an answer of a byte":              {line{each: 10 * time.Second, most: 1, whole: 1}, "12 bytes in 2m0s"},
		"connections that break":           {line{each: 5 * time.Second, most: 1, whole: 1, breaks: true}, "12 bytes in 2m0s"},
		"a little less than is wanted":     {line{each: time.Second, most: least - 1, whole: span}, "122760 bytes in 2m0s"},
		"just enough":                      {line{each: time.Second, most: least, whole: span}, ""},
		"a computer that sleeps meanwhile": {line{each: time.Hour, most: chunk, whole: span}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3*chunk)
			l := &tt.line
			l.w, w.file.URLs = w, []string{"http://a.example/a.cab"}
			w.getter.HTTP, w.getter.Now = &http.Client{Transport: l}, l.now
			err := w.get(t.Context())
			if tt.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				w.wantWhole()
				return
			}
			if e := (*Error)(nil); !errors.As(err, &e) || e.Code != NotAvailable || !errors.Is(err, errSlow) || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// What a source that drips has given is kept, and the next source goes on there.
func TestPaceNextSource(t *testing.T) {
	w := newWorld(t, 3*chunk, honest)
	l := &line{w: w, each: 10 * time.Second, most: 1, whole: span}
	w.getter.HTTP, w.getter.Now = &http.Client{Transport: l}, l.now
	urls := w.file.URLs
	w.file.URLs = []string{"http://a.example/a.cab"}
	if err := w.get(t.Context()); !errors.Is(err, errSlow) {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(w.path("a.cab" + Partial)); err != nil || !bytes.Equal(got, w.content[:12]) {
		t.Errorf("%d bytes are kept: %v", len(got), err)
	}
	w.getter.HTTP.Transport = either{"a.example": l}
	w.file.URLs = append(w.file.URLs, urls...)
	if err := w.get(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.wantWhole()
	if want := []string{"bytes=0-196607", "bytes=12-196607"}; fmt.Sprint(l.ranges) != fmt.Sprint(want) {
		t.Errorf("the slow source was asked for %v, want %v", l.ranges, want)
	}
	if n := w.asked.Load(); n != 1 {
		t.Errorf("%d requests to the next source", n)
	}
}

// either has a network of its own for some hosts.
type either map[string]http.RoundTripper

func (e either) RoundTrip(r *http.Request) (*http.Response, error) {
	if own := e[r.URL.Host]; own != nil {
		return own.RoundTrip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Time that passes while nothing is waited for is not the source's: that of the disk, of our own limit, of who watches.
func TestPaceOfOthers(t *testing.T) {
	w := newWorld(t, 2000)
	l := &line{w: w, most: 100, whole: span}
	w.file.URLs = []string{"http://a.example/a.cab"}
	w.getter.HTTP, w.getter.Now = &http.Client{Transport: l}, l.now
	err := w.getter.Get(t.Context(), w.drive, folder, w.file, func(int64) { l.elapsed += 10 * time.Minute })
	if err != nil {
		t.Error(err)
	}
}
