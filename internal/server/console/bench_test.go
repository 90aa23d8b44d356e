package console_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/store/storetest"
	"github.com/redx-update/redx/internal/update"
)

// BenchmarkPages asks for pages of a store with 10,000 computers, 200,000 states and a million events: 100 for each
// computer, of which five are failures. Filling it takes minutes.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b)
	w.update(1, "2026-11 Security Update for Windows 11 (KB5034441)", "KB5034441")
	fill(w, 10_000, 20)
	cookie := w.admin().client.Jar.Cookies(mustURL(b, w.http.URL))[0]
	for name, path := range map[string]string{
		"overview": "/", "computers": "/computers", "last page": "/computers?page=200", "search": "/computers?q=pc-0999", "failed": "/computers?state=failed",
		"cause": "/computers?q=&cause=none", "computer": "/computers/pc-04711.office.example", "update": "/updates/" + storetest.ID(1).String(),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
				r.AddCookie(cookie)
				a := httptest.NewRecorder()
				w.http.Config.Handler.ServeHTTP(a, r)
				if a.Code != http.StatusOK {
					b.Fatalf("%s: %d %s", path, a.Code, a.Body)
				}
			}
		})
	}
	b.Run("one report", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			w.check(w.store.AddEvents(b.Context(), computerID(i%10_000), []store.Event{event(i%20, 1<<20+i, 183)}))
		}
	})
}

func computerID(i int) string { return fmt.Sprintf("5a1b2c3d-0000-4000-8000-%012x", i) }

func event(about, n, id int) store.Event {
	e := store.Event{
		Time: now.Add(-time.Duration(n%2000) * time.Hour / 4), EventID: id, Update: update.ID{GUID: storetest.ID(byte(1 + about)), Revision: 1},
		App: "UpdateOrchestrator", Received: now,
	}
	if id == 182 {
		e.Code = 0x80070002
	}
	binary.BigEndian.PutUint64(e.Instance[8:], uint64(n))
	return e
}

// fill brings up computers that have reported five events of each of some updates, one attempt of four failed.
func fill(w *world, computers, updates int) {
	w.t.Helper()
	work := make(chan int)
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			for i := range work {
				w.computer(computerID(i), fmt.Sprintf("pc-%05d.office.example", i))
				var events []store.Event
				for u := range updates {
					last := 183
					if (i+u)%4 == 0 {
						last = 182
					}
					for step, id := range []int{167, 162, 181, 184, last} {
						events = append(events, event(u, i*1000+u*10+5-step, id))
					}
				}
				w.check(w.store.AddEvents(w.t.Context(), computerID(i), events))
				if i%4 == 0 {
					w.diagnose(computerID(i), time.Hour, fmt.Sprintf(goneFile, ""))
				}
			}
		})
	}
	for i := range computers {
		work <- i
	}
	close(work)
	all.Wait()
}
