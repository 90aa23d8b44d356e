package facts

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/applicability"
	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winsys"
)

const control = `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\`

// Windows reads which system it is out of the registry.
func (c Computer) Windows() (applicability.Windows, error) {
	var w applicability.Windows
	root, _, err := c.Image.Hive(image.Software)
	if err != nil {
		return w, unavailable("SOFTWARE", err)
	}
	v, err := winsys.NewSoftware(root).Version()
	if err != nil {
		return w, err
	}
	build, err := strconv.ParseUint(v.Build, 10, 32)
	if err != nil || v.Major == 0 {
		return w, fmt.Errorf("version %q of Windows: %w", v.Full(), applicability.ErrUnknown)
	}
	w.Major, w.Minor, w.Build = v.Major, v.Minor, uint32(build)
	w.ServicePack = servicePack(c.text(`HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion`, "CSDVersion"))
	w.ProductType, w.TypesKnown = productTypes[strings.ToUpper(c.text(control+"ProductOptions", "ProductType"))]
	w.SuiteMask, w.SuiteKnown = c.suites()
	arch, ok := architectures[strings.ToUpper(c.text(control+`Session Manager\Environment`, "PROCESSOR_ARCHITECTURE"))]
	if !ok {
		return w, fmt.Errorf("processor of the system: %w", applicability.ErrUnknown)
	}
	w.Architecture = arch
	w.Languages = c.languages()
	return w, nil
}

// productTypes and architectures are the texts of the registry for numbers of winnt.h.
var (
	productTypes  = map[string]uint32{"WINNT": 1, "LANMANNT": 2, "SERVERNT": 3}
	architectures = map[string]uint32{"X86": 0, "ARM": 5, "IA64": 6, "AMD64": 9, "ARM64": 12}
)

// suiteNames are the texts of ProductSuite for the VER_SUITE_ numbers of winnt.h.
var suiteNames = map[string]uint32{
	"SMALL BUSINESS": 0x1, "ENTERPRISE": 0x2, "BACKOFFICE": 0x4, "COMMUNICATIONSERVER": 0x8, "TERMINAL SERVER": 0x10,
	"SMALL BUSINESS(RESTRICTED)": 0x20, "EMBEDDEDNT": 0x40, "DATACENTER": 0x80, "PERSONAL": 0x200, "BLADE": 0x400,
	"STORAGE SERVER": 0x2000, "COMPUTE SERVER": 0x4000,
}

// suites reads the product suites. VER_SUITE_SINGLEUSERTS stands for a terminal server that serves one user, which
// every Windows since XP is unless it is an application server.
func (c Computer) suites() (uint32, bool) {
	k, err := c.Key(control+"ProductOptions", false)
	if err != nil {
		return 0, false
	}
	v, err := k.Value("ProductSuite")
	if err != nil {
		return 0, false
	}
	const single = 0x100
	mask := uint32(0)
	for _, name := range v.Strings() {
		mask |= suiteNames[strings.ToUpper(name)]
	}
	if n, err := c.number(control+"Terminal Server", "TSAppCompat"); err != nil || n == 0 {
		mask |= single
	}
	return mask, true
}

// servicePack reads "Service Pack 1".
func servicePack(text string) uint32 {
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "Service Pack "), 10, 16)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// languages are those of the user interface that are installed, such as de-DE.
func (c Computer) languages() []string {
	k, err := c.Key(control+`MUI\UILanguages`, false)
	if err != nil {
		return nil
	}
	var list []string
	for sub, err := range k.Subkeys() {
		if err == nil {
			list = append(list, sub.Name())
		}
	}
	return list
}

// text reads a text of the registry, "" when there is none.
func (c Computer) text(path, name string) string {
	k, err := c.Key(path, false)
	if err != nil {
		return ""
	}
	v, err := k.Value(name)
	if err != nil {
		return ""
	}
	return v.String()
}

func (c Computer) number(path, name string) (uint64, error) {
	k, err := c.Key(path, false)
	if err != nil {
		return 0, err
	}
	v, err := k.Value(name)
	if err != nil {
		return 0, err
	}
	n, _ := v.Uint64()
	return n, nil
}

// folders are the shell folders of the machine by CSIDL (shlobj.h): below the Windows folder, or where a value of the
// registry says.
var folders = map[int]struct{ key, value, below string }{
	0x23: {key: shellFolders, value: "Common AppData"},
	0x24: {},
	0x25: {below: "System32"},
	0x26: {key: currentVersion, value: "ProgramFilesDir"},
	0x29: {below: "SysWOW64"},
	0x2a: {key: currentVersion, value: "ProgramFilesDir (x86)"},
	0x2b: {key: currentVersion, value: "CommonFilesDir"},
	0x2c: {key: currentVersion, value: "CommonFilesDir (x86)"},
	0x2e: {key: shellFolders, value: "Common Documents"},
}

const (
	currentVersion = `HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion`
	shellFolders   = currentVersion + `\Explorer\Shell Folders`
)

// Folder gives a folder of the machine; those of users are not known.
func (c Computer) Folder(csidl int) (string, error) {
	f, ok := folders[csidl]
	if !ok {
		return "", fmt.Errorf("shell folder %d: %w", csidl, applicability.ErrUnknown)
	}
	if f.key == "" {
		return image.Join(c.Image.SystemRoot(), f.below), nil
	}
	k, err := c.Key(f.key, false)
	if err != nil {
		return "", err
	}
	v, err := k.Value(f.value)
	return v.String(), err
}

// License reads a value of the licensing policy, which stands in the registry as one block.
func (c Computer) License(name string) (registry.Value, error) {
	k, err := c.Key(control+"ProductOptions", false)
	if err == nil {
		var v registry.Value
		if v, err = k.Value("ProductPolicy"); err == nil {
			return policyValue(v.Data, name)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = applicability.ErrUnknown // without the block nothing is known of any value
	}
	return registry.Value{}, fmt.Errorf("licensing value %s: %w", name, err)
}
