package metadata

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/update"
)

const (
	maxFiles = 10_000
	maxSize  = 1 << 40 // bytes of one file
)

// File is a file of an update, as its metadata describes it.
type File struct {
	Name   string // a plain name
	Size   int64
	SHA1   [20]byte
	SHA256 [32]byte
	// HasSHA256 tells whether the metadata has a SHA-256: very old updates do not.
	HasSHA256 bool
}

// Extended is what the extended fragment says.
type Extended struct {
	Files []File
	KB    update.KB
	// Handler is the namespace of the installation handler, such as ".../UpdateHandlers/CommandLineInstallation".
	Handler string
	// HandlerData is the element HandlerSpecificData as it came; empty when there is none.
	HandlerData string
	// Impact and Reboot are InstallationBehavior's, such as "RequiresExclusiveHandling" and "CanRequestReboot".
	Impact, Reboot string
}

type extendedXML struct {
	Properties struct {
		Handler  string   `xml:"Handler,attr"`
		KB       []string `xml:"KBArticleID"`
		Behavior struct {
			Impact string `xml:"Impact,attr"`
			Reboot string `xml:"RebootBehavior,attr"`
		} `xml:"InstallationBehavior"`
	} `xml:"ExtendedProperties"`
	Files   []fileXML `xml:"Files>File"`
	Handler struct {
		Attrs []xml.Attr `xml:",any,attr"`
		Inner string     `xml:",innerxml"`
	} `xml:"HandlerSpecificData"`
}

type fileXML struct {
	Name      string `xml:"FileName,attr"`
	Digest    string `xml:"Digest,attr"`
	Algorithm string `xml:"DigestAlgorithm,attr"`
	Size      int64  `xml:"Size,attr"`
	Patching  string `xml:"PatchingType,attr"`
	Further   []struct {
		Algorithm string `xml:"Algorithm,attr"`
		Value     string `xml:",chardata"`
	} `xml:"AdditionalDigest"`
}

// ParseExtended reads an extended fragment.
func ParseExtended(fragment string) (Extended, error) {
	var x extendedXML
	if err := decode(fragment, &x); err != nil {
		return Extended{}, fmt.Errorf("extended fragment: %w", err)
	}
	if len(x.Files) > maxFiles {
		return Extended{}, fmt.Errorf("extended fragment: %d files, more than %d", len(x.Files), maxFiles)
	}
	p := &x.Properties
	e := Extended{Handler: p.Handler, HandlerData: handlerData(&x), Impact: p.Behavior.Impact, Reboot: p.Behavior.Reboot}
	for _, kb := range p.KB {
		if found, ok := update.ParseKB(kb); ok && e.KB == "" {
			e.KB = found
		}
	}
	for _, f := range chosen(x.Files) {
		file, err := f.parse()
		if err != nil {
			return e, fmt.Errorf("extended fragment: file %q: %w", f.Name, err)
		}
		e.Files = append(e.Files, file)
	}
	return e, nil
}

// chosen leaves out what patches only what is there already, when the whole files are there too: servers need not host it
// (MS-WSUSSS 3.2.4.4, ServerHostsPsfFiles), and it carries no signature.
func chosen(files []fileXML) []fileXML {
	express := func(f fileXML) bool { return strings.EqualFold(f.Patching, "Express") }
	whole := slices.DeleteFunc(slices.Clone(files), express)
	if len(whole) == 0 {
		return files
	}
	return whole
}

// handlerData writes the element anew around its content: a decoder gives no outer text.
func handlerData(x *extendedXML) string {
	h := &x.Handler
	if len(h.Attrs) == 0 && h.Inner == "" {
		if strings.HasSuffix(x.Properties.Handler, "/WindowsDriver") {
			return `<HandlerSpecificData type="d:WindowsDriver" />` // it has nothing to say
		}
		return ""
	}
	var b strings.Builder
	b.WriteString("<HandlerSpecificData")
	for _, a := range h.Attrs {
		b.WriteString(" " + a.Name.Local + `="`)
		_ = xml.EscapeText(&b, []byte(a.Value)) // a strings.Builder takes everything
		b.WriteString(`"`)
	}
	b.WriteString(">" + h.Inner + "</HandlerSpecificData>")
	return b.String()
}

func (f fileXML) parse() (File, error) {
	out := File{Name: f.Name, Size: f.Size}
	if !plain(f.Name) {
		return out, errors.New("not a plain file name")
	}
	if f.Size < 0 || f.Size > maxSize {
		return out, fmt.Errorf("a size of %d", f.Size)
	}
	if f.Algorithm != "" && f.Algorithm != "SHA1" {
		return out, fmt.Errorf("digest algorithm %q", f.Algorithm)
	}
	if err := digest(out.SHA1[:], f.Digest); err != nil {
		return out, fmt.Errorf("SHA-1: %w", err)
	}
	for _, d := range f.Further {
		if d.Algorithm != "SHA256" {
			continue
		}
		if err := digest(out.SHA256[:], d.Value); err != nil {
			return out, fmt.Errorf("SHA-256: %w", err)
		}
		out.HasSHA256 = true
	}
	return out, nil
}

func digest(to []byte, text string) error {
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return err
	}
	if len(b) != len(to) {
		return fmt.Errorf("%d bytes instead of %d", len(b), len(to))
	}
	copy(to, b)
	return nil
}

// plain reports a name that is one file in one folder on every system: no path, no stream, no device.
func plain(name string) bool {
	if name == "" || len(name) > 200 || strings.TrimRight(name, ". ") != name || strings.ContainsAny(name, `/\:*?"<>|`) {
		return false
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch base = strings.TrimSpace(base); base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	port := strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")
	return !port || len([]rune(base)) != 4
}

// Texts are what people read of an update, in one language.
type Texts struct {
	Language, Title, Description string
}

type localizedXML struct {
	Texts struct {
		Language    string `xml:"Language"`
		Title       string `xml:"Title"`
		Description string `xml:"Description"`
	} `xml:"LocalizedProperties"`
}

// ParseTexts reads a fragment of localized properties.
func ParseTexts(fragment string) (Texts, error) {
	var x localizedXML
	if err := decode(fragment, &x); err != nil {
		return Texts{}, fmt.Errorf("localized fragment: %w", err)
	}
	return Texts(x.Texts), nil
}
