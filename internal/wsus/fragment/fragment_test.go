package fragment

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/testdata"
)

// redacted is what the publisher of the samples took out of localized fragments.
var redacted = regexp.MustCompile(`LinkId=\d+`)

// TestSamples compares with fragments that Windows Server cut.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata.Path(t, "wsus/fragments"), "*.update.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			document, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Cut(document)
			if err != nil {
				t.Fatal(err)
			}
			base := strings.TrimSuffix(f, ".update.xml")
			same(t, base+".core.xml", got.Core)
			same(t, base+".extended.xml", got.Extended)
			for _, l := range got.Localized {
				same(t, base+".localized-"+l.Language+".xml", redacted.ReplaceAllString(l.XML, "LinkId=REDACTED"))
			}
		})
	}
}

// same compares with a file, if there is one: not every kind was captured for every document.
func same(t *testing.T, file, got string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want = redacted.ReplaceAll(want, []byte("LinkId=REDACTED"))
	if filepath.Ext(strings.TrimSuffix(file, ".xml")) == ".extended" {
		want, err = os.ReadFile(file)
	}
	if diff := cmp.Diff(string(want), got); diff != "" || err != nil {
		t.Errorf("%s: %v %s", filepath.Base(file), err, diff)
	}
}

const namespaces = ` xmlns:u="http://schemas.microsoft.com/msus/2002/12/Update"` +
	` xmlns:bar="http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules"` +
	` xmlns:msi="http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules"` +
	` xmlns:drv="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver"` +
	` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`

func doc(inner string) string {
	return `<u:Update` + namespaces + `><u:UpdateIdentity UpdateID="i" RevisionNumber="1"/>` + inner + `</u:Update>`
}

const identity = `<UpdateIdentity UpdateID="i" RevisionNumber="1" />`

