package win

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// A pipe is believed when the system, an administrator or this user has made it, and nobody else.
func TestCheckOwner(t *testing.T) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	for sid, believed := range map[string]bool{
		"S-1-5-18": true, "S-1-5-32-544": true, user.User.Sid.String(): true, "S-1-5-21-1-2-3-1001": false, "S-1-5-32-545": false, "S-1-1-0": false,
	} {
		owner, err := windows.StringToSid(sid)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkOwner(owner); (err == nil) != believed || !believed && (!errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), sid)) {
			t.Errorf("%s: %v", sid, err)
		}
	}
}
