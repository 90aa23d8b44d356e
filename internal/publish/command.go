package publish

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Command is how a program is run that installs.
type Command struct {
	Program   string // the file's name in the payload
	Arguments string
	Codes     []Code // what its exit codes say; without any, 0 is success and 3010 a success that needs a restart
}

// Code is what one exit code says.
type Code struct {
	Code   int64 // as a signed 32-bit number
	Failed bool
	Reboot bool
}

// standard are the codes that nearly all installers keep to.
var standard = []Code{{Code: 0}, {Code: 3010, Reboot: true}}

// ParseCode reads "CODE=success", "CODE=reboot" or "CODE=failed".
func ParseCode(s string) (Code, error) {
	number, what, _ := strings.Cut(s, "=")
	n, err := strconv.ParseInt(strings.TrimSpace(number), 0, 64)
	if err != nil || n < -1<<31 || n >= 1<<32 {
		return Code{}, fmt.Errorf("%q is no exit code like 1641=reboot", s)
	}
	c := Code{Code: int64(int32(uint32(n)))}
	switch what {
	case "success":
	case "reboot":
		c.Reboot = true
	case "failed":
		c.Failed = true
	default:
		return c, fmt.Errorf("%q: an exit code says success, reboot or failed", s)
	}
	return c, nil
}

// pack makes a package of a command and rules.
func (c Command) pack(r Rules) (Package, error) {
	if c.Program == "" || strings.ContainsAny(c.Program, `/:`) || strings.Contains(c.Program, "..") {
		return Package{}, fmt.Errorf("program %q is not the name of a file in the payload", c.Program)
	}
	if len(r.installed) == 0 {
		return Package{}, errors.New("a program does not say how one sees that it is installed")
	}
	codes := c.Codes
	if len(codes) == 0 {
		codes = standard
	}
	n := element("cmd:InstallCommand").with("Arguments", c.Arguments, "Program", c.Program, "RebootByDefault", "false", "DefaultResult", "Failed")
	for _, code := range codes {
		result := "Succeeded"
		if code.Failed {
			result = "Failed"
		}
		n.below = append(n.below, element("cmd:ReturnCode").with("Reboot", fmt.Sprint(code.Reboot), "Result", result, "Code", fmt.Sprint(code.Code)))
	}
	return Package{
		handler:   handler{name: "CommandLineInstallation", kind: "cmd:CommandLineInstallation", below: []node{n}},
		installed: r.installed, fits: r.fits,
	}, nil
}
