package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor/check"
)

const intro = `# How often redx is right

Made by ` + "`make accuracy`" + `; do not edit. Every scenario of the lab and every real file at hand is diagnosed. Beside what redx says
stands what a search for result codes would have said: each code that stands in the files is looked up in the pages of
docs/checks, and every cause whose page names it is taken. A near miss (-near) has the code and most of the lines of its
scenario, and no cause. Below every scenario lies a healthy log that has 0x80070002 twice, as healthy logs have.

The scenarios were written beside the checks, so they show that each check does what its page says, not how often it is
right out there. The labelled excerpts are Microsoft's, with the cause that Microsoft gives; the other real files come
from computers of which no cause is known.
`

// page gives docs/accuracy.md.
func page(scenarios, files []tried) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	b.WriteString("\n## Counts\n\nOf causes, case by case.\n\n" +
		"| | cases | causes | found | missed | said wrongly | healthy cases | of these, alarmed |\n|---|---|---|---|---|---|---|---|\n")
	for _, part := range []struct {
		name  string
		cases []tried
	}{{"scenarios", scenarios}, {"real files", files}} {
		row(&b, part.name+", redx", part.cases, func(c tried) []string { return c.got })
		row(&b, part.name+", bare codes", part.cases, func(c tried) []string { return c.grep })
	}
	table(&b, "Real files", files)
	table(&b, "Scenarios", scenarios)
	confirmed(&b)
	stands(&b)
	return b.Bytes()
}

func row(b *bytes.Buffer, name string, cases []tried, said func(tried) []string) {
	var wanted, found, wrong, healthy, alarmed int
	for _, c := range cases {
		got := said(c)
		wanted += len(c.want)
		for _, g := range got {
			if slices.Contains(c.want, g) {
				found++
			} else {
				wrong++
			}
		}
		if len(c.want) == 0 {
			healthy++
			if len(got) > 0 {
				alarmed++
			}
		}
	}
	fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d | %d | %d |\n", name, len(cases), wanted, found, wanted-found, wrong, healthy, alarmed)
}

func table(b *bytes.Buffer, title string, cases []tried) {
	fmt.Fprintf(b, "\n## %s\n\n| case | expected | found | rests on | codes in it | a search for them says |\n|---|---|---|---|---|---|\n", title)
	for _, c := range cases {
		fmt.Fprintf(b, "%s%s | %s | %s |\n", c.head(), few(c.evidences, 2), few(c.codes, 3), few(c.grep, 3))
	}
}

// head is the beginning of a case's row, which says what must hold of it.
func (c tried) head() string {
	return fmt.Sprintf("| %s | %s | %s | ", c.name, few(c.want, 9), few(c.got, 9))
}

// few names the first of a list and counts the rest.
func few(list []string, most int) string {
	switch {
	case len(list) == 0:
		return "-"
	case len(list) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
	}
	return strings.Join(list, ", ")
}

// confirmed lists the checks whose pattern nothing has confirmed yet.
func confirmed(b *bytes.Buffer) {
	b.WriteString("\n## Unproven\n\nThe pattern of these checks stands in no real log at hand and in no document of Microsoft's. They report at most\n" +
		"\"likely\" and drive no repair, but for a file or folder that is named and seen to be absent.\n\n")
	for _, c := range check.All() {
		if c.Unproven {
			fmt.Fprintf(b, "- `%s`\n", c.ID)
		}
	}
}

// sources is the paragraph of a check's page that says where its pattern stands.
var sources = regexp.MustCompile(`(?s)\*\*Sources\.\*\* (.*?)(?:\n\n|\z)`)

// stands lists for each check in which real file or which document its pattern stands, from its page.
func stands(b *bytes.Buffer) {
	b.WriteString("\n## Where each pattern stands\n\nFiles are those of the real samples; documents are Microsoft's.\n\n| check | at most | where |\n|---|---|---|\n")
	for _, c := range check.All() {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", "checks", c.ID+".md"))
		m := sources.FindSubmatch(text)
		if err != nil || m == nil {
			fmt.Fprintf(b, "| %s | | its page says nothing |\n", c.ID)
			continue
		}
		most := "proven"
		if c.Unproven {
			most = "likely"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", c.ID, most, strings.Join(strings.Fields(string(m[1])), " "))
	}
}
