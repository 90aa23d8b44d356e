package publish

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/update"
)

// bundle makes of several payloads an update each, and one that consists of these, which is what people see and approve. The
// ids of the parts come from that of the whole, so that the same again is the same.
func (p *Publisher) bundle(ctx context.Context, r *Request, all []*payload, have *catalog.Catalog) ([]made, error) {
	whole := *r
	if whole.ID.IsZero() {
		var err error
		if whole.ID, err = newID(); err != nil {
			return nil, err
		}
	}
	var parts []made
	for _, f := range all {
		m, err := p.part(ctx, &whole, f, have)
		if err != nil {
			return nil, err
		}
		parts = append(parts, m)
	}
	b, err := whole.bundle(all, parts)
	if err != nil {
		return nil, err
	}
	b.document, b.isNew, err = p.number(ctx, &whole, &b.Update, have)
	return append(parts, b), err
}

// part makes the update of one payload. What was said of the whole does not name it.
func (p *Publisher) part(ctx context.Context, whole *Request, f *payload, have *catalog.Catalog) (made, error) {
	r := *whole
	r.ID = named("part", whole.ID.String()+"\x00"+f.name)
	r.Title, r.Description, r.KB, r.Supersedes = "", "", "", nil
	f.facts.Title = cmp.Or(f.facts.Title, strings.TrimSuffix(f.name, filepath.Ext(f.name)))
	r.part = true
	all, err := p.single(ctx, &r, f, have)
	if err != nil {
		return made{}, err
	}
	return all[0], nil
}

// bundle makes the whole: it is called as its main part is, by what the package says of itself, and restarts Windows when
// one of its parts does.
func (r *Request) bundle(all []*payload, parts []made) (made, error) {
	main := all[len(all)-1]
	if i := slices.IndexFunc(all, func(f *payload) bool { return f.said.KB != "" && f.facts.KB == f.said.KB && !f.facts.Stack }); i >= 0 {
		main = all[i]
	}
	facts := main.facts
	facts.KB, facts.MoreInfo = cmp.Or(main.said.KB, facts.KB), cmp.Or(main.said.MoreInfo, facts.MoreInfo)
	facts.Package = Package{uninstall: true}
	u, categories, err := r.of(facts, main.signer)
	if err != nil {
		return made{}, err
	}
	for i := range parts {
		u.Bundled = append(u.Bundled, update.ID{GUID: parts[i].ID.GUID, Revision: parts[i].ID.Revision})
		u.Package.uninstall = u.Package.uninstall && parts[i].Package.uninstall
		if r.Reboot == "" && parts[i].Reboot == Always {
			u.Reboot = Always
		}
	}
	return made{Update: u, categories: categories}, nil
}
