package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/redx-update/redx/internal/testdata"
)

// TestMain is redx itself for the scripts, and for redx when it starts itself: on Windows it asks the update agent in a
// child, which else would be all these tests again, each with a child of its own.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == workerVerb {
		os.Exit(run(context.Background(), os.Args[1:], osIO()))
	}
	testscript.Main(m, map[string]func(){
		"redx": func() { os.Exit(run(context.Background(), os.Args[1:], osIO())) },
	})
}

// TestScripts runs testdata/script/*.txtar; the first word of a script's name is the command it is about. Set
// REDX_UPDATE_SCRIPTS=1 to rewrite what they compare with.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("REDX_UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("NO_COLOR", "1")
			env.Setenv(testdata.Env, os.Getenv(testdata.Env))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			return cond == "testdata" && os.Getenv(testdata.Env) != "", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "certify": certify, "cabinet": cabinet, "program": program,
		},
	})
}

// exits runs a program and wants one exit code: exits 3 redx diagnose --logs x. Its output is kept for stdout,
// stderr and cmp.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG ...]")
	}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	var out, errOut bytes.Buffer
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{}
	for _, k := range []string{"PATH", "HOME", "TMPDIR", "TMP", "NO_COLOR", "WORK"} {
		cmd.Env = append(cmd.Env, k+"="+ts.Getenv(k))
	}
	cmd.Stdout, cmd.Stderr = &out, &errOut
	_ = cmd.Run() // the exit code is what is looked at
	ts.Logf("[stdout]\n%s[stderr]\n%s", out.String(), errOut.String())
	if got := cmd.ProcessState.String(); got != "exit status "+args[0] {
		ts.Fatalf("%s: got %s, want exit status %s", strings.Join(args[1:], " "), got, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs("stdout.txt"), out.Bytes(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("stderr.txt"), errOut.Bytes(), 0o600))
}
