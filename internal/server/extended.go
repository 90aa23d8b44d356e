package server

import (
	"slices"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// maxExtended2 bounds a GetExtendedUpdateInfo2, of whose size the specification says nothing.
const maxExtended2 = 200

// getExtendedUpdateInfo gives what a client needs to show, download and install updates (MS-WUSP 3.1.5.9).
func (s *Server) getExtendedUpdateInfo(c *call, r *clientws.GetExtendedUpdateInfo) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if len(r.RevisionIDs) > maxExtended {
		return nil, invalid("revisionIDs")
	}
	if err := checkInfo(r.InfoTypes, r.Locales); err != nil {
		return nil, err
	}
	view := s.deps.Updates.Plan().For(c.session.Groups)
	in, out := deployed(view, r.RevisionIDs)
	x := &extended{s: s, c: c, want: want{types: r.InfoTypes, locales: r.Locales, geoID: r.GeoID}}
	if err := x.add(in); err != nil {
		return nil, err
	}
	return &clientws.GetExtendedUpdateInfoResponse{Result: &clientws.ExtendedUpdateInfo{
		Updates: x.updates, FileLocations: x.files, OutOfScopeRevisionIDs: out,
	}}, nil
}

func checkInfo(types []clientws.XMLUpdateFragmentType, locales []string) error {
	if len(types) == 0 {
		return invalid("infoTypes")
	}
	if locales == nil && (slices.Contains(types, clientws.LocalizedProperties) || slices.Contains(types, clientws.EULA)) {
		return invalid("locales")
	}
	return nil
}

// deployed divides revision ids into those that the client may have and the others, each once.
func deployed(view *deploy.View, ids []int32) (in []catalog.RevisionID, out []int32) {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			continue
		}
		if _, ok := view.Deployment(catalog.RevisionID(id)); ok {
			in = append(in, catalog.RevisionID(id))
		} else {
			out = append(out, id)
		}
	}
	return in, out
}

// getExtendedUpdateInfo2 gives the same by global identity (2.2.2.2.10). Nothing that this server has is encrypted, so there
// are no keys.
func (s *Server) getExtendedUpdateInfo2(c *call, r *clientws.GetExtendedUpdateInfo2) (soap.Body, error) {
	if err := s.session(c, r.Cookie); err != nil {
		return nil, err
	}
	if len(r.UpdateIDs) > maxExtended2 {
		return nil, invalid("updateIDs")
	}
	if err := checkInfo(r.InfoTypes, r.Locales); err != nil {
		return nil, err
	}
	view := s.deps.Updates.Plan().For(c.session.Groups)
	var in []catalog.RevisionID
	for i := range r.UpdateIDs {
		rev, err := find(view, &r.UpdateIDs[i], "updateIDs")
		if err != nil {
			return nil, err
		}
		if rev != nil && !slices.Contains(in, rev.RevisionID) {
			in = append(in, rev.RevisionID)
		}
	}
	x := &extended{s: s, c: c, algorithm: "SHA1", want: want{types: r.InfoTypes, locales: r.Locales}}
	if err := x.add(in); err != nil {
		return nil, err
	}
	return &clientws.GetExtendedUpdateInfo2Response{
		Result: &clientws.ExtendedUpdateInfo2{Updates: x.updates, FileLocations: x.files},
	}, nil
}

// find gives a revision that is deployed in the view; nil when there is none.
func find(view *deploy.View, id *clientws.UpdateIdentity, parameter string) (*catalog.Revision, error) {
	g, err := guid.Parse(id.UpdateID)
	if err != nil {
		return nil, invalid(parameter + ".UpdateIdentity.UpdateID")
	}
	rev := view.Catalog().Find(update.ID{GUID: g, Revision: uint32(id.RevisionNumber)})
	if rev == nil {
		return nil, nil //nolint:nilnil // to be left out is not an error
	}
	if _, ok := view.Deployment(rev.RevisionID); !ok {
		return nil, nil //nolint:nilnil // as above
	}
	return rev, nil
}

// extended collects fragments and places of files.
type extended struct {
	s         *Server
	c         *call
	want      want
	algorithm string // to be named with each file; "": not
	updates   []clientws.UpdateData
	files     []clientws.FileLocation
	seen      map[string]bool
}

func (x *extended) add(ids []catalog.RevisionID) error {
	var cores []string
	if slices.Contains(x.want.types, clientws.Core) {
		var err error
		if cores, err = x.s.core(x.c.ctx, ids); err != nil {
			return err
		}
	}
	for i, id := range ids {
		f, err := x.s.deps.Updates.Fragments(x.c.ctx, id)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		if cores != nil {
			f.Core = cores[i]
		}
		for _, xml := range x.want.pick(f) {
			x.updates = append(x.updates, clientws.UpdateData{ID: int32(id), XML: xml})
		}
		if !x.want.files() {
			continue
		}
		files, err := x.s.deps.Updates.Files(x.c.ctx, id)
		if err != nil {
			return err
		}
		x.locate(files)
	}
	return nil
}

func (x *extended) locate(files []File) {
	if x.seen == nil {
		x.seen = map[string]bool{}
	}
	for _, f := range files {
		if !x.seen[string(f.SHA1)] {
			x.seen[string(f.SHA1)] = true
			x.files = append(x.files, clientws.FileLocation{FileDigest: f.SHA1, URL: x.c.url(f.Path), FileDigestAlgorithm: x.algorithm})
		}
	}
}
