package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/deploy"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/intake"
	"github.com/redx-update/redx/internal/publish"
	"github.com/redx-update/redx/internal/server/backend"
	"github.com/redx-update/redx/internal/update"
)

// publishOptions are the flags as they were written; request makes of them what they mean.
type publishOptions struct {
	dataFlags
	request                            publish.Request
	id, kb, severity, restart          string
	supersedes, codes                  []string
	ifFile, ifRegistry, forWhat        []string
	rules, cert, password, trust, gets string
}

func newServerPublishCommand(std stdio) *cobra.Command {
	var o publishOptions
	cmd := &cobra.Command{
		Use:   "publish --data FOLDER FILE",
		Short: "Make an update of one's own",
		Long: `Publish makes an update of a cabinet with a package of Windows' servicing (update.mum), of the cabinets in a standalone
package (.msu; of several, one update that consists of them, the servicing stack first), of an installer (.msi) or of a program
that installs (.exe), and takes it in as an import would. Windows installs only what a publisher that it trusts has signed:
--cert signs it, an installer or a program in a cabinet of its own. What has no signature then is refused. What clients
have to trust for it, redx server client-policy prints.

A program does not say how one sees that it is installed: --installed-if-file, --installed-if-registry or --rules does.
With --id, publishing again makes a new revision of the same update, or nothing when nothing has changed.

EXIT STATUS
  0  published, or there already    1  failed, or the payload is not signed    2  wrong usage    130  cancelled`,
		Example: `  redx server publish fix.cab --cert publisher.pfx --cert-password-file secret.txt --approve Test --data /srv/redx
  redx server publish setup.exe --arguments /quiet --installed-if-file '%ProgramFiles%\App\app.exe>=2.1' \
    --for 'windows>=10.0.19041' --title 'App 2.1' --cert publisher.pfx --data /srv/redx`,
		Args: one("one FILE: a cabinet, a standalone package, an installer or a program"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.request.Path = args[0]
			if err := o.read(); err != nil {
				return err
			}
			if err := present(args, "name the cabinet, standalone package, installer or program that is to be published"); err != nil {
				return err
			}
			return o.with(cmd.Context(), true, func(opened *data) error { return runPublish(cmd.Context(), std, &o, opened) })
		},
	}
	o.add(cmd)
	o.flags(cmd)
	return cmd
}

func (o *publishOptions) flags(cmd *cobra.Command) {
	f, r := cmd.Flags(), &o.request
	f.StringVar(&o.id, "id", "", "the update's `GUID`; a new one without it")
	f.StringVar(&r.Title, "title", "", "what people read, `TEXT`; what the payload says without it")
	f.StringVar(&r.Description, "description", "", "more of it, `TEXT`")
	f.StringVar(&o.kb, "kb", "", "`KB` number")
	f.StringVar(&r.MoreInfo, "more-info", "", "`URL` of a page about it")
	f.StringVar(&o.severity, "severity", "", "`WHAT`: critical, important, moderate, low")
	f.StringVar(&r.Classification, "classification", "", "one of Microsoft's `NAMES`, such as \"Security Updates\"")
	f.StringVar(&r.Company, "company", "", "`NAME` of whose product it is; what the payload says, or who signed it, without it")
	f.StringVar(&r.Product, "product", "", "`NAME` of the product; \"Published updates\" without it")
	f.StringSliceVar(&o.supersedes, "supersedes", nil, "`GUIDS` of updates that it takes the place of")
	f.StringVar(&o.restart, "restart", "", "whether it restarts Windows: never, may or always, `WHAT`")
	f.StringVar(&r.Command.Program, "program", "", "the `FILE` in the cabinet that installs, when it has no package")
	f.StringVar(&r.Command.Arguments, "arguments", "", "`TEXT` behind the program's name, or properties for an installer")
	f.StringSliceVar(&o.codes, "exit-code", nil, "what a program's `CODE=WHAT` says: success, reboot or failed (0=success,3010=reboot)")
	f.StringArrayVar(&o.ifFile, "installed-if-file", nil, "`PATH` that is there when it is installed, or PATH>=VERSION")
	f.StringArrayVar(&o.ifRegistry, "installed-if-registry", nil, "`VALUE` of the registry, HKLM\\KEY\\NAME, with =TEXT, =dword:N or >=VERSION")
	f.StringArrayVar(&o.forWhat, "for", nil, "which `WINDOWS` it is for, such as windows>=10.0.19041")
	f.StringVar(&o.rules, "rules", "", "XML `FILE` with IsInstalled and IsInstallable")
	f.StringVar(&o.cert, "cert", "", "PKCS #12 `FILE` with the key to sign with")
	f.StringVar(&o.password, "cert-password-file", "", "`FILE` whose first line is its password")
	f.StringVar(&o.trust, "trust", "", "PEM `FILE` with the roots that a signature must lead to; what this system trusts without it")
	f.StringVar(&o.gets, "approve", "", "approve it for a `GROUP`")
	f.BoolVar(&r.DryRun, "dry-run", false, "say what would be published, and publish nothing")
}

