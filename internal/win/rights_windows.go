package win

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Elevated reports that this process has the full rights of an administrator, or is LocalSystem.
func Elevated() (bool, error) {
	token := windows.GetCurrentProcessToken()
	user, err := token.GetTokenUser()
	if err != nil {
		return false, fmt.Errorf("ask who runs this: %w", err)
	}
	return user.User.Sid.IsWellKnown(windows.WinLocalSystemSid) || token.IsElevated(), nil
}

// NetworkLogon reports that this process was started from another machine, over WinRM or the like: it has the SID
// S-1-5-2. Windows Update's agent then refuses to download and install.
func NetworkLogon() (bool, error) {
	groups, err := windows.GetCurrentProcessToken().GetTokenGroups()
	if err != nil {
		return false, fmt.Errorf("ask how the user has logged on: %w", err)
	}
	for _, g := range groups.AllGroups() {
		if g.Sid.IsWellKnown(windows.WinNetworkSid) {
			return true, nil
		}
	}
	return false, nil
}
