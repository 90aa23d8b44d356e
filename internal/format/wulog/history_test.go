package wulog_test

import (
	"testing"

	"github.com/redx-update/redx/internal/format/wulog"
)

func TestParseHistory(t *testing.T) {
	const id = "{B1C2D3E4-F5A6-4B7C-8D9E-0F1A2B3C4D5E}.200"
	got, code, ok := wulog.ParseHistory("LogHistory called. idUpdate=" + id + ", resultMapped=80246012, resultUnMapped=0")
	if !ok || code != 0x80246012 || got.Revision != 200 || got.GUID.IsZero() {
		t.Errorf("got %v %v %v", got, code, ok)
	}
	for _, zero := range []string{"0", "00000000"} {
		got, code, ok = wulog.ParseHistory("LogHistory called. idUpdate=" + id + ", resultMapped=" + zero + ", resultUnMapped=0")
		if !ok || code != 0 || got.Revision != 200 {
			t.Errorf("%s: got %v %v %v", zero, got, code, ok)
		}
	}
	for _, text := range []string{
		"LogHistory called. idUpdate=" + id,
		"LogHistory called. resultMapped=80246012", "idUpdate=" + id + ", resultMapped=80246012",
		"LogHistory called. idUpdate=" + id + ", resultMapped=8024", "",
	} {
		if _, code, ok := wulog.ParseHistory(text); ok {
			t.Errorf("%s: %v", text, code)
		}
	}
}
