package winsys

import "cmp"

// Identity is what a machine and its owner are called. Empty where the registry does not say.
type Identity struct {
	Computer, Host           string // NetBIOS and DNS name
	Domain                   string // of the DNS name
	Owner, Organization      string // as registered
	LastUser, LastUserDomain string // who logged on last
}

// Identity reads what the machine is called. software may be nil.
func (s *System) Identity(software *Software) (Identity, error) {
	n := s.node()
	tcp := n.open(`Services\Tcpip\Parameters`)
	id := Identity{
		Computer: n.open(`Control\ComputerName\ComputerName`).text("ComputerName"),
		Host:     cmp.Or(tcp.text("NV Hostname"), tcp.text("Hostname")),
		Domain:   cmp.Or(tcp.text("NV Domain"), tcp.text("Domain")),
	}
	if software == nil {
		return id, n.err()
	}
	nt := software.node().open(`Microsoft\Windows NT\CurrentVersion`)
	id.Owner, id.Organization = nt.text("RegisteredOwner"), nt.text("RegisteredOrganization")
	logon := nt.open("Winlogon")
	id.LastUser, id.LastUserDomain = logon.text("DefaultUserName"), logon.text("DefaultDomainName")
	if err := n.err(); err != nil {
		return id, err
	}
	return id, nt.err()
}
