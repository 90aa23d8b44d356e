package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func help(t *testing.T) *cobra.Command {
	t.Helper()
	return newRootCommand(stdio{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }})
}

// TestHelp holds every command to a help that says what it is for, what its exit codes mean, and an example that it takes.
func TestHelp(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			if !sub.Hidden && sub.Name() != "help" && sub.Name() != "completion" {
				walk(sub)
			}
		}
		if strings.HasPrefix(cmd.Long, "EXIT") || !strings.Contains(cmd.Long, "\n\nEXIT STATUS\n") {
			t.Errorf("%s: its help says not what it is for, or nothing of its exit codes", cmd.CommandPath())
		}
		if !strings.HasPrefix(cmd.Example, "  redx") {
			t.Errorf("%s: its help has no example", cmd.CommandPath())
		}
		for _, line := range commands(cmd.Example) {
			if err := takes(t, line, true); err != nil {
				t.Errorf("%s: %s: %v", cmd.CommandPath(), line, err)
			}
		}
	}
	walk(help(t))
}

// TestDocs holds every command in the documents to one that there is, with flags that it has.
func TestDocs(t *testing.T) {
	top := filepath.Join("..", "..")
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/checks/*.md", "adr/*.md"} {
		found, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	n := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range documented(string(text)) {
			n++
			if err := takes(t, line, false); err != nil {
				t.Errorf("%s: %s: %v", page, line, err)
			}
		}
	}
	if n < 100 {
		t.Errorf("of %d pages, only %d commands were found", len(pages), n)
	}
}

var inline = regexp.MustCompile("`(redx [^`]+)`")

// documented finds the commands in a page: in its blocks, which are indented or between marks, and in its sentences.
func documented(page string) []string {
	var all []string
	for _, m := range inline.FindAllStringSubmatch(page, -1) {
		all = append(all, strings.Join(strings.Fields(m[1]), " "))
	}
	for i, part := range strings.Split(page, "```") {
		if i%2 == 1 {
			part = "    " + strings.ReplaceAll(part, "\n", "\n    ")
		}
		for line := range strings.SplitSeq(part, "\n") {
			if strings.HasPrefix(line, "    ") {
				all = append(all, commands(line)...)
			}
		}
	}
	return all
}

// commands are the lines that call redx, each whole.
func commands(text string) []string {
	var all []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", ""), "\n") {
		for part := range strings.SplitSeq(line, "&&") {
			if part = strings.TrimPrefix(strings.TrimSpace(part), "$ "); strings.HasPrefix(part, "redx ") {
				all = append(all, part)
			}
		}
	}
	return all
}

var subcommand = regexp.MustCompile(`^[a-z][a-z-]*$`)

// takes reports what is wrong with a command line. A whole one is as somebody can type it; any other may leave out what it
// wants, name what is to be filled in, and write several commands as one: list|pause.
func takes(t *testing.T, line string, whole bool) error {
	args := shellWords(strings.ReplaceAll(line, `\|`, "|"))[1:]
	for i, a := range args {
		if names := strings.Split(a, "|"); len(names) > 1 && !strings.ContainsAny(a, "[-") {
			for _, name := range names {
				if err := takes(t, strings.Join(append(append([]string{"redx"}, args[:i]...), append([]string{name}, args[i+1:]...)...), " "), whole); err != nil {
					return err
				}
			}
			return nil
		}
	}
	asks := slices.Index(args, "--help")
	if asks >= 0 {
		args = slices.Delete(args, asks, asks+1)
	}
	root := help(t)
	root.InitDefaultVersionFlag()
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil && (whole || !strings.Contains(err.Error(), "needs an argument")) {
		return err
	}
	switch name := cmd.Flags().Arg(0); {
	case whole && asks < 0:
		return errors.Join(cmd.ValidateRequiredFlags(), cmd.ValidateArgs(cmd.Flags().Args()))
	case cmd.HasSubCommands() && subcommand.MatchString(name):
		return fmt.Errorf("%s has no command %q", cmd.CommandPath(), name)
	}
	return nil
}

var word = regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s"']+`)

// shellWords takes a line apart as a shell does, up to a comment or to what another program is given.
func shellWords(line string) []string {
	var all []string
	for _, w := range word.FindAllString(line, -1) {
		if w == "|" || strings.HasPrefix(w, "#") || strings.HasPrefix(w, ">") || strings.HasPrefix(w, ";") {
			break
		}
		all = append(all, strings.Trim(w, `"'`))
	}
	return all
}
