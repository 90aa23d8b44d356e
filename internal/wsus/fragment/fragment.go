// Package fragment cuts a whole update document into the pieces that clients get (MS-WUSP 3.1.1.1): the core, the extended
// part, the texts of each language, and the license agreements. Its output is that of Windows' own server byte for byte
// as far as captured samples show; what of that the specification does not say is marked below.
//
// It does not judge what a document says, and does not make catalogue entries of it. A piece may have several roots, so it
// is no XML document by itself.
package fragment

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

const (
	// MaxDocument bounds a document. The largest that are known, drivers with thousands of hardware ids, stay below it.
	MaxDocument = 64 << 20
	// maxDepth bounds how deep elements may be nested. Conditions nest, but people write them.
	maxDepth = 256
)

// Fragments are the pieces of a document.
type Fragments struct {
	Core      string
	Extended  string
	Localized []Localized // in the document's order
	EULAs     []EULA      // in the document's order
}

// Localized has the texts of one language.
type Localized struct {
	Language string // as in the document, such as "en" or "pt-br"
	XML      string
}

// EULA names the file of a license agreement.
type EULA struct {
	Language string
	GeoID    string // "": for all places that have no other one
	XML      string
}

// A DocumentError says where a document stops to be what it should.
type DocumentError struct {
	Offset int64
	Err    error
}

func (e *DocumentError) Error() string {
	return fmt.Sprintf("update document at offset %d: %v", e.Offset, e.Err)
}

func (e *DocumentError) Unwrap() error { return e.Err }

// Cut cuts a document. It must be UTF-8, without a document type, with an Update at its root that has an identity and
// properties. The error is a *DocumentError.
func Cut(document []byte) (*Fragments, error) {
	if len(document) > MaxDocument {
		return nil, &DocumentError{MaxDocument, errors.New("too large")}
	}
	c := &cutter{dec: xml.NewDecoder(bytes.NewReader(flat(document)))}
	err := c.document()
	if err != nil {
		return nil, &DocumentError{c.dec.InputOffset(), err}
	}
	return c.fragments(), nil
}

// cutter sorts the children of the root by where they belong; they come in the order of the document, and go out in that of
// the specification.
type cutter struct {
	dec  *xml.Decoder
	open []bool // of the elements around: whether white space alone is text in them

	identity, core, relationships, rules piece
	extended, files, handler             piece
	localized                            []Localized
	eulas                                []EULA
}

func (c *cutter) fragments() *Fragments {
	return &Fragments{
		Core:      c.identity.String() + c.core.String() + c.relationships.String() + c.rules.String(),
		Extended:  c.extended.String() + c.files.String() + c.handler.String(),
		Localized: c.localized,
		EULAs:     c.eulas,
	}
}

func (c *cutter) document() error {
	root, err := c.root()
	if err != nil {
		return err
	}
	if root.Name.Local != "Update" {
		return fmt.Errorf("the root is %q, not Update", root.Name.Local)
	}
	if err := c.children(c.part); err != nil {
		return err
	}
	if c.identity.Len() == 0 || c.core.Len() == 0 {
		return errors.New("no UpdateIdentity or no Properties")
	}
	return c.rest()
}

// next gives the next token. Comments and processing instructions are passed, a document type is refused.
func (c *cutter) next() (xml.Token, error) {
	for {
		t, err := c.dec.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if len(c.open) == maxDepth {
				return nil, errors.New("nested too deep")
			}
			c.open = append(c.open, spaced(t, c.spaced()))
			return t, nil
		case xml.EndElement:
			c.open = c.open[:len(c.open)-1]
			return t, nil
		case xml.CharData:
			return t, nil
		case xml.Directive:
			return nil, errors.New("a document type")
		}
	}
}

// spaced says whether white space alone is text in the element we are in.
func (c *cutter) spaced() bool { return len(c.open) > 0 && c.open[len(c.open)-1] }

// spaced says it of an element, by its xml:space or by that of what is around it.
func spaced(s xml.StartElement, around bool) bool {
	for _, a := range s.Attr {
		if a.Name.Space == xmlNamespace && a.Name.Local == "space" {
			return a.Value == "preserve"
		}
	}
	return around
}

const xmlNamespace = "http://www.w3.org/XML/1998/namespace"

func (c *cutter) root() (xml.StartElement, error) {
	for {
		t, err := c.next()
		if err != nil {
			return xml.StartElement{}, err
		}
		if s, ok := t.(xml.StartElement); ok {
			return s, nil
		}
	}
}

// rest makes sure that nothing but white space follows the root.
func (c *cutter) rest() error {
	for {
		t, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := t.(xml.CharData); !ok || len(bytes.TrimSpace(text)) > 0 {
			return errors.New("something behind the root")
		}
	}
}

// children calls f for each child of the element we are in; f leaves the child.
func (c *cutter) children(f func(xml.StartElement) error) error {
	for {
		t, err := c.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := f(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// part sorts one child of the root. Of what should be there once, the first counts.
func (c *cutter) part(s xml.StartElement) error {
	switch s.Name.Local {
	case "UpdateIdentity":
		return c.once(&c.identity, s)
	case "Properties":
		return c.properties(s)
	case "Relationships":
		return c.once(&c.relationships, s)
	case "ApplicabilityRules":
		return c.once(&c.rules, s)
	case "Files":
		return c.once(&c.files, s)
	case "HandlerSpecificData":
		return c.once(&c.handler, s)
	case "LocalizedPropertiesCollection":
		return c.children(c.local)
	}
	return c.skip(s)
}

func (c *cutter) once(p *piece, s xml.StartElement) error {
	if p.Len() > 0 {
		return c.skip(s)
	}
	return c.copy(p, s)
}

func (c *cutter) skip(xml.StartElement) error { return c.children(c.skip) }

// local sorts one child of the localized properties.
func (c *cutter) local(s xml.StartElement) error {
	var p piece
	switch s.Name.Local {
	case "LocalizedProperties":
		language, err := c.language(&p, s)
		c.localized = append(c.localized, Localized{language, p.String()})
		return err
	case "EulaFile":
		err := c.copy(&p, s)
		c.eulas = append(c.eulas, EULA{attribute(s, "Language"), attribute(s, "GeoId"), p.String()})
		return err
	}
	return c.skip(s)
}

func attribute(s xml.StartElement, name string) string {
	for _, a := range s.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
