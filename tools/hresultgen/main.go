// Command hresultgen writes the code tables of internal/hresult from the public-domain headers of mingw-w64
// (Debian package mingw-w64-common). It takes numbers and names only; what they mean is written by hand elsewhere.
//
//	go run ./hresultgen -headers /usr/share/mingw-w64/include -o ../internal/hresult
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// DefaultHeaders is where Debian's mingw-w64-common puts the headers.
const DefaultHeaders = "/usr/share/mingw-w64/include"

func main() {
	headers := flag.String("headers", DefaultHeaders, "folder of the mingw-w64 headers")
	out := flag.String("o", "", "folder to write the tables to")
	flag.Parse()
	if *out == "" || flag.NArg() != 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*headers, *out); err != nil {
		fmt.Fprintln(os.Stderr, "hresultgen:", err)
		os.Exit(1)
	}
}

func run(headers, out string) error {
	for _, t := range tables {
		src, err := t.generate(headers)
		if err != nil {
			return fmt.Errorf("make %s: %w", t.file, err)
		}
		if err := os.WriteFile(filepath.Join(out, t.file), src, 0o644); err != nil {
			return err
		}
	}
	return nil
}
