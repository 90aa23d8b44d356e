package win

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// What a control code asks and gives (winioctl.h).
const (
	fsctlIsVolumeDirty = 0x00090078
	volumeIsDirty      = 0x00000001
)

// DirtyVolume reports that the volume on which a folder stands was not closed properly (FSCTL_IS_VOLUME_DIRTY). It needs
// the rights of an administrator. A file system that knows no such thing is never dirty.
func DirtyVolume(folder string) (bool, error) {
	root := make([]uint16, windows.MAX_PATH+1)
	name, err := windows.UTF16PtrFromString(folder)
	if err == nil {
		err = windows.GetVolumePathName(name, &root[0], uint32(len(root)))
	}
	if err != nil {
		return false, fmt.Errorf("find the volume of %s: %w", folder, err)
	}
	var guid [64]uint16 // \\?\Volume{...}\
	if err := windows.GetVolumeNameForVolumeMountPoint(&root[0], &guid[0], uint32(len(guid))); err != nil {
		return false, fmt.Errorf("find the volume of %s: %w", folder, err)
	}
	device := windows.UTF16ToString(guid[:])
	dirty, err := askDirty(device[:max(len(device)-1, 0)])
	if err != nil {
		return false, fmt.Errorf("ask the volume of %s: %w", folder, err)
	}
	return dirty, nil
}

func askDirty(device string) (bool, error) {
	name, err := windows.UTF16PtrFromString(device)
	if err != nil {
		return false, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil,
		windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		return false, err
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing is lost with it
	var state, n uint32
	err = windows.DeviceIoControl(h, fsctlIsVolumeDirty, nil, 0, (*byte)(unsafe.Pointer(&state)), 4, &n, nil)
	switch {
	case errors.Is(err, windows.ERROR_INVALID_FUNCTION), errors.Is(err, windows.ERROR_NOT_SUPPORTED):
		return false, nil
	case err == nil && n < 4:
		err = errors.New("the answer is too short")
	}
	return state&volumeIsDirty != 0, err
}
