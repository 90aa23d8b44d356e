package win

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// Look tells what stands under a name. fs.ErrNotExist if nothing does.
func Look(path string) (File, error) {
	h, err := openFolder(path, windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		return File{}, fmt.Errorf("look at %s: %w", path, err)
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing is lost with it
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return File{}, fmt.Errorf("look at %s: %w", path, err)
	}
	return File{
		ID: FileID{
			Volume: info.VolumeSerialNumber,
			Index:  uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow),
		},
		Folder:  info.FileAttributes&windows.FILE_ATTRIBUTE_DIRECTORY != 0,
		Reparse: info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0,
	}, nil
}

// Rename gives a file or folder another name on its volume. What stands under that name is never replaced.
//
// Errors: ErrHeld, fs.ErrExist, fs.ErrNotExist.
func Rename(from, to string) error {
	a, err1 := windows.UTF16PtrFromString(from)
	b, err2 := windows.UTF16PtrFromString(to)
	err := errors.Join(err1, err2)
	if err == nil {
		// Neither replacing nor copying to another volume is allowed to it.
		err = windows.MoveFileEx(a, b, windows.MOVEFILE_WRITE_THROUGH)
	}
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
		err = fmt.Errorf("%w (%w)", ErrHeld, err)
	}
	if err != nil {
		return fmt.Errorf("rename %s to %s: %w", from, to, err)
	}
	return nil
}

// FlushFolder returns when the names in a folder are safe on the disk. It needs the right to add to the folder, or that
// of an administrator to the whole volume.
func FlushFolder(path string) error {
	err := flushFile(path, windows.FILE_APPEND_DATA|windows.FILE_WRITE_DATA)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if whole := flushFile(`\\.\`+filepath.VolumeName(path), windows.GENERIC_WRITE); whole != nil {
		return errors.Join(err, whole)
	}
	return nil
}

func flushFile(path string, access uint32) error {
	h, err := openFolder(path, access)
	if err == nil {
		err = errors.Join(windows.FlushFileBuffers(h), windows.CloseHandle(h))
	}
	if err != nil {
		return fmt.Errorf("flush %s: %w", path, err)
	}
	return nil
}

// FreeBytes is how much of a folder's volume this user may still fill.
func FreeBytes(folder string) (uint64, error) {
	p, err := windows.UTF16PtrFromString(folder)
	var free uint64
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(p, &free, nil, nil)
	}
	if err != nil {
		return 0, fmt.Errorf("ask for the free space of %s: %w", folder, err)
	}
	return free, nil
}

// ProgramData is the folder in which programs keep what belongs to no user, such as C:\ProgramData.
func ProgramData() (string, error) {
	path, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		return "", fmt.Errorf("ask for the folder ProgramData: %w", err)
	}
	return path, nil
}

// WindowsFolder is where this Windows stands, such as C:\Windows.
func WindowsFolder() (string, error) {
	path, err := windows.GetSystemWindowsDirectory()
	if err != nil {
		return "", fmt.Errorf("ask for the folder of Windows: %w", err)
	}
	return path, nil
}
