package main

import (
	"crypto/x509"
	"os"
)

// readRoots reads the certificates that signatures must lead to from a file in PEM, and gives its text too. A file without
// any was named by mistake.
func readRoots(path string) (*x509.CertPool, []byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, nil, usage("%s has no certificate in PEM", path)
	}
	return pool, text, nil
}