// read makes the request of what was written.
func (o *publishOptions) read() error {
	for _, read := range []func() error{o.words, o.conditions, o.exitCodes, o.files} {
		if err := read(); err != nil {
			return &problem{exit: exitUsage, err: err, hint: "redx server publish --help"}
		}
	}
	return nil
}

func (o *publishOptions) exitCodes() error {
	for _, c := range o.codes {
		code, err := publish.ParseCode(c)
		if err != nil {
			return err
		}
		o.request.Command.Codes = append(o.request.Command.Codes, code)
	}
	return nil
}

func (o *publishOptions) words() (err error) {
	r := &o.request
	if o.id != "" {
		if r.ID, err = guid.Parse(o.id); err != nil {
			return err
		}
	}
	for _, s := range o.supersedes {
		id, err := guid.Parse(s)
		if err != nil {
			return err
		}
		r.Supersedes = append(r.Supersedes, id)
	}
	if o.kb != "" {
		kb, ok := update.ParseKB(o.kb)
		if !ok {
			return fmt.Errorf("%q is no KB number", o.kb)
		}
		r.KB = kb
	}
	if o.restart != "" {
		if r.Reboot, err = publish.ParseReboot(o.restart); err != nil {
			return err
		}
	}
	if r.Classification != "" {
		if _, err = publish.Classification(r.Classification); err != nil {
			return err
		}
	}
	r.Severity, err = publish.ParseSeverity(o.severity)
	return err
}

func (o *publishOptions) conditions() error {
	rules := &o.request.Rules
	for _, c := range []struct {
		texts []string
		take  func(string) error
	}{{o.ifFile, rules.InstalledIfFile}, {o.ifRegistry, rules.InstalledIfRegistry}, {o.forWhat, rules.For}} {
		for _, text := range c.texts {
			if err := c.take(text); err != nil {
				return err
			}
		}
	}
	if o.rules == "" {
		return nil
	}
	f, err := os.Open(o.rules)
	if err != nil {
		return err
	}
	defer f.Close()
	return rules.Read(f)
}

func (o *publishOptions) files() error {
	if o.trust != "" {
		var err error
		if o.request.Roots, _, err = readRoots(o.trust); err != nil {
			return err
		}
	}
	if o.cert == "" {
		return nil
	}
	pfx, err := os.ReadFile(o.cert)
	if err != nil {
		return err
	}
	var password []byte
	if o.password != "" {
		if password, err = os.ReadFile(o.password); err != nil {
			return err
		}
		password, _, _ = bytes.Cut(password, []byte("\n"))
	}
	o.request.Identity, err = authenticode.ReadPFX(pfx, strings.TrimRight(string(password), "\r"))
	if err != nil {
		return fmt.Errorf("%s: %w", o.cert, err)
	}
	return nil
}

// explained says what to do about a payload that nobody signed.
func explained(err error) error {
	if errors.Is(err, publish.ErrUnsigned) {
		return &problem{exit: exitFailed, err: err, hint: "--cert PFX signs it"}
	}
	return err
}

// publication is the answer.
type publication struct {
	publish.Published
	ApprovedFor string `json:"approved_for,omitempty"`
}

func runPublish(ctx context.Context, std stdio, o *publishOptions, opened *data) error {
	k, err := backend.NewKeeper(ctx, opened.Store, opened.files, quiet())
	if err != nil {
		return err
	}
	var group deploy.Group
	if o.gets != "" {
		if group, err = findGroup(ctx, opened, o.gets); err != nil {
			return err
		}
	}
	p := publish.Publisher{Store: opened.Store, Intake: &intake.Intake{Store: opened.Store, Put: k.Put, Log: quiet()}, Now: time.Now().UTC()}
	published, err := p.Publish(ctx, o.request)
	if err != nil {
		return explained(err)
	}
	result := publication{Published: published}
	if o.gets != "" && !o.request.DryRun {
		if _, err := opened.Approve(ctx, deploy.Approval{Update: published.Update, Group: group.ID, Choice: deploy.Install}); err != nil {
			return err
		}
		result.ApprovedFor = group.Name
	}
	return o.answer(std, result, func(w io.Writer) error { return printPublication(w, result, o.request.DryRun) })
}

func printPublication(w io.Writer, p publication, dry bool) error {
	var b strings.Builder
	did := "published"
	switch {
	case dry:
		did = "would publish"
	case !p.New:
		did = "is there already:"
	}
	fmt.Fprintf(&b, "%s %s revision %d  %s\n", did, p.Update, p.Revision, p.Title)
	if p.File != "" {
		fmt.Fprintf(&b, "  file        %s (%d bytes), signed by %s\n", p.File, p.Size, p.Signer)
	}
	for _, part := range p.Parts {
		fmt.Fprintf(&b, "  part        %s revision %d: %s (%d bytes), signed by %s\n", part.Update, part.Revision, part.File, part.Size, part.Signer)
	}
	fmt.Fprintf(&b, "  categories  %s\n", strings.Join(p.Categories, ", "))
	if p.ApprovedFor != "" {
		fmt.Fprintf(&b, "  approved    for %s\n", p.ApprovedFor)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
