package server

import (
	"bytes"
	"encoding/xml"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// steady is a catalogue of 50,000 revisions, of which a computer has what a real one has after months: 400 that others wait
// for and 3,679 others. The request is that of Windows' agent.
func steady(b *testing.B) (*Server, []byte) {
	w := newWorld()
	for i := 1; i <= 400; i++ {
		w.add(i, catalog.Detectoid)
	}
	for i := 401; i <= 50_000; i++ {
		w.add(i, catalog.Software, 1+i%400, 1+i%7)
		if i <= 4079 {
			w.approve(i, deploy.AllComputers, deploy.Install)
		}
	}
	w.compile()
	deps := w.deps()
	deps.Log, deps.Limits, deps.Now = slog.New(slog.DiscardHandler), Limits{}, nil
	s := NewServer(deps)
	a := &agent{t: b, w: w, server: httptest.NewServer(s), id: "e1da06a3-5601-43c9-bac3-52d5db701494", protocol: "2.90"}
	b.Cleanup(a.server.Close)
	_, p := a.handshake().scan()
	if len(p.InstalledNonLeafUpdateIDs) != 400 || len(p.OtherCachedUpdateIDs) != 3679 {
		b.Fatalf("the computer has %d and %d", len(p.InstalledNonLeafUpdateIDs), len(p.OtherCachedUpdateIDs))
	}
	message, err := soap.Agent.Append(nil, &clientws.SyncUpdates{Cookie: a.cookie, Parameters: &p})
	if err != nil {
		b.Fatal(err)
	}
	return s, message
}

func BenchmarkSteadySync(b *testing.B) {
	s, message := steady(b)
	b.Run("answered", func(b *testing.B) {
		b.SetBytes(int64(len(message)))
		for b.Loop() {
			r := httptest.NewRequest(http.MethodPost, "/ClientWebService/client.asmx", bytes.NewReader(message))
			r.Header.Set("Accept-Encoding", "xpress")
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				b.Fatal(w.Code)
			}
		}
	})
	b.Run("decoded", func(b *testing.B) {
		b.SetBytes(int64(len(message)))
		for b.Loop() {
			m, err := soap.Open(message)
			if err == nil {
				err = m.Decode(&clientws.SyncUpdates{})
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	// The bare rate of the standard library on the same bytes.
	b.Run("xml.Unmarshal", func(b *testing.B) {
		b.SetBytes(int64(len(message)))
		for b.Loop() {
			var v struct {
				Installed []int32 `xml:"Body>SyncUpdates>parameters>InstalledNonLeafUpdateIDs>int"`
				Other     []int32 `xml:"Body>SyncUpdates>parameters>OtherCachedUpdateIDs>int"`
			}
			if err := xml.Unmarshal(message, &v); err != nil || len(v.Other) != 3679 {
				b.Fatal(err, len(v.Other))
			}
		}
	})
}

// BenchmarkFirstSync is a computer's whole first synchronisation of 3,000 revisions, as pages of 200 with 5 KB each.
func BenchmarkFirstSync(b *testing.B) {
	w := newWorld()
	core := strings.Repeat(`<b.FileVersion Path="a\b.dll" Comparison="LessThan" Version="10.0.1.2" />`, 70)
	for i := 1; i <= 3000; i++ {
		w.add(i, catalog.Software)
		w.fragments[catalog.RevisionID(i)].Core = core
		w.approve(i, deploy.AllComputers, deploy.Install)
	}
	w.compile()
	deps := w.deps()
	deps.Log, deps.Limits, deps.Now = slog.New(slog.DiscardHandler), Limits{}, nil
	server := httptest.NewServer(NewServer(deps))
	b.Cleanup(server.Close)
	for b.Loop() {
		a := &agent{t: b, w: w, server: server, id: "e1da06a3-5601-43c9-bac3-52d5db701494", protocol: "2.90"}
		if all, _ := a.handshake().scan(); len(all) != 3000 {
			b.Fatal(len(all))
		}
	}
	b.ReportMetric(float64(3000*b.N)/b.Elapsed().Seconds(), "revisions/s")
}
