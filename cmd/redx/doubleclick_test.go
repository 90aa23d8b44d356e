package main

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/term"
)

func TestDoubleClicked(t *testing.T) {
	for _, in := range []string{"\r\nmore", ""} {
		var out, errOut bytes.Buffer
		keys := strings.NewReader(in)
		std := stdio{in: keys, out: &out, err: &errOut, getenv: func(string) string { return "" }, style: term.Style{Width: 80}}
		code := doubleClicked(t.Context(), nil, std)
		text := out.String()
		if !strings.HasPrefix(text, "redx looks for the reason") || !strings.HasSuffix(text, "Press Enter to close this window.\n") {
			t.Errorf("got %q", text)
		}
		if runtime.GOOS == "windows" {
			if !strings.Contains(text, "this computer ") || code != exitOK && code != exitProblems {
				t.Errorf("exit code %d, %q, %q", code, text, errOut.String())
			}
		} else if code != exitUsage || !strings.Contains(errOut.String(), "does not run Windows") {
			t.Errorf("exit code %d, %q", code, errOut.String())
		}
		if keys.Len() == len(in) && in != "" {
			t.Error("it does not wait for a key")
		}
	}
}
