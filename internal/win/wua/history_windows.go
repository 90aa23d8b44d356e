package wua

import (
	"strings"

	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Bounds of a history. The newest entries come first, so the oldest are left out.
const (
	maxAttempts = 10000
	page        = 100
	maxTitle    = 500 // bytes
)

// history lists what the agent has done, the newest first. An empty history is asked for nothing: QueryHistory then
// fails with 0x80240007.
func (w *worker) history() error {
	if err := w.begin(protocol.List); err != nil {
		return err
	}
	searcher, err := w.session.ask("CreateUpdateSearcher", "IUpdateSearcher")
	if err != nil {
		return err
	}
	defer searcher.release()
	v, err := searcher.call("GetTotalHistoryCount")
	defer v.clear()
	if err != nil {
		return err
	}
	if w.answer.Total, err = whole(v, "IUpdateSearcher.GetTotalHistoryCount"); err != nil {
		return err
	}
	for from := 0; from < min(w.answer.Total, maxAttempts); from += page {
		if err := w.page(searcher, from); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) page(searcher object, from int) error {
	n := min(page, w.answer.Total-from)
	list, err := searcher.ask("QueryHistory", "IUpdateHistoryEntryCollection", int32(from), int32(n))
	if err != nil {
		return err
	}
	defer list.release()
	_, err = list.each(n, "IUpdateHistoryEntry", func(i int, item object) error {
		a, err := attempt(item)
		if err != nil {
			return err
		}
		if a.ID, a.Revision, err = identity(item, "UpdateIdentity"); err != nil {
			w.warn(err) // an attempt counts without it, too
		}
		a.Number = w.answer.Total - from - i
		w.answer.Attempts = append(w.answer.Attempts, a)
		return nil
	})
	return err
}

func attempt(item object) (a protocol.Attempt, err error) {
	if a.Time, err = item.date("Date"); err != nil {
		return a, err
	}
	if a.Operation, err = item.number("Operation"); err != nil {
		return a, err
	}
	outcome, err := item.number("ResultCode")
	if err != nil {
		return a, err
	}
	a.Outcome = protocol.Outcome(outcome)
	if a.Code, err = item.code("HResult"); err != nil {
		return a, err
	}
	if a.Unmapped, err = item.code("UnmappedResultCode"); err != nil {
		return a, err
	}
	if a.Title, err = item.text("Title"); err != nil {
		return a, err
	}
	a.Title = strings.ToValidUTF8(a.Title[:min(len(a.Title), maxTitle)], "")
	return a, nil
}
