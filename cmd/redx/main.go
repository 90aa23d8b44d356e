// Command redx finds why a Windows update failed.
package main

import (
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/redx-update/redx/internal/format/cbslog"
)

func main() {
	if len(os.Args) != 4 || os.Args[1] != "diagnose" || os.Args[2] != "--logs" {
		fmt.Fprintln(os.Stderr, "redx: error: usage: redx diagnose --logs FILE")
		os.Exit(2)
	}
	found, err := diagnose(os.Args[3], os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "redx: error:", err)
		os.Exit(1)
	case found > 0:
		os.Exit(3)
	}
}

var missing = regexp.MustCompile(`Failed to find file: (\S+?[0-9a-f]{16})\\?(\S+) \[HRESULT = 0x80070002`)

func diagnose(path string, out io.Writer) (found int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	s := cbslog.NewScanner(f)
	for s.Scan() {
		if m := missing.FindSubmatch(s.Entry().Text); m != nil {
			found++
			fmt.Fprintf(out, "component-payload-missing: %s of %s\n  proof: %s:%d\n", m[2], m[1], path, s.Entry().Line)
		}
	}
	return found, s.Err()
}
