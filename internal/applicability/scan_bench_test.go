package applicability_test

import (
	"fmt"
	"testing"

	"github.com/redx-update/redx/internal/applicability"
)

// BenchmarkScan evaluates a catalogue of 50,000 updates against one computer, as a scan of months later does: each
// update has a rule on the system's version, one on its own registry value or file, and shares a detectoid's rule.
func BenchmarkScan(b *testing.B) {
	const updates = 50_000
	var compiler applicability.Compiler
	var all []applicability.Rules
	for i := range updates {
		text := rule(fmt.Sprintf(`<And><b.WindowsVersion Comparison="GreaterThanOrEqualTo" MajorVersion="10" BuildNumber="%d" />
<b.Processor Architecture="%d" /><Not><b.RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\X" Value="n%d" Comparison="EqualTo" Data="7" /></Not>
<Or><b.FileVersion Path="f%d.dll" Csidl="37" Comparison="LessThan" Version="10.0.%d.1" /><False /></Or></And>`,
			18000+i%20*100, i%3*3+6, i%5000, i%3000, i))
		r, err := compiler.Compile([]byte(text), self)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, r)
	}
	c := pc()
	b.ReportAllocs()
	for b.Loop() {
		s := compiler.Scan(c)
		for _, r := range all {
			s.Eval(r.IsInstalled)
		}
	}
}
