package intake

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

// scanPackage is the list of updates in the catalogue for scans without a server.
type scanPackage struct {
	Updates []scanUpdate `xml:"Updates>Update"`
}

type scanUpdate struct {
	ID         string `xml:"UpdateId,attr"`
	Revision   uint32 `xml:"RevisionNumber,attr"`
	Number     string `xml:"RevisionId,attr"`
	Language   string `xml:"DefaultLanguage,attr"`
	Created    string `xml:"CreationDate,attr"`
	Categories []struct {
		ID string `xml:"Id,attr"`
	} `xml:"Categories>Category"`
}

// pieces are the fragments of one update.
type pieces struct{ core, extended, localized string }

// Bounds of a scan catalogue; the real one has some 100,000 updates in 20 cabinets.
const (
	maxCabinet = 4 << 30
	maxPieces  = 2 << 20
	maxPiece   = 16 << 20
)

// scanCabinet takes in the catalogue for scans. It has fragments that are cut already, no whole documents and no files:
// what comes from it can be scanned for, and not installed. Each cabinet in it has all that there is of some updates, so that no
// more than the fragments of one are held.
func (in *Intake) scanCabinet(ctx context.Context, what string, c *cab.Cabinet) error {
	var failed error // not the catalogue's fault
	list, err := listOf(c)
	if err == nil {
		err = c.Each(func(f cab.File, r io.Reader) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			name := strings.ToLower(f.Name)
			if name == listName || !strings.HasSuffix(name, ".cab") {
				return nil
			}
			broken := inner(r, func(inside *cab.Cabinet) error {
				all := map[string]*pieces{}
				err := readPieces(inside, all)
				failed = in.cutAll(ctx, list, all)
				return errors.Join(err, failed)
			})
			if broken != nil && failed == nil {
				in.refuse(what+": "+f.Name, broken)
			}
			return failed
		})
	}
	if failed != nil {
		return failed
	}
	if err != nil {
		in.refuse(what, err)
	}
	return ctx.Err()
}

// listName is the cabinet with the list of the updates.
const listName = "package.cab"

func listOf(c *cab.Cabinet) (*scanPackage, error) {
	for _, f := range c.Files() {
		if !strings.EqualFold(f.Name, listName) {
			continue
		}
		r, err := c.Open(f)
		if err != nil {
			return nil, err
		}
		var list scanPackage
		err = inner(r, func(inside *cab.Cabinet) error { return readList(inside, &list) })
		return &list, err
	}
	return nil, errors.New("no " + listName + " in it")
}

// cutAll takes in those of the listed updates that there are fragments of.
func (in *Intake) cutAll(ctx context.Context, list *scanPackage, all map[string]*pieces) error {
	for i := range list.Updates {
		u := &list.Updates[i]
		if p := all[u.Number]; p != nil && p.core != "" {
			if err := in.cut(ctx, u, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// inner opens a cabinet inside a cabinet; it needs a file, since a stream cannot be sought in.
func inner(r io.Reader, visit func(*cab.Cabinet) error) error {
	f, err := os.CreateTemp("", "redx-*.cab")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a temporary file that stays is found by its name
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(r, maxCabinet+1))
	if err != nil {
		return err
	}
	if n > maxCabinet {
		return fmt.Errorf("a cabinet of more than %d bytes", int64(maxCabinet))
	}
	c, err := cab.Open(f, n)
	if err != nil {
		return err
	}
	return visit(c)
}

func readList(c *cab.Cabinet, list *scanPackage) error {
	return c.Each(func(f cab.File, r io.Reader) error {
		if !strings.EqualFold(f.Name, "package.xml") {
			return nil
		}
		return xml.NewDecoder(r).Decode(list)
	})
}

// readPieces reads "c/NUMBER", "x/NUMBER" and "l/en/NUMBER", with either kind of slash.
func readPieces(c *cab.Cabinet, all map[string]*pieces) error {
	return c.Each(func(f cab.File, r io.Reader) error {
		name := strings.ToLower(strings.ReplaceAll(f.Name, `\`, "/"))
		number := path.Base(name)
		kind := path.Dir(name)
		if !slices.Contains([]string{"c", "x", "l/en", "core", "extended"}, kind) || len(all) >= maxPieces {
			return nil
		}
		b, err := io.ReadAll(io.LimitReader(r, maxPiece))
		if err != nil {
			return err
		}
		if all[number] == nil {
			all[number] = &pieces{}
		}
		switch text := string(plain(b)); kind[0] {
		case 'c':
			all[number].core = text
		case 'x', 'e':
			all[number].extended = text
		default:
			all[number].localized = text
		}
		return nil
	})
}

// cut adds an update that comes in fragments.
func (in *Intake) cut(ctx context.Context, listed *scanUpdate, p *pieces) error {
	together := bytes.Join([][]byte{[]byte("<Update>"), []byte(p.core), []byte(p.extended), []byte(p.localized), []byte("</Update>")}, nil)
	r, info, err := read(together)
	if err == nil && (!strings.EqualFold(r.ID.GUID.String(), listed.ID) || r.ID.Revision != listed.Revision) {
		err = fmt.Errorf("core fragment is of %s revision %d", r.ID.GUID, r.ID.Revision)
	}
	if err != nil {
		in.refuse("update "+listed.ID+" revision "+strconv.Itoa(int(listed.Revision)), err)
		return nil
	}
	info.ScanOnly, info.Created = true, date(listed.Created)
	info.Files = nil // it has their digests, but nobody can offer them from here
	for _, c := range listed.Categories {
		if g, err := guid.Parse(c.ID); err == nil && !slices.Contains(info.Categories, g) {
			info.Categories = append(info.Categories, g)
		}
	}
	u := store.Update{Revision: r, Info: info, Core: p.core, Fragments: store.Fragments{Extended: p.extended}}
	if p.localized != "" {
		u.Fragments.Localized = []store.Localized{{Language: "en", XML: p.localized}}
	}
	return in.add(ctx, u)
}
