package winevents

import (
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/hresult"
)

// What Windows Installer says of an update of a product; Subject is the product.
const (
	InstallerFailed Kind = "installer-failed"
	InstallerSource Kind = "installer-source" // it did not find the package of the product or of the patch
)

// sourceErrors are the results of Windows Installer that mean "the package was not found" (msi.h): the source of a
// product is absent, a patch cannot be opened, no valid source.
var sourceErrors = map[string]bool{"1612": true, "1635": true, "1706": true}

// installer reads Windows Installer's events (described): 1023 and 1024 have product, patch and code, each in a field of
// its own; 11612 and 11706 are the messages 1612 and 1706, "Product: X -- Error 1706. ...", in one.
func installer(r *evtx.Record) Event {
	var e Event
	var values []string
	for _, f := range r.Data {
		if v := strings.TrimSpace(f.Value); v != "" && v != "(NULL)" {
			values = append(values, v)
		}
	}
	if len(values) > 0 {
		e.Subject = productOf(values[0])
	}
	switch r.EventID {
	case 11612, 11706:
		e.Kind, e.Code = InstallerSource, msiCode(int(r.EventID)-10000)
	case 1023, 1024:
		e.Kind = InstallerFailed
		for _, v := range values {
			if n, err := strconv.Atoi(v); err == nil && sourceErrors[v] {
				e.Kind, e.Code = InstallerSource, msiCode(n)
			}
		}
	default:
		return e
	}
	e.Text = "Windows Installer could not install an update of " + quote(e.Subject)
	if e.Kind == InstallerSource {
		e.Text = failed("Windows Installer did not find the package of "+quote(e.Subject), e.Code)
	}
	return e
}

// msiCode gives an installer's result as the update agent reports it.
func msiCode(n int) hresult.Code { return 0x80070000 | hresult.Code(n) }

// productOf reads "Product: X -- Error 1706. ..."; localised messages begin with another word.
func productOf(s string) string {
	name, _, found := strings.Cut(s, " -- ")
	if !found {
		return s
	}
	if _, rest, ok := strings.Cut(name, ": "); ok {
		return rest
	}
	return name
}
