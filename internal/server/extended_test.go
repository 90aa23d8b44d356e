package server

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
)

func (a *agent) extended(r clientws.GetExtendedUpdateInfo) (*clientws.ExtendedUpdateInfo, error) {
	a.t.Helper()
	var answer clientws.GetExtendedUpdateInfoResponse
	r.Cookie = a.cookie
	err := a.client(&r, &answer)
	return answer.Result, err
}

func TestExtendedInfo(t *testing.T) {
	w := small()
	a := newAgent(t, w).handshake()
	types := []clientws.XMLUpdateFragmentType{clientws.Extended, clientws.LocalizedProperties}
	got, err := a.extended(clientws.GetExtendedUpdateInfo{RevisionIDs: []int32{10, 40, 10, 21, 999}, InfoTypes: types, Locales: []string{"en-US", "en"}})
	a.must(err)
	want := &clientws.ExtendedUpdateInfo{
		Updates: []clientws.UpdateData{
			{ID: 10, XML: `<ExtendedProperties ID="10" />`},
			{ID: 10, XML: "<L>en</L>"},
			{ID: 21, XML: `<ExtendedProperties ID="21" />`},
			{ID: 21, XML: "<L>en</L>"},
		},
		FileLocations:         []clientws.FileLocation{w.location(a, 10), w.location(a, 21)},
		OutOfScopeRevisionIDs: []int32{40, 999},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if u := got.FileLocations[0].URL; !strings.HasPrefix(u, a.server.URL+"/Content/") || !strings.HasSuffix(u, ".cab") {
		t.Errorf("the file is at %s", u)
	}
}

// location is where a revision's file is for an agent.
func (w *world) location(a *agent, id catalog.RevisionID) clientws.FileLocation {
	f := w.files[id][0]
	return clientws.FileLocation{FileDigest: f.SHA1, URL: a.server.URL + "/Content/" + f.Path}
}

func TestLocales(t *testing.T) {
	f := small().fragments[10]
	tests := []struct {
		locales []string
		geoID   string
		want    []string
	}{
		{[]string{"en-US", "en"}, "", []string{"<L>en</L>", "<E>en</E>"}},
		{[]string{"de-AT"}, "DEU", []string{"<L>de</L>", "<L>en</L>", "<E>en DEU</E>"}},
		{[]string{"PT-BR", "de"}, "USA", []string{"<L>pt-br</L>", "<L>de</L>", "<L>en</L>", "<E>en</E>"}},
		{[]string{"pt-PT"}, "", []string{"<L>en</L>", "<E>en</E>"}},
		{[]string{}, "", []string{"<L>en</L>", "<E>en</E>"}},
	}
	for _, tt := range tests {
		w := want{types: []clientws.XMLUpdateFragmentType{clientws.LocalizedProperties, clientws.EULA, clientws.Published}, locales: tt.locales, geoID: tt.geoID}
		if diff := cmp.Diff(tt.want, w.pick(f)); diff != "" {
			t.Errorf("%v %s: %s", tt.locales, tt.geoID, diff)
		}
	}
	only := want{locales: []string{"fr"}}
	if got := only.languages([]string{"ja", "zh-cn"}); !slices.Equal(got, []int{0}) {
		t.Errorf("an update without English has the texts %v", got)
	}
}

func TestExtendedRefuses(t *testing.T) {
	a := newAgent(t, small()).handshake()
	ext := []clientws.XMLUpdateFragmentType{clientws.Extended}
	loc := []clientws.XMLUpdateFragmentType{clientws.LocalizedProperties}
	for _, tt := range []struct {
		r    clientws.GetExtendedUpdateInfo
		path string
	}{
		{clientws.GetExtendedUpdateInfo{RevisionIDs: make([]int32, 51), InfoTypes: ext}, "revisionIDs"},
		{clientws.GetExtendedUpdateInfo{RevisionIDs: []int32{10}}, "infoTypes"},
		{clientws.GetExtendedUpdateInfo{RevisionIDs: []int32{10}, InfoTypes: loc}, "locales"},
	} {
		_, err := a.extended(tt.r)
		wantInvalid(t, err, tt.path)
	}
	if got, err := a.extended(clientws.GetExtendedUpdateInfo{RevisionIDs: make([]int32, 50), InfoTypes: ext}); err != nil || len(got.OutOfScopeRevisionIDs) != 1 {
		t.Errorf("50 ids: %+v, %v", got, err)
	}
}

func TestExtendedInfo2(t *testing.T) {
	w := small()
	a := newAgent(t, w).handshake()
	ask := func(ids ...clientws.UpdateIdentity) (*clientws.ExtendedUpdateInfo2, error) {
		var answer clientws.GetExtendedUpdateInfo2Response
		err := a.client(&clientws.GetExtendedUpdateInfo2{Cookie: a.cookie, UpdateIDs: ids, InfoTypes: []clientws.XMLUpdateFragmentType{clientws.Core, clientws.FileURL}}, &answer)
		return answer.Result, err
	}
	id := clientws.UpdateIdentity{UpdateID: strings.ToUpper(uid(10).String()), RevisionNumber: 100}
	got, err := ask(id, clientws.UpdateIdentity{UpdateID: uid(40).String(), RevisionNumber: 100}, id, clientws.UpdateIdentity{UpdateID: uid(10).String(), RevisionNumber: 99})
	a.must(err)
	file := w.location(a, 10)
	file.FileDigestAlgorithm = "SHA1"
	want := &clientws.ExtendedUpdateInfo2{Updates: []clientws.UpdateData{{ID: 10, XML: w.fragments[10].Core}}, FileLocations: []clientws.FileLocation{file}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = ask(clientws.UpdateIdentity{UpdateID: "x"})
	wantInvalid(t, err, "updateIDs.UpdateIdentity.UpdateID")
	_, err = ask(make([]clientws.UpdateIdentity, 201)...)
	wantInvalid(t, err, "updateIDs")
}

func TestFileLocations(t *testing.T) {
	w := small()
	a := newAgent(t, w).handshake()
	ask := func(digests [][]byte) (*clientws.GetFileLocationsResults, error) {
		var answer clientws.GetFileLocationsResponse
		err := a.client(&clientws.GetFileLocations{Cookie: a.cookie, FileDigests: digests}, &answer)
		return answer.Result, err
	}
	got, err := ask([][]byte{w.files[10][0].SHA1, make([]byte, 20)})
	a.must(err)
	if diff := cmp.Diff([]clientws.FileLocation{w.location(a, 10)}, got.FileLocations); diff != "" || got.NewCookie == nil {
		t.Error(diff)
	}
	_, err = ask(nil)
	wantInvalid(t, err, "fileDigests")
	_, err = ask(make([][]byte, maxDigests+1))
	wantInvalid(t, err, "fileDigests")
	_, err = ask([][]byte{make([]byte, 32)})
	wantInvalid(t, err, "fileDigests.base64Binary")
}

func TestContentBase(t *testing.T) {
	tests := []struct {
		set  Settings
		url  string
		want string
	}{
		{Settings{}, "http://wsus:8530/", "http://wsus:8530/Content/p"},
		{Settings{}, "https://wsus/", "https://wsus/Content/p"},
		{Settings{PlainPort: 8530}, "https://WSUS:8531/", "http://WSUS:8530/Content/p"},
		{Settings{PlainPort: 8530}, "https://[::1]:8531/", "http://[::1]:8530/Content/p"},
		{Settings{PlainPort: 80, ContentBase: "http://cdn/x/"}, "https://wsus/", "http://cdn/x/Content/p"},
	}
	for _, tt := range tests {
		c := &call{set: tt.set, r: httptest.NewRequest("POST", tt.url, nil)}
		if got := c.url("p"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.url, got, tt.want)
		}
	}
}

func TestRefreshCache(t *testing.T) {
	w := small()
	a := newAgent(t, w).handshake()
	ask := func(ids []clientws.UpdateIdentity) ([]clientws.RefreshCacheResult, error) {
		var answer clientws.RefreshCacheResponse
		err := a.client(&clientws.RefreshCache{Cookie: a.cookie, GlobalIDs: ids}, &answer)
		return answer.Results, err
	}
	id := func(g guid.GUID, n int32) clientws.UpdateIdentity {
		return clientws.UpdateIdentity{UpdateID: g.String(), RevisionNumber: n}
	}
	got, err := ask([]clientws.UpdateIdentity{id(uid(10), 100), id(uid(10), 99), id(uid(1), 100), id(uid(40), 100), id(uid(99), 1)})
	a.must(err)
	if len(got) != 2 || got[0].RevisionID != 10 || !got[0].IsLeaf || got[0].Deployment.Action != clientws.Install ||
		got[1].RevisionID != 1 || got[1].IsLeaf || got[1].Deployment.Action != clientws.Evaluate || got[1].GlobalID.UpdateID != uid(1).String() {
		t.Errorf("%+v", got)
	}
	_, err = ask(nil)
	wantInvalid(t, err, "globalIDs")
	_, err = ask([]clientws.UpdateIdentity{{UpdateID: "x"}})
	wantInvalid(t, err, "globalIDs.UpdateIdentity.UpdateID")
}

func TestDeclinedIsOutOfScope(t *testing.T) {
	w := small()
	w.approve(10, deploy.Unassigned, deploy.NotApproved)
	w.compile()
	a := newAgent(t, w).handshake()
	got, err := a.extended(clientws.GetExtendedUpdateInfo{RevisionIDs: []int32{10}, InfoTypes: []clientws.XMLUpdateFragmentType{clientws.Extended}})
	a.must(err)
	if got.Updates != nil || got.FileLocations != nil || !slices.Equal(got.OutOfScopeRevisionIDs, []int32{10}) {
		t.Errorf("%+v", got)
	}
}
