package applicability

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
)

// Windows Installer keeps what is installed for all users below these keys, GUIDs packed: the digits of the first
// three groups reversed, of the rest by pairs (observed; documents of Windows Installer call it a packed GUID).
const (
	msiClasses  = `HKEY_LOCAL_MACHINE\SOFTWARE\Classes\Installer\`
	msiUserData = `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\UserData\S-1-5-18\`
)

// packed gives the packed form of a GUID.
func packed(text string) (string, error) {
	g, err := guid.Parse(text)
	if err != nil {
		return "", err
	}
	digits := strings.ToUpper(strings.ReplaceAll(g.String(), "-", ""))
	var b strings.Builder
	at := 0
	for _, n := range []int{8, 4, 4, 2, 2, 2, 2, 2, 2, 2, 2} {
		for i := at + n - 1; i >= at; i-- {
			b.WriteByte(digits[i])
		}
		at += n
	}
	return b.String(), nil
}

// packedAll packs the texts of all elements of that name.
func (e *element) packedAll(name string) ([]string, error) {
	var all []string
	for _, sub := range e.below {
		if sub.name != name {
			continue
		}
		p, err := packed(sub.content())
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", name, e.name, err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s names no %s", e.name, name)
	}
	return all, nil
}

// product is a product of Windows Installer, with what a rule wants of it.
type product struct {
	code     string // packed
	min, max *Version
	exMin    bool
	exMax    bool
	language string
}

func (e *element) product() (p product, err error) {
	if p.code, err = packed(e.attr("ProductCode")); err != nil {
		return p, err
	}
	p.exMin, p.exMax, p.language = e.yes("ExcludeVersionMin"), e.yes("ExcludeVersionMax"), e.attr("Language")
	if p.min, err = e.version("VersionMin"); err == nil {
		p.max, err = e.version("VersionMax")
	}
	return p, err
}

// version reads an attribute that may be left out: nil then.
func (e *element) version(name string) (*Version, error) {
	if !e.has(name) {
		return nil, nil
	}
	v, err := ParseVersion(e.attr(name))
	return &v, err
}

// installed looks whether the product is there as wanted.
func (p product) installed(s *Scan) (bool, error) {
	k, err := s.key(msiClasses+`Products\`+p.code, false)
	if err != nil {
		return false, err
	}
	have, err := msiVersion(k)
	if err != nil && (p.min != nil || p.max != nil) {
		return false, err
	}
	if p.min != nil && !within(have.Compare(*p.min), p.exMin) || p.max != nil && !within(-have.Compare(*p.max), p.exMax) {
		return false, nil
	}
	return p.speaks(k)
}

// within wants an order above 0, or 0 when the bound itself counts.
func within(order int, excluded bool) bool { return order > 0 || order == 0 && !excluded }

func (p product) speaks(k registry.Key) (bool, error) {
	if p.language == "" {
		return true, nil
	}
	v, err := k.Value("Language")
	n, _ := v.Uint64()
	return err == nil && strconv.FormatUint(n, 10) == p.language, err
}

// msiVersion reads a product's version: a number of 8, 8 and 16 bits.
func msiVersion(k registry.Key) (Version, error) {
	v, err := k.Value("Version")
	if err != nil {
		return Version{}, err
	}
	n, _ := v.Uint64()
	return Version{uint32(n >> 24 & 0xff), uint32(n >> 16 & 0xff), uint32(n & 0xffff), 0}, nil
}

func msiProduct(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	p, err := e.product()
	if err != nil {
		return nil, err
	}
	return func(s *Scan) (Truth, error) { return known(p.installed(s)) }, nil
}

// msiApplication takes its product from the update's metadata.
func msiApplication(b *builder, e *element) (func(*Scan) (Truth, error), error) {
	code := b.metadata.child("MsiApplicationMetadata").child("ProductCode")
	if code == nil {
		return nil, fmt.Errorf("%s: the update's metadata names no product", e.name)
	}
	return msiProduct(b, &element{name: e.name, attrs: append(code.attrs[:0:0], attribute("ProductCode", code.content()))})
}

// msiPatch wants the patch applied (state 1) to the product.
func msiPatch(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	p, err := e.product()
	patch, err2 := packed(e.attr("PatchCode"))
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	return func(s *Scan) (Truth, error) {
		if ok, err := p.installed(s); err != nil || !ok {
			return known(false, err)
		}
		k, err := s.key(msiUserData+`Products\`+p.code+`\Patches\`+patch, false)
		if err != nil {
			return known(false, err)
		}
		v, err := k.Value("State")
		n, _ := v.Uint64()
		return known(n == 1, err)
	}, nil
}

// msiFeature wants features installed: there, and not marked as absent by a leading \x06.
func msiFeature(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	products, err := e.packedAll("Product")
	if err != nil {
		return nil, err
	}
	var features []string
	for _, sub := range e.below {
		if sub.name == "Feature" {
			features = append(features, sub.content())
		}
	}
	has := func(s *Scan, product, feature string) (bool, error) {
		k, err := s.key(msiClasses+`Features\`+product, false)
		if err != nil {
			return false, err
		}
		v, err := k.Value(feature)
		return !strings.HasPrefix(v.String(), "\x06"), err
	}
	return pairs(products, features, e.yes("AllProductsRequired"), e.yes("AllFeaturesRequired"), has), nil
}

// msiComponent wants components that products have registered.
func msiComponent(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	products, err := e.packedAll("Product")
	components, err2 := e.packedAll("Component")
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	has := func(s *Scan, product, component string) (bool, error) {
		k, err := s.key(msiUserData+`Components\`+component, false)
		if err != nil {
			return false, err
		}
		_, err = k.Value(product)
		return true, err
	}
	return pairs(products, components, e.yes("AllProductsRequired"), e.yes("AllComponentsRequired"), has), nil
}

// pairs asks for things of products: one of them unless all are required, of one product unless all are.
func pairs(
	products, things []string, allProducts, allThings bool, has func(s *Scan, product, thing string) (bool, error),
) func(*Scan) (Truth, error) {
	return func(s *Scan) (Truth, error) {
		var why error
		truth := quantify(products, allProducts, func(p string) Truth {
			return quantify(things, allThings, func(thing string) Truth {
				t, err := known(has(s, p, thing))
				if err != nil {
					why = err
				}
				return t
			})
		})
		if truth != Unknown {
			return truth, nil
		}
		return Unknown, why
	}
}

// quantify is Kleene's "for all" or "there is one".
func quantify[T any](list []T, all bool, holds func(T) Truth) Truth {
	decides := of(!all)
	truth := -decides
	for _, v := range list {
		switch t := holds(v); t {
		case decides:
			return t
		case Unknown:
			truth = Unknown
		}
	}
	return truth
}
