package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/report"
	"github.com/redx-update/redx/internal/term"
)

// foundJSON is one code of "explain --image --json".
type foundJSON struct {
	Code   hresult.Code `json:"code"`
	Symbol string       `json:"symbol,omitempty"`
	Count  int          `json:"count"`
	First  report.Place `json:"first"`
}

// explainFound lists the failure codes that stand in an installation or in logs, the most frequent first.
func explainFound(cmd *cobra.Command, std stdio, at *where, asJSON bool) error {
	if cmd.Flags().NArg() > 0 {
		return usage("explain takes a code, or --image or --logs, not both")
	}
	if err := flagsTogether(cmd); err != nil {
		return err
	}
	found, err := at.gather(cmd.Context(), std)
	if err != nil {
		return err
	}
	list := []foundJSON{}
	for _, c := range found.set.Codes() {
		list = append(list, foundJSON{
			Code: c.Code, Symbol: c.Code.Symbol(), Count: c.Count,
			First: report.Place{Source: c.Source.Path, Line: c.Source.Line, Record: c.Source.Record},
		})
	}
	if asJSON {
		return report.WriteJSON(std.out, struct {
			Image report.Image `json:"image"`
			Codes []foundJSON  `json:"codes"`
		}{found.image, list})
	}
	return writeFound(std, found, list)
}

func writeFound(std stdio, found looked, list []foundJSON) error {
	if len(list) == 0 {
		_, err := fmt.Fprintf(std.out, "No failure codes stand in %s.\n", found.image.Path)
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "times\tcode\tfirst in") //nolint:errcheck // Flush tells
	for _, c := range list {
		place := c.First.Source
		switch {
		case c.First.Line > 0:
			place += fmt.Sprintf(" line %d", c.First.Line)
		case c.First.Record > 0:
			place += fmt.Sprintf(" record %d", c.First.Record)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\n", c.Count, c.Code, term.Printable(place)) //nolint:errcheck // Flush tells
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(std.err, "redx: a code alone proves nothing, and healthy logs have many; redx diagnose looks for causes")
	return err
}
