package lab

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/redx-update/redx/internal/guid"
)

// ComputerScenario is the scenario by which the marker of a Computer's image goes.
const ComputerScenario = "computer"

// Computer is a healthy computer of the lab, for an agent to work on.
type Computer struct {
	Name string // its name in the network, up to 15 letters, digits and hyphens
	// Server is the update server that its policy names; empty: none.
	Server string
}

// Build writes the computer's image below dir, which must not exist or be empty, and marks it: the healthy Windows of
// every scenario, with a name and an identity (MachineGuid) of its own. Nothing of it is shared with another computer.
func (c Computer) Build(dir string) error {
	if len(c.Name) == 0 || len(c.Name) > 15 || strings.Trim(c.Name, nameLetters) != "" {
		return fmt.Errorf("%q is no computer's name", c.Name)
	}
	if strings.ContainsAny(c.Server, "\"\r\n") {
		return fmt.Errorf("%q is no address", c.Server)
	}
	var id guid.GUID
	if _, err := rand.Read(id[:]); err != nil {
		return err
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	if err := Build(&Scenario{Name: ComputerScenario, files: c.files(id)}, dir); err != nil {
		return err
	}
	for _, folder := range []string{"SoftwareDistribution", "System32/winevt/Logs", "WinSxS/Manifests", "servicing/Packages"} {
		if err := os.MkdirAll(filepath.Join(dir, "Windows", filepath.FromSlash(folder)), 0o755); err != nil {
			return err
		}
	}
	return nil
}

const nameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

// files is what is added to the base: values that are there already are replaced by these.
func (c Computer) files(id guid.GUID) []txtar.File {
	system := fmt.Sprintf("\n[ControlSet001\\Control\\ComputerName\\ComputerName]\n\"ComputerName\"=\"%s\"\n"+
		"\n[ControlSet001\\Services\\Tcpip\\Parameters]\n\"Hostname\"=\"%s\"\n", c.Name, c.Name)
	software := fmt.Sprintf("\n[Microsoft\\Cryptography]\n\"MachineGuid\"=\"%s\"\n", id)
	if c.Server != "" {
		const policy = `Policies\Microsoft\Windows\WindowsUpdate`
		software += fmt.Sprintf("\n[%s]\n\"WUServer\"=\"%s\"\n\"WUStatusServer\"=\"%s\"\n\n[%s\\AU]\n\"UseWUServer\"=dword:00000001\n",
			policy, c.Server, c.Server, policy)
	}
	return []txtar.File{
		{Name: "Windows/System32/config/SYSTEM.reg+", Data: []byte(system)},
		{Name: "Windows/System32/config/SOFTWARE.reg+", Data: []byte(software)},
	}
}
