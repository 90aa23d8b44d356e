package win

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// MakeProtected makes one folder that only the system and its administrators can look at or change, from its first
// moment on. The folder above must be there. fs.ErrExist if anything has that name, whatever it is.
func MakeProtected(path string) error {
	err := makeFolder(path, protected())
	if err != nil {
		return fmt.Errorf("make the folder %s: %w", path, err)
	}
	return nil
}

func makeFolder(path, sddl string) error {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	sd, err := windows.SecurityDescriptorFromString(sddl)
	if err != nil {
		return err
	}
	sa := windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(sa))
	return windows.CreateDirectory(p, &sa)
}

// CheckProtected wants a real folder, no link or junction, that belongs to the system, its administrators or
// TrustedInstaller, and that nobody else may change. Else it wraps ErrUnprotected and says why. It looks at what has
// this name itself; the folders above and below are not looked at. Under Wine it looks for a real folder alone.
func CheckProtected(path string) error {
	err := checkFolder(path)
	if err != nil {
		return fmt.Errorf("folder %s: %w", path, err)
	}
	return nil
}

func checkFolder(path string) error {
	h, err := openFolder(path, windows.READ_CONTROL)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing is lost with it
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return err
	}
	switch {
	case info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0:
		return fmt.Errorf("%w: it is a link or junction", ErrUnprotected)
	case info.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY == 0:
		return fmt.Errorf("%w: it is no folder", ErrUnprotected)
	}
	if Wine() { // whose files belong to users of the system below, and have no access list of their own
		return nil
	}
	const owner, dacl = windows.OWNER_SECURITY_INFORMATION, windows.DACL_SECURITY_INFORMATION
	sd, err := windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT, owner|dacl)
	if err != nil {
		return fmt.Errorf("read who may change it: %w", err)
	}
	return judge(sd.String())
}

// openFolder opens what has a name, itself and not what it links to, and keeps nobody from doing anything with it.
func openFolder(path string, access uint32) (windows.Handle, error) {
	p, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	const itself = windows.FILE_FLAG_BACKUP_SEMANTICS | windows.FILE_FLAG_OPEN_REPARSE_POINT
	return windows.CreateFile(p, access|windows.FILE_READ_ATTRIBUTES, share, nil, windows.OPEN_EXISTING, itself, 0)
}
