package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/hresult"
)

const explainHelp = `Explain says what a Windows result code means: its name, its family, the usual causes and what to do next.

A code can be spelled as Windows spells it anywhere: 0x80070002, 80070002, -2147024894, 2147942402, (00000003),
0x80070003-0x20007, a name such as ERROR_FILE_NOT_FOUND, a system error number such as 2, an HTTP status such as 404.
A whole line of a log does as well: every code in it is explained. With - the text is read from standard input.

With --image or --logs and no code, it lists the failure codes that stand in the logs, traces and databases there; on
Windows, with nothing at all, those of this computer.

A code alone never proves a cause: redx diagnose finds it in the evidence. Commands in the answer are for an elevated
Command Prompt of Windows.

EXIT STATUS
  0  explained      1  no code that redx knows: it tells what the numbers themselves say
  2  wrong usage, or no code in the text                                     130  cancelled`

// newExplainCommand makes "redx explain". It parses its flags itself, since -2147024894 is a code and no flag.
func newExplainCommand(std stdio) *cobra.Command {
	var asJSON bool
	var at where
	cmd := &cobra.Command{
		Use:   "explain [CODE... | LINE | - | --image PATH | --logs PATH]",
		Short: "Explain a result code, or those in a line of a log",
		Long:  explainHelp,
		Example: "  redx explain 0x80070002\n  redx explain -2147024894 0x800f0831\n" +
			"  redx explain '[HRESULT = 0x80073701 - ERROR_SXS_ASSEMBLY_MISSING]'",
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, raw []string) error {
			cmd.DisableFlagParsing = false
			if err := cmd.ParseFlags(shieldNegative(raw)); err != nil {
				return cmd.FlagErrorFunc()(cmd, err)
			}
			if help, err := cmd.Flags().GetBool("help"); help || err != nil {
				return errors.Join(cmd.Help(), err)
			}
			if at != (where{}) || runtime.GOOS == "windows" && cmd.Flags().NArg() == 0 {
				return explainFound(cmd, std, &at, asJSON)
			}
			codes, err := readCodes(std.in, cmd.Flags().Args())
			if err != nil {
				return err
			}
			return showCodes(std, codes, asJSON)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON (docs/json.md)")
	return cmd
}

var negative = regexp.MustCompile(`^-[0-9]+$`)

// shieldNegative puts negative numbers in parentheses, which a code may have and a flag has not.
func shieldNegative(args []string) []string {
	shielded := make([]string, len(args))
	for i, a := range args {
		if negative.MatchString(a) {
			a = "(" + a + ")"
		}
		shielded[i] = a
	}
	return shielded
}

// asked is a code that was asked about, and how often it stood in the text.
type asked struct {
	hresult.Explanation
	extend  hresult.Extend
	count   int
	spelled string
}

// readCodes takes the codes out of the arguments: each is a code, or all together are a line; - is standard input.
func readCodes(in io.Reader, args []string) ([]asked, error) {
	var codes codeList
	if len(args) == 0 {
		return nil, usage("explain needs a code, a line of a log, or - for standard input")
	}
	if len(args) == 1 && args[0] == "-" {
		if err := codes.addLines(in); err != nil {
			return nil, err
		}
		if len(codes) == 0 {
			return nil, usage("%w: standard input", hresult.ErrNoCode)
		}
		return codes, nil
	}
	if codes.addEach(args) {
		return codes, nil
	}
	text := strings.Join(args, " ")
	if err := codes.add(text); err != nil {
		return nil, noCode(text, err)
	}
	return codes, nil
}

var symbolForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$`)

// noCode says what could have been meant by a text without a code. A name that no table knows is a code all the same.
func noCode(text string, err error) error {
	p := &problem{exit: exitUsage, err: err, hint: "a code looks like 0x80070002, -2147024894 or ERROR_FILE_NOT_FOUND"}
	if symbolForm.MatchString(text) {
		p.exit, p.err = exitFailed, fmt.Errorf("redx knows no code of the name %.80s", text)
	}
	if near := hresult.Suggest(text); len(near) > 0 {
		p.hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return p
}

// codeList keeps each code once, in the order of the first mention.
type codeList []asked

// addEach adds the arguments if every one is a code or a line with one; else it adds none.
func (l *codeList) addEach(args []string) bool {
	var all codeList
	for _, a := range args {
		if p, err := hresult.Parse(a); err != nil || p.Line && len(args) > 1 {
			return false
		}
		_ = all.add(a) // parsed above
	}
	*l = all
	return true
}

func (l *codeList) add(text string) error {
	p, err := hresult.Parse(text)
	for _, f := range p.Codes {
		l.count(f, text[f.Start:f.End])
	}
	return err
}

func (l *codeList) count(f hresult.Found, spelled string) {
	for i, c := range *l {
		if c.Code == f.Code && c.extend == f.Extend {
			(*l)[i].count++
			return
		}
	}
	*l = append(*l, asked{Explanation: hresult.Explain(f.Code), extend: f.Extend, count: 1, spelled: spelled})
}

// addLines takes a whole text, in any encoding of a log. If it is one line only, that may be a code like an argument.
func (l *codeList) addLines(in io.Reader) error {
	r := textline.NewReader(in)
	var first []byte
	for r.Next() {
		if r.No() == 1 {
			first = slices.Clone(r.Bytes())
			continue
		}
		if r.No() == 2 {
			l.addLine(first)
		}
		l.addLine(r.Bytes())
	}
	if r.No() == 1 {
		_ = l.add(string(first)) // no code is for the caller to say
	}
	if err := r.Err(); err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	return nil
}

func (l *codeList) addLine(line []byte) {
	for f := range hresult.Find(line) {
		l.count(f, string(line[f.Start:f.End]))
	}
}
