package gather_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/history"
	"github.com/redx-update/redx/internal/image/offline"
)

// What the agent says of attempts that stand in files too is merged with them; what it cannot say is named.
func TestExtra(t *testing.T) {
	img, err := offline.Open(labImage(t, "payload-missing-download"))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	before := history.Merge(gathered(t, img))
	again := *before[0].Proof[0]
	again.Source = evidence.Source{Path: "the agent", Record: 1}
	extra := gather.Source{Name: "the agent", Read: func(context.Context) ([]evidence.Event, error) {
		return []evidence.Event{again}, errors.New("only one of two")
	}}
	set, err := gather.Gather(t.Context(), img, gather.Options{Extra: []gather.Source{extra}})
	if err != nil {
		t.Fatal(err)
	}
	after := history.Merge(set)
	if len(after) != len(before) || len(after[0].Sources) != len(before[0].Sources)+1 {
		t.Errorf("%d entries, the first from %v; before %d", len(after), after[0].Sources, len(before))
	}
	if u := set.Unread(); len(u) != 1 || u[0] != (evidence.Unread{Path: "the agent", Reason: "only one of two"}) {
		t.Errorf("unread %v", u)
	}
	ctx, cancel := context.WithCancel(t.Context())
	extra.Read = func(context.Context) ([]evidence.Event, error) { cancel(); return nil, nil }
	if _, err := gather.Gather(ctx, img, gather.Options{Extra: []gather.Source{extra}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