func TestCore(t *testing.T) {
	const plain = `<u:Properties UpdateType="Software"/>`
	tests := []struct{ name, document, want string }{
		{
			"order and defaults", doc(`<u:Properties EulaID="e" OSUpgrade="swap" PerUser="false" IsPublic="true" AutoSelectOnWebSites="true" ExplicitlyDeployable="true" UpdateType="Software" Handler="h"/>`),
			identity + `<Properties UpdateType="Software" ExplicitlyDeployable="true" AutoSelectOnWebSites="true" OSUpgrade="swap" EulaID="e" />`,
		},
		{
			"false flags", doc(`<u:Properties UpdateType="Detectoid" ExplicitlyDeployable="false" AutoSelectOnWebSites="false" DetectoidType="d" LegacyName="l"/>`),
			identity + `<Properties UpdateType="Detectoid" />`,
		},
		{"per user", doc(`<u:Properties PerUser="true" UpdateType="Software"/>`), identity + `<Properties UpdateType="Software" PerUser="true" />`},
		{"children of the properties", doc(`<u:Properties UpdateType="Software"><u:KBArticleID>1</u:KBArticleID></u:Properties>`), identity + `<Properties UpdateType="Software" />`},
		{
			"the specification's order", doc(`<u:ApplicabilityRules><u:IsInstalled/></u:ApplicabilityRules><u:Relationships><u:Prerequisites/></u:Relationships>` + plain),
			identity + `<Properties UpdateType="Software" /><Relationships><Prerequisites /></Relationships><ApplicabilityRules><IsInstalled /></ApplicabilityRules>`,
		},
		{
			"prefixes", doc(plain + `<u:ApplicabilityRules><bar:A x="1"/><msi:B/><drv:C><drv:D>t</drv:D></drv:C><E xmlns="urn:else"><F/></E></u:ApplicabilityRules>`),
			identity + `<Properties UpdateType="Software" /><ApplicabilityRules><b.A x="1" /><m.B /><d.C><d.D>t</d.D></d.C><E><F /></E></ApplicabilityRules>`,
		},
		{
			"default namespaces", doc(plain + `<u:ApplicabilityRules><A xmlns="http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules"><B/></A></u:ApplicabilityRules>`),
			identity + `<Properties UpdateType="Software" /><ApplicabilityRules><m.A><m.B /></m.A></ApplicabilityRules>`,
		},
		{
			"layout and comments", doc("\n " + plain + "\n <u:Relationships>\n  <!-- c --> <u:P>\n </u:P><u:Q> a\n b </u:Q></u:Relationships>"),
			identity + `<Properties UpdateType="Software" /><Relationships><P /><Q> a` + "\n" + ` b </Q></Relationships>`,
		},
		{
			"what must be escaped", doc(plain + `<u:Relationships a='"&lt;&gt;&amp;&#10;&#9;' b="'">&lt;&gt;&amp;"'<![CDATA[<c>]]></u:Relationships>`),
			identity + `<Properties UpdateType="Software" /><Relationships a="&quot;&lt;&gt;&amp;&#xA;` + "\t" + `" b="'">&lt;&gt;&amp;"'&lt;c&gt;</Relationships>`,
		},
		{
			"lines in attributes", doc(plain + "<!-- ' --><u:Relationships a=\"1\t2\r\n3\n4&#10;5\" b='\r6'><?p '?><u:P c='\n'>'\n<![CDATA[<a b=\"\n\">]]></u:P></u:Relationships>"),
			identity + `<Properties UpdateType="Software" /><Relationships a="1 2 3 4&#xA;5" b=" 6"><P c=" ">'` + "\n" + `&lt;a b="` + "\n" + `"&gt;</P></Relationships>`,
		},
		{
			"white space that counts", doc(plain + `<u:Relationships xml:space="preserve"> <u:P/> <u:Q xml:space="default"> <u:R> </u:R></u:Q></u:Relationships>`),
			identity + `<Properties UpdateType="Software" /><Relationships space="preserve"> <P /> <Q space="default"><R /></Q></Relationships>`,
		},
		{"not in the core", doc(plain + `<u:Files/><u:HandlerSpecificData/><u:Other/><u:LocalizedPropertiesCollection/>`), identity + `<Properties UpdateType="Software" />`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Cut([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Core); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExtended(t *testing.T) {
	const all = `<u:Properties MsrcSeverity="Critical" UpdateType="Software" DefaultPropertiesLanguage="en" ExplicitlyDeployable="true"` +
		` AutoSelectOnWebSites="true" EulaID="e" PublicationState="Published" PublisherID="p" CreationDate="d" IsPublic="false"` +
		` LegacyName="l" DetectoidType="t" OSUpgrade="swap" PerUser="true" IsBeta="false" MinDownloadSize="0">`
	tests := []struct{ name, document, want string }{
		{
			"attributes", doc(all + `<u:KBArticleID>1</u:KBArticleID></u:Properties>`),
			`<ExtendedProperties MsrcSeverity="Critical" DefaultPropertiesLanguage="en" IsBeta="false" MinDownloadSize="0"><KBArticleID>1</KBArticleID></ExtendedProperties>`,
		},
		{
			"no children", doc(all + "\n" + `</u:Properties>`),
			`<ExtendedProperties MsrcSeverity="Critical" DefaultPropertiesLanguage="en" IsBeta="false" MinDownloadSize="0" />`,
		},
		{
			"order and types", doc(`<u:HandlerSpecificData xsi:type="cmd:C" xmlns:cmd="urn:c"><cmd:I P="x"/></u:HandlerSpecificData><u:Files><u:File Size="1"><u:AdditionalDigest Algorithm="SHA256">a=</u:AdditionalDigest></u:File></u:Files><u:Properties UpdateType="Software"/>`),
			`<ExtendedProperties /><Files><File Size="1"><AdditionalDigest Algorithm="SHA256">a=</AdditionalDigest></File></Files><HandlerSpecificData type="cmd:C"><I P="x" /></HandlerSpecificData>`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Cut([]byte(tt.document))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Extended); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLocalized(t *testing.T) {
	got, err := Cut([]byte(doc(`<u:Properties UpdateType="Software"/><u:LocalizedPropertiesCollection>
		<u:LocalizedProperties><u:Language>en</u:Language><u:Title>a &amp; b</u:Title></u:LocalizedProperties>
		<u:LocalizedProperties><u:Title>c</u:Title><u:Language> pt-br
		</u:Language><u:Description></u:Description></u:LocalizedProperties>
		<u:EulaFile Digest="d" Language="en" GeoId="DEU"><u:AdditionalDigest Algorithm="SHA256">s</u:AdditionalDigest></u:EulaFile>
		<u:EulaFile Language="de"/></u:LocalizedPropertiesCollection>`)))
	if err != nil {
		t.Fatal(err)
	}
	want := &Fragments{
		Core:     identity + `<Properties UpdateType="Software" />`,
		Extended: `<ExtendedProperties />`,
		Localized: []Localized{
			{"en", `<LocalizedProperties><Language>en</Language><Title>a &amp; b</Title></LocalizedProperties>`},
			{"pt-br", "<LocalizedProperties><Title>c</Title><Language> pt-br\n\t\t</Language><Description /></LocalizedProperties>"},
		},
		EULAs: []EULA{
			{"en", "DEU", `<EulaFile Digest="d" Language="en" GeoId="DEU"><AdditionalDigest Algorithm="SHA256">s</AdditionalDigest></EulaFile>`},
			{"de", "", `<EulaFile Language="de" />`},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct{ name, document string }{
		{"nothing", ""},
		{"no XML", "hello"},
		{"another root", `<Updates/>`},
		{"no identity", `<Update><Properties/></Update>`},
		{"no properties", `<Update><UpdateIdentity/></Update>`},
		{"cut off", `<Update><UpdateIdentity/><Properties/>`},
		{"two roots", `<Update><UpdateIdentity/><Properties/></Update><Update/>`},
		{"a document type", `<!DOCTYPE Update><Update><UpdateIdentity/><Properties/></Update>`},
		{"an attribute without an end", "<Update><UpdateIdentity a=\"\n/><Properties/></Update>"},
		{"no text", "<Update><UpdateIdentity a=\"\n\xff\"/><Properties/></Update>"},
		{"deep", `<Update>` + strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth) + `</Update>`},
		{"an entity", `<Update><UpdateIdentity/><Properties>&x;</Properties></Update>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Cut([]byte(tt.document))
			var d *DocumentError
			if !errors.As(err, &d) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzCut(f *testing.F) {
	f.Add([]byte(doc(`<u:Properties UpdateType="Software" EulaID="e"><u:K>1</u:K></u:Properties><u:Relationships/><u:ApplicabilityRules><bar:A x="&#10;"/></u:ApplicabilityRules>`)))
	f.Add([]byte(doc(`<u:Properties/><u:LocalizedPropertiesCollection><u:LocalizedProperties><u:Language>en</u:Language></u:LocalizedProperties><u:EulaFile/></u:LocalizedPropertiesCollection>`)))
	f.Fuzz(func(t *testing.T, document []byte) {
		got, err := Cut(document)
		if err == nil && (got.Core == "" || got.Extended == "") {
			t.Errorf("a document without fragments: %q", document)
		}
	})
}
