package soap

import (
	"errors"
	"reflect"
)

// The namespaces of the envelope.
const (
	namespace11 = "http://schemas.xmlsoap.org/soap/envelope/"
	namespace12 = "http://www.w3.org/2003/05/soap-envelope"
)

// Version is that of SOAP.
type Version int

// The versions. The protocols are SOAP 1.1; a server answers a 1.2 request in 1.2.
const (
	V11 Version = iota + 1
	V12
)

// ErrVersion says that a message is XML, and no SOAP envelope that is known.
var ErrVersion = errors.New("soap: no SOAP 1.1 or 1.2 envelope")

// A Body is what stands in a message: a pointer to a struct that knows its element.
type Body interface {
	// Element gives the namespace and the name of the element.
	Element() (space, name string)
}

// A Message is an envelope that was opened as far as the element in its body.
type Message struct {
	Version Version
	Name    string // of the element in the body: the operation, the operation and "Response", or "Fault"
	r       *reader
}

// Open reads a message, in UTF-8 or UTF-16, up to the element in its body. Headers are skipped: the protocols have none.
func Open(message []byte) (*Message, error) {
	r, err := newReader(message)
	if err != nil {
		return nil, err
	}
	ok, err := r.next()
	if err != nil {
		return nil, err
	}
	m := &Message{r: r}
	if m.Version = r.version(); !ok || m.Version == 0 {
		return nil, ErrVersion
	}
	if err := r.child("Body"); err != nil {
		return nil, err
	}
	if ok, err = r.next(); err != nil {
		return nil, err
	}
	if !ok {
		return nil, r.fail("the body is empty")
	}
	m.Name = string(r.local())
	return m, nil
}

// version tells the envelope we are in by the namespaces that it declares.
func (r *reader) version() Version {
	if string(r.local()) != "Envelope" {
		return 0
	}
	for _, a := range r.attrs {
		switch string(a.value) {
		case namespace11:
			return V11
		case namespace12:
			return V12
		}
	}
	return 0
}

// child enters the next child of that name, past others.
func (r *reader) child(name string) error {
	for {
		ok, err := r.next()
		switch {
		case err != nil:
			return err
		case !ok:
			return r.fail("no " + name)
		case string(r.local()) == name:
			return nil
		}
		if err := r.skip(); err != nil {
			return err
		}
	}
}

// Decode reads the element in the body into to, and the rest of the message to its end: a message that was cut off is
// refused. It can be called once.
func (m *Message) Decode(to Body) error {
	v := reflect.ValueOf(to)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.New("soap: decode wants a pointer")
	}
	if err := m.r.decodeStruct(v.Elem()); err != nil {
		return err
	}
	return m.finish()
}

func (m *Message) finish() error {
	for len(m.r.open) > 0 {
		ok, err := m.r.next()
		if err != nil {
			return err
		}
		if ok {
			return m.r.fail("a second element in the body")
		}
	}
	return nil
}

// A Style is how the parts around the body look. Readers of XML see no difference; the styles are those of the captured
// dialogue, so that what redx writes can be compared with it byte for byte.
type Style struct {
	head, tail string
}

const schemas = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"`

// The styles of SOAP 1.1.
var (
	// Agent is how Windows' update agent writes.
	Agent = Style{`<s:Envelope xmlns:s="` + namespace11 + `"><s:Body>`, `</s:Body></s:Envelope>`}
	// Client is how the client web service answers.
	Client = Style{`<s:Envelope xmlns:s="` + namespace11 + `"><s:Body` + schemas + `>`, `</s:Body></s:Envelope>`}
	// ASMX is how the other web services answer.
	ASMX = Style{
		`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + namespace11 + `"` + schemas + `><soap:Body>`,
		`</soap:Body></soap:Envelope>`,
	}
	// Twelve is for answers to SOAP 1.2.
	Twelve = Style{
		`<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="` + namespace12 + `"` + schemas + `><s:Body>`,
		`</s:Body></s:Envelope>`,
	}
)

// Append writes a message with that body to dst.
func (s Style) Append(dst []byte, body Body) ([]byte, error) {
	space, name := body.Element()
	dst = append(dst, s.head...)
	dst = append(append(append(dst, '<'), name...), ` xmlns="`...)
	dst = append(append(dst, space...), `">`...)
	start := len(dst)
	dst, err := appendStruct(dst, reflect.Indirect(reflect.ValueOf(body)))
	dst = closeTag(dst, name, start)
	return append(dst, s.tail...), err
}
