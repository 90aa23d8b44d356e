package publish

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/redx-update/redx/internal/applicability"
)

// Rules say on which computers an update is, and on which it can be.
type Rules struct {
	installed, fits []node
}

// InstalledIfFile adds that a file is there, "PATH", or in at least a version, "PATH>=1.2.3". The path is absolute or
// begins with a variable that Windows has a folder number for, such as %ProgramFiles%.
func (r *Rules) InstalledIfFile(text string) error {
	path, version, compares := strings.Cut(text, ">=")
	at, err := place(strings.TrimSpace(path))
	if err != nil {
		return err
	}
	if !compares {
		r.installed = append(r.installed, node{name: "bar:FileExists", attrs: at})
		return nil
	}
	v, err := applicability.ParseVersion(strings.TrimSpace(version))
	if err != nil {
		return err
	}
	r.installed = append(r.installed, node{name: "bar:FileVersion", attrs: at}.with("Comparison", "GreaterThanOrEqualTo", "Version", dotted(v)))
	return nil
}

func dotted(v applicability.Version) string {
	return fmt.Sprintf("%d.%d.%d.%d", v[0], v[1], v[2], v[3])
}

// folders are the CSIDL numbers of the variables that people write.
var folders = map[string]string{
	"%programdata%": "35", "%windir%": "36", "%systemroot%": "36", "%programfiles%": "38", "%programfiles(x86)%": "42",
	"%commonprogramfiles%": "43", "%commonprogramfiles(x86)%": "44",
}

var absolute = regexp.MustCompile(`^[A-Za-z]:\\[^%]+$`)

// place gives a file's place as rules have it: Windows expands no variables there.
func place(path string) ([]attr, error) {
	if absolute.MatchString(path) {
		return []attr{{"Path", path}}, nil
	}
	if variable, rest, ok := strings.Cut(path, `\`); ok && rest != "" {
		if n, ok := folders[strings.ToLower(variable)]; ok {
			return []attr{{"Path", rest}, {"Csidl", n}}, nil
		}
	}
	return nil, fmt.Errorf(`%q is no path like C:\x.dll or %%ProgramFiles%%\x\x.exe`, path)
}

// hives are the roots of keys, and what people call them.
var hives = map[string]string{
	"HKLM": "HKEY_LOCAL_MACHINE", "HKEY_LOCAL_MACHINE": "HKEY_LOCAL_MACHINE", "HKCR": "HKEY_CLASSES_ROOT", "HKEY_CLASSES_ROOT": "HKEY_CLASSES_ROOT",
}

var errRegistry = errors.New(`wanted is HKLM\KEY\VALUE, with =TEXT, =dword:NUMBER or >=VERSION behind it, if any`)

// InstalledIfRegistry adds that a value is there (HKLM\KEY\VALUE), is a text (=TEXT), a number (=dword:NUMBER), or at least
// a version (>=VERSION).
func (r *Rules) InstalledIfRegistry(text string) error {
	path, data, equals := strings.Cut(text, "=")
	path, atLeast := strings.CutSuffix(path, ">")
	root, rest, ok := strings.Cut(path, `\`)
	hive, known := hives[strings.ToUpper(root)]
	last := strings.LastIndexByte(rest, '\\')
	if !ok || !known || last <= 0 || strings.Contains(path, ">") {
		return fmt.Errorf("%q: %w", text, errRegistry)
	}
	n := node{}.with("Key", hive, "Subkey", rest[:last], "Value", rest[last+1:])
	number, isNumber := strings.CutPrefix(data, "dword:")
	switch {
	case atLeast:
		if _, err := applicability.ParseVersion(data); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		n.name = "bar:RegSzToVersion"
		n = n.with("Comparison", "GreaterThanOrEqualTo", "Data", data)
	case !equals:
		n.name = "bar:RegValueExists"
	case isNumber:
		n.name = "bar:RegDword"
		n = n.with("Comparison", "EqualTo", "Data", number)
	default:
		n.name = "bar:RegSz"
		n = n.with("Comparison", "EqualTo", "Data", data)
	}
	r.installed = append(r.installed, n)
	return nil
}

var windows = regexp.MustCompile(`^windows\s*>=\s*(\d{1,5})(?:\.(\d{1,5}))?(?:\.(\d{1,6}))?$`)

// For adds which Windows it is for: "windows>=10.0.19041".
func (r *Rules) For(text string) error {
	m := windows.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return fmt.Errorf("%q is not of the form windows>=10.0.19041", text)
	}
	r.fits = append(r.fits, element("bar:WindowsVersion").with("Comparison", "GreaterThanOrEqualTo", "MajorVersion", m[1]).
		maybe("MinorVersion", m[2]).maybe("BuildNumber", m[3]))
	return nil
}

// maxRules bounds a file of rules.
const maxRules = 1 << 20

// Read adds rules written as XML: IsInstalled, IsInstallable or both, in an ApplicabilityRules or not, with prefixes or
// without.
func (r *Rules) Read(from io.Reader) error {
	d := xml.NewDecoder(io.LimitReader(from, maxRules))
	found := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && found {
			return nil
		}
		if err != nil {
			return fmt.Errorf("rules at byte %d: %w", d.InputOffset(), err)
		}
		s, ok := t.(xml.StartElement)
		if !ok || s.Name.Local != "IsInstalled" && s.Name.Local != "IsInstallable" {
			continue
		}
		var below struct {
			Rules []ruleXML `xml:",any"`
		}
		if err := d.DecodeElement(&below, &s); err != nil {
			return fmt.Errorf("rules at byte %d: %w", d.InputOffset(), err)
		}
		found = true
		for _, rule := range below.Rules {
			if s.Name.Local == "IsInstalled" {
				r.installed = append(r.installed, rule.node())
			} else {
				r.fits = append(r.fits, rule.node())
			}
		}
	}
}

type ruleXML struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Below   []ruleXML  `xml:",any"`
}

// node gives a rule the prefix of its schema, which its name tells.
func (x ruleXML) node() node {
	n := node{name: schemaOf(x.XMLName.Local) + ":" + x.XMLName.Local}
	for _, a := range x.Attrs {
		if a.Name.Space == "" && a.Name.Local != "xmlns" {
			n.attrs = append(n.attrs, attr{a.Name.Local, a.Value})
		}
	}
	for _, b := range x.Below {
		n.below = append(n.below, b.node())
	}
	if len(n.below) == 0 {
		n.text = strings.TrimSpace(x.Text)
	}
	return n
}

func schemaOf(rule string) string {
	switch {
	case strings.HasPrefix(rule, "Cbs"):
		return "cbsar"
	case strings.HasPrefix(rule, "Msi"), rule == "Product", rule == "Feature", rule == "Component":
		return "msiar"
	case rule == "And" || rule == "Or" || rule == "Not" || rule == "True" || rule == "False":
		return "lar"
	}
	return "bar"
}
