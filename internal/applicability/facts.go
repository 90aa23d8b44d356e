package applicability

import (
	"errors"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/registry"
)

// ErrUnknown says that the fact cannot be had from here. It is not the same as fs.ErrNotExist, which is a fact.
var ErrUnknown = errors.New("cannot be known here")

// Windows is what the rules of an operating system compare with, in the words of OSVERSIONINFOEX.
type Windows struct {
	Major, Minor, Build    uint32
	ServicePack            uint32 // major; the minor one has always been 0
	ProductType            uint32 // 1 workstation, 2 domain controller, 3 server
	SuiteMask              uint32
	Architecture           uint32 // as wProcessorArchitecture: 0 x86, 5 ARM, 6 IA64, 9 x64, 12 ARM64
	Languages              []string
	SuiteKnown, TypesKnown bool // whether SuiteMask and ProductType could be had
}

// File is what the rules of a file compare with.
type File struct {
	Size              int64
	Modified, Created time.Time // UTC; zero when it is not known
}

// Device is a device of the computer; its ids have the most specific first.
type Device struct {
	HardwareIDs, CompatibleIDs []string
	Driver                     *Driver // nil: none
}

// Driver is the driver that a device has.
type Driver struct {
	MatchingID                           string // the id of the device by which it was chosen
	Date                                 time.Time
	Version                              Version
	Class, Manufacturer, Provider, Model string
	Rank                                 uint32 // Windows' own figure, its third byte the feature score; 0: not known
}

// Facts is what rules ask of one computer. An error that wraps fs.ErrNotExist says that the thing is not there, which
// makes a comparison false; any other error makes the rule Unknown. A Scan asks for each thing once.
type Facts interface {
	// Windows says which system it is.
	Windows() (Windows, error)
	// Folder gives the path of a shell folder by its CSIDL number (shlobj.h), such as 37 for System32.
	Folder(csidl int) (string, error)
	// File looks at a file by its Windows path, which may have %variables%.
	File(path string) (File, error)
	// FileVersion reads the version of a file's VS_FIXEDFILEINFO; fs.ErrNotExist when the file has none.
	FileVersion(path string) (Version, error)
	// Key opens a key by a path that begins with HKEY_LOCAL_MACHINE or the like; view32 asks for what a 32-bit
	// program sees.
	Key(path string, view32 bool) (registry.Key, error)
	// License gives a software licensing value.
	License(name string) (registry.Value, error)
	// Installed tells from the machine's history whether this update was ever installed.
	Installed(id guid.GUID) (bool, error)
	// Devices lists the devices of the computer.
	Devices() ([]Device, error)
}
