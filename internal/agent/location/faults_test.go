package location_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/server/servertest"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// handshake is its steps in their order, when a computer comes from another server.
var handshake = []string{"GetConfig", "GetAuthorizationCookie", "GetCookie", "RefreshCache", "RegisterComputer"}

// whole is all that such a computer asks for in one visit.
var whole = slices.Concat(handshake, []string{"SyncUpdates", "GetExtendedUpdateInfo", "GetFileLocations", "ReportEventBatch"})

// recoveries are what the specification has a client do (MS-WUSP 2.2.2.4); nil: the same again, later.
var recoveries = map[soap.ErrorCode][]string{
	soap.InvalidCookie:              handshake[:4],
	soap.ServerChanged:              handshake[:4],
	soap.ConfigChanged:              handshake[:3],
	soap.CookieExpired:              handshake[1:3],
	soap.InvalidAuthorizationCookie: handshake[1:3],
	soap.RegistrationRequired:       {"RegisterComputer"},
	soap.FileLocationChanged:        {"GetFileLocations"},
	soap.ServerBusy:                 nil,
	soap.InternalServerError:        nil,
}

// after is what comes after a fault in a step: what it asks for, with what of the handshake was still to be done, in order.
func after(step int, code soap.ErrorCode) []string {
	want := recoveries[code]
	switch {
	case want == nil:
		return whole[step:]
	case whole[step] == "GetCookie": // an authorization cookie is for one use
		step--
	}
	var out []string
	for i, name := range handshake {
		if slices.Contains(want, name) || i >= step {
			out = append(out, name)
		}
	}
	if slices.Contains(want, "GetFileLocations") {
		out = append(out, "GetFileLocations")
	}
	if whole[step] == "GetExtendedUpdateInfo" && slices.Contains(want, "RefreshCache") {
		out = append(out, "SyncUpdates") // the numbers are others now
	}
	return append(out, whole[max(step, len(handshake)):]...)
}

// visit does all of it, as the engine does.
func (c *computer) visit() error {
	digest := [20]byte{1}
	for try := 0; ; try++ {
		if err := c.Sync(c.t.Context(), judge); err != nil {
			return err
		}
		err := c.Extend(c.t.Context(), c.fix())
		if errors.Is(err, location.ErrRenumbered) && try < 2 {
			continue
		}
		if err != nil {
			return err
		}
		break
	}
	if err := c.Locate(c.t.Context(), [][20]byte{digest}); err != nil {
		return err
	}
	_, err := c.Report(c.t.Context(), []reporting.Event{{BasicData: reporting.BasicData{EventInstanceID: me, TargetID: reporting.ComputerTargetIdentifier{SID: me}}}})
	return err
}

// fix is the number of the one update that is needed.
func (c *computer) fix() []int32 {
	for id, r := range c.State().Revisions {
		if r.Core.ID.GUID == servertest.ID(3) {
			return []int32{id}
		}
	}
	return nil
}

// TestEveryFaultAtEveryStep has each step of a visit fail once with each fault.
func TestEveryFaultAtEveryStep(t *testing.T) {
	site := small(t)
	home := newComputer(t, small(t).URL, &location.State{})
	home.sync()
	dir := t.TempDir()
	if err := home.State().Save(dir); err != nil {
		t.Fatal(err)
	}
	begin := func(t *testing.T) *computer {
		t.Helper()
		s, note, err := location.Load(dir)
		if err != nil || note != "" {
			t.Fatal(note, err)
		}
		return newComputer(t, site.URL, s)
	}
	seen := watch(site)
	if err := begin(t).visit(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, seen.take()); diff != "" {
		t.Fatalf("without a fault: %s", diff)
	}
	for step, name := range whole {
		for code := range recoveries {
			c := begin(t)
			seen.faults[name] = []func(http.ResponseWriter){fault(code)}
			if err := c.visit(); err != nil {
				t.Errorf("%s in %s: %v", code, name, err)
			}
			want := slices.Concat(whole[:step+1], after(step, code))
			if diff := cmp.Diff(want, seen.take()); diff != "" {
				t.Errorf("%s in %s (-want +got): %s", code, name, diff)
			}
			if waits := recoveries[code] == nil; waits != (len(c.pauses) == 1) || len(c.has()) != 3 {
				t.Errorf("%s in %s: pauses %v, has %v", code, name, c.pauses, c.has())
			}
		}
	}
}

// TestInvalidParametersAtEveryStep: nothing can be done about it, with the exceptions that the text names.
func TestInvalidParametersAtEveryStep(t *testing.T) {
	site := small(t)
	for _, name := range whole {
		c := newComputer(t, small(t).URL, &location.State{})
		c.sync()
		moved := newComputer(t, site.URL, c.State())
		seen := watch(site)
		seen.faults[name] = []func(http.ResponseWriter){fault(soap.InvalidParameters)}
		err := moved.visit()
		var f *soap.Fault
		if refused := errors.As(err, &f) && f.Code == soap.InvalidParameters; refused != (name != "RefreshCache") {
			t.Errorf("%s: %v", name, err)
		}
		if err := moved.visit(); err != nil || len(moved.has()) != 3 {
			t.Errorf("after %s: %v, %v", name, err, moved.has())
		}
	}
}
