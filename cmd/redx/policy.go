package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/publish"
)

// policy is what makes a Windows computer use the server: values below Policies\Microsoft\Windows\WindowsUpdate.
type policy struct {
	url, group string
	trusted    []publish.Trusted // what clients have to have to install what was published
}

type policyValue struct {
	key, name string
	text      string // of a string
	number    uint32 // of a number
	isText    bool
	title     string // of the policy that sets it in the editor
}

const (
	policyKey = `SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate`
	auKey     = policyKey + `\AU`
)

func (p policy) values() []policyValue {
	const where = "Specify intranet Microsoft update service location"
	all := []policyValue{
		{key: policyKey, name: "WUServer", text: p.url, isText: true, title: where},
		{key: policyKey, name: "WUStatusServer", text: p.url, isText: true, title: where},
		{key: auKey, name: "UseWUServer", number: 1, title: where},
		{key: policyKey, name: "DoNotConnectToWindowsUpdateInternetLocations", number: 1, title: "Do not connect to any Windows Update Internet locations"},
	}
	// Without these, Windows 10 1809 and later may ask Microsoft for what the server is to give; the editor writes the first with
	// the four, and who writes the registry by other means has to as well.
	const source = "Specify source service for specific classes of Windows Updates"
	all = append(all, policyValue{key: auKey, name: "UseUpdateClassPolicySource", number: 1, title: source})
	for _, kind := range []string{"FeatureUpdates", "QualityUpdates", "DriverUpdates", "OtherUpdates"} {
		all = append(all, policyValue{key: policyKey, name: "SetPolicyDrivenUpdateSourceFor" + kind, number: 1, title: source})
	}
	if len(p.trusted) > 0 {
		all = append(all, policyValue{key: policyKey, name: "AcceptTrustedPublisherCerts", number: 1, title: "Allow signed updates from an intranet Microsoft update service location"})
	}
	if p.group != "" {
		const target = "Enable client-side targeting"
		all = append(all, policyValue{key: policyKey, name: "TargetGroupEnabled", number: 1, title: target},
			policyValue{key: policyKey, name: "TargetGroup", text: p.group, isText: true, title: target})
	}
	return all
}

func newClientPolicyCommand(std stdio) *cobra.Command {
	var p policy
	var form, folder string
	cmd := &cobra.Command{
		Use:   "client-policy --url URL",
		Short: "Print the policy that makes Windows computers use the server",
		Long: `Client-policy prints the values that Windows reads, as a file for regedit, as a PowerShell script, or as a list of the
policies to set in the group policy editor. With --data it has the certificates with which updates of that server were
published: Windows installs none of these before it has them. It changes nothing here.

EXIT STATUS
  0  printed    1  failed    2  wrong usage`,
		Example: "  redx server client-policy --url http://updates.example:8530 --group Test > redx.reg",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			if err := p.certify(cmd.Context(), folder); err != nil {
				return err
			}
			return p.print(std.out, form)
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.url, "url", "", "the server as clients reach it, `URL`, such as http://updates.example:8530")
	f.StringVar(&p.group, "group", "", "the target `GROUP` that they ask for")
	f.StringVar(&folder, "data", "", "the server's `FOLDER`, with the certificates of what was published")
	f.StringVar(&form, "form", "reg", "`FORM`: reg, powershell, gpo")
	if err := cmd.MarkFlagRequired("url"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// certify adds the certificates of what a server's folder has published.
func (p *policy) certify(ctx context.Context, folder string) error {
	if folder == "" {
		return nil
	}
	d := dataFlags{data: folder}
	return d.with(ctx, false, func(opened *data) (err error) {
		p.trusted, err = publish.Certificates(ctx, opened)
		return err
	})
}

// check refuses what could not stand in the texts as it is.
func (p *policy) check() error {
	u, err := url.Parse(p.url)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery+u.Fragment != "" {
		return usage("%q is no URL of a server, such as http://updates.example:8530", p.url)
	}
	p.url = strings.TrimRight(u.String(), "/")
	for _, s := range []string{p.url, p.group} {
		if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return usage("%q has a control character", s)
		}
	}
	return nil
}

func (p policy) print(w io.Writer, form string) error {
	forms := map[string]func(policy) string{
		"reg":        func(p policy) string { return regFile(p.values()) + regStores(p.trusted) },
		"powershell": func(p policy) string { return powerShell(p.values()) + powerShellStores(p.trusted) },
		"gpo":        func(p policy) string { return groupPolicy(p.values()) + policyStores(p.trusted) },
	}
	write, ok := forms[form]
	if !ok {
		return usage("no such form: %q; there are reg, powershell and gpo", form)
	}
	_, err := io.WriteString(w, write(p))
	return err
}

func regFile(values []policyValue) string {
	var b strings.Builder
	b.WriteString("Windows Registry Editor Version 5.00\r\n")
	for _, key := range []string{policyKey, auKey} {
		fmt.Fprintf(&b, "\r\n[HKEY_LOCAL_MACHINE\\%s]\r\n", key)
		for _, v := range values {
			if v.key != key {
				continue
			}
			data := fmt.Sprintf("dword:%08x", v.number)
			if v.isText {
				data = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v.text) + `"`
			}
			fmt.Fprintf(&b, "\"%s\"=%s\r\n", v.name, data)
		}
	}
	return b.String()
}

func powerShell(values []policyValue) string {
	var b strings.Builder
	b.WriteString("#Requires -RunAsAdministrator\r\n$ErrorActionPreference = 'Stop'\r\n")
	for _, key := range []string{policyKey, auKey} {
		fmt.Fprintf(&b, "if (-not (Test-Path 'HKLM:\\%s')) { New-Item -Path 'HKLM:\\%s' -Force | Out-Null }\r\n", key, key)
	}
	for _, v := range values {
		kind, data := "DWord", fmt.Sprint(v.number)
		if v.isText {
			kind, data = "String", "'"+strings.ReplaceAll(v.text, "'", "''")+"'"
		}
		fmt.Fprintf(&b, "Set-ItemProperty -Path 'HKLM:\\%s' -Name '%s' -Type %s -Value %s\r\n", v.key, v.name, kind, data)
	}
	return b.String()
}

func groupPolicy(values []policyValue) string {
	var b strings.Builder
	b.WriteString("Computer Configuration > Administrative Templates > Windows Components > Windows Update\r\n")
	last := ""
	for _, v := range values {
		if v.title != last {
			fmt.Fprintf(&b, "\r\n%s: Enabled\r\n", v.title)
			last = v.title
		}
		data := fmt.Sprint(v.number)
		if v.isText {
			data = v.text
		}
		fmt.Fprintf(&b, "  HKLM\\%s\\%s = %s\r\n", v.key, v.name, data)
	}
	return b.String()
}
