// Package setup puts the agent onto a computer as a service, and takes it off again: its settings, its program, its
// service with what is to be done when it fails, and the policy that names an update location, if that was asked for.
//
// It runs no agent. Its invariant is that what it changes outside of redx's own folder is written down there first, safe
// on the disk, and that Uninstall takes back all of it, and nothing that somebody else has changed meanwhile.
package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/keep"
)

// Name is the agent's service, and its source of events.
const Name = "redx-agent"

// Args is the command line of the service behind its program.
func Args() []string { return []string{"service", "run", "agent"} }

// Files are what the agent is set up by, in its folder.
type Files struct {
	Settings string // text of agent.toml
	Trust    []byte // certificates in PEM; none: what Windows trusts
}

// TrustName is the name of the file of certificates in the agent's folder.
const TrustName = "trust.pem"

// Write puts the files into the agent's folder, each whole or not at all.
func (f Files) Write(folder *os.Root, settingsName string) error {
	if err := keep.ReplaceIn(folder, settingsName, []byte(f.Settings)); err != nil {
		return fmt.Errorf("write the agent's settings: %w", err)
	}
	if len(f.Trust) == 0 {
		if err := folder.Remove(TrustName); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the agent's certificates: %w", err)
		}
		return nil
	}
	if err := keep.ReplaceIn(folder, TrustName, f.Trust); err != nil {
		return fmt.Errorf("write the agent's certificates: %w", err)
	}
	return nil
}

// Removed says what Uninstall has left, for people.
type Removed struct {
	Policy []string // values of the policy that somebody else has changed since
	Kept   string   // redx's own folder, if something of it is left
}

// Unit is a unit of systemd that runs a command line as the agent of an image, which is all that it can write to.
func Unit(command []string, image string) (string, error) {
	var words []string
	for _, w := range command {
		if strings.ContainsAny(w, "\n\r\x00") {
			return "", fmt.Errorf("%q cannot stand in a unit", w)
		}
		words = append(words, strings.ReplaceAll(quoted(w), "$", "$$"))
	}
	temporary := "PrivateTmp=yes"
	if slices.ContainsFunc(command, isTemporary) {
		temporary = "ReadWritePaths=/tmp" // one of its own would hide what the command line names
	}
	return `[Unit]
Description=redx agent: Automatic Updates of a Windows installation
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=` + strings.Join(words, " ") + `
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1min
TimeoutStopSec=1min
KillSignal=SIGTERM
ProtectSystem=strict
ReadWritePaths=` + quoted(image) + `
` + temporary + `
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
PrivateDevices=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`, nil
}

// quoted is a path as a unit has it, where it is no part of a command line.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(s) + `"`
}

func isTemporary(path string) bool {
	return strings.HasPrefix(path, "/tmp/") || strings.HasPrefix(path, "/var/tmp/")
}
