package install

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Kind is how an update is installed.
type Kind string

// The kinds of handler that redx knows.
const (
	CBS         Kind = "cbs"     // a package of component based servicing
	CommandLine Kind = "command" // a program of the update's own
	MSI         Kind = "msi"     // Windows Installer
	Driver      Kind = "driver"  // the files of a driver, with its INF
)

// ErrHandler says that an update is installed in a way that redx does not know.
var ErrHandler = errors.New("an unknown handler")

// Handler is what an update's metadata say of how it is installed (HandlerSpecificData).
type Handler struct {
	Kind      Kind
	Install   Command
	Uninstall Command // its zero value: there is none
	// Of Windows Installer: the package's file in the update, and the product. No metadata of that handler was at hand; the
	// names are the published ones.
	Package string
	Product string
}

// Command is a program, and what its exit codes mean.
type Command struct {
	Program   string // the file's name in the update
	Arguments string
	Other     Outcome // of a code that is not in Codes
	Codes     map[int32]Outcome
}

// Outcome is what an exit code means.
type Outcome struct {
	Failed    bool
	Cancelled bool
	Restart   bool
}

type handlerXML struct {
	Type      []xml.Attr `xml:",any,attr"`
	Install   commandXML `xml:"InstallCommand"`
	Uninstall commandXML `xml:"UninstallCommand"`
	MSI       struct {
		File    string `xml:"MsiFile,attr"`
		Product string `xml:"ProductCode,attr"`
		Command string `xml:"CommandLine,attr"`
	} `xml:"MsiData"`
	MSP struct {
		File    string `xml:"PatchFile,attr"`
		Command string `xml:"CommandLine,attr"`
	} `xml:"MspData"`
}

type commandXML struct {
	Program   string `xml:"Program,attr"`
	Arguments string `xml:"Arguments,attr"`
	Reboot    string `xml:"RebootByDefault,attr"`
	Result    string `xml:"DefaultResult,attr"`
	Codes     []struct {
		Code   string `xml:"Code,attr"`
		Result string `xml:"Result,attr"`
		Reboot string `xml:"Reboot,attr"`
	} `xml:"ReturnCode"`
}

// maxHandler bounds the metadata that are searched for a handler, in bytes.
const maxHandler = 4 << 20

// ParseHandler finds HandlerSpecificData in an update's metadata, whole documents or the fragments that servers send.
// ErrHandler, wrapped, when there is none or it is of an unknown type.
func ParseHandler(metadata []byte) (Handler, error) {
	if len(metadata) > maxHandler {
		return Handler{}, fmt.Errorf("metadata of %d bytes", len(metadata))
	}
	d := xml.NewDecoder(bytes.NewReader(metadata))
	d.Strict = false // fragments use prefixes that nothing declares
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return Handler{}, fmt.Errorf("no HandlerSpecificData: %w", ErrHandler)
		}
		if err != nil {
			return Handler{}, fmt.Errorf("handler: %w", err)
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "HandlerSpecificData" {
			var h handlerXML
			if err := d.DecodeElement(&h, &e); err != nil {
				return Handler{}, fmt.Errorf("handler: %w", err)
			}
			return h.handler()
		}
	}
}

func (x *handlerXML) handler() (h Handler, err error) {
	typ := ""
	for _, a := range x.Type {
		if a.Name.Local == "type" {
			typ = a.Value
		}
	}
	_, local, _ := strings.Cut(typ, ":")
	switch {
	case strings.HasPrefix(local, "CommandLine"):
		h.Kind = CommandLine
		if h.Install, err = x.Install.command(); err == nil && x.Uninstall.Program != "" {
			h.Uninstall, err = x.Uninstall.command()
		}
	case strings.HasPrefix(local, "WindowsDriver"):
		h.Kind = Driver
	case strings.HasPrefix(local, "Cbs"):
		h.Kind = CBS
	case strings.HasPrefix(local, "WindowsInstaller"), strings.HasPrefix(local, "Msi"):
		h.Kind, h.Package, h.Product = MSI, x.MSI.File, x.MSI.Product
		h.Install.Arguments = x.MSI.Command
		if x.MSP.File != "" {
			h.Package, h.Install.Arguments = x.MSP.File, x.MSP.Command
		}
		err = h.checkInstaller()
	default:
		err = fmt.Errorf("%q: %w", typ, ErrHandler)
	}
	return h, err
}

// checkInstaller refuses a product or file that could be read as another argument.
func (h *Handler) checkInstaller() error {
	if h.Package != "" && plainPath(h.Package) != nil {
		return fmt.Errorf("handler: %q is no name of a file", h.Package)
	}
	if p := h.Product; p != "" && (len(p) != 38 || strings.Trim(p, "{}0123456789abcdefABCDEF-") != "") {
		return fmt.Errorf("handler: %q is no product code", p)
	}
	return nil
}

func (x *commandXML) command() (Command, error) {
	c := Command{Program: x.Program, Arguments: x.Arguments, Codes: map[int32]Outcome{}}
	if err := plainPath(x.Program); err != nil {
		return c, fmt.Errorf("handler: program: %w", err)
	}
	c.Other = outcome(x.Result, x.Reboot)
	if x.Result == "" {
		c.Other.Failed = true
	}
	for _, r := range x.Codes {
		n, err := strconv.ParseInt(strings.TrimSpace(r.Code), 0, 64)
		if err != nil || n < -1<<31 || n >= 1<<32 {
			return c, fmt.Errorf("handler: return code %q", r.Code)
		}
		c.Codes[int32(uint32(n))] = outcome(r.Result, r.Reboot)
	}
	return c, nil
}

func outcome(result, reboot string) Outcome {
	yes, _ := strconv.ParseBool(strings.TrimSpace(reboot))
	return Outcome{Failed: strings.EqualFold(result, "Failed"), Cancelled: strings.EqualFold(result, "Cancelled"), Restart: yes}
}

// Outcome gives the meaning of an exit code. 0 is a success that no list need name.
func (c *Command) Outcome(code int32) Outcome {
	if o, ok := c.Codes[code]; ok {
		return o
	}
	if code == 0 && c.Other.Failed {
		return Outcome{}
	}
	return c.Other
}
