package server

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/fragment"
)

// want says which fragments of a revision a client asks for.
type want struct {
	types   []clientws.XMLUpdateFragmentType
	locales []string // in the order that the client prefers
	geoID   string
}

// files says whether the places of the files are wanted, which come with the fragment that names the files.
func (w *want) files() bool {
	return slices.ContainsFunc(w.types, func(t clientws.XMLUpdateFragmentType) bool {
		return t == clientws.Extended || t == clientws.EULA || t == clientws.FileURL
	})
}

// pick gives the fragments that are wanted, in the order of the types. Types that this server has none of give none.
func (w *want) pick(f *fragment.Fragments) []string {
	var all []string
	for _, t := range w.types {
		switch t {
		case clientws.Core:
			all = append(all, f.Core)
		case clientws.Extended:
			all = append(all, f.Extended)
		case clientws.LocalizedProperties:
			all = append(all, w.localized(f.Localized)...)
		case clientws.EULA:
			all = append(all, w.eulas(f.EULAs)...)
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func (w *want) localized(all []fragment.Localized) []string {
	have := make([]string, len(all))
	for i := range all {
		have[i] = all[i].Language
	}
	var xml []string
	for _, i := range w.languages(have) {
		xml = append(xml, all[i].XML)
	}
	return xml
}

// languages chooses among those that there are: for each locale that one, or that of its language alone ("en" for "en-US");
// English always (MS-WUSP 2.2.2.2.6); without any of these, the first one, so that an update has a name.
func (w *want) languages(have []string) []int {
	var chosen []int
	choose := func(name string) bool {
		i := slices.IndexFunc(have, func(h string) bool { return strings.EqualFold(h, name) })
		if i >= 0 && !slices.Contains(chosen, i) {
			chosen = append(chosen, i)
		}
		return i >= 0
	}
	for _, locale := range w.locales {
		if !choose(locale) {
			language, _, _ := strings.Cut(locale, "-")
			choose(language)
		}
	}
	choose("en")
	if len(chosen) == 0 && len(have) > 0 {
		chosen = []int{0}
	}
	return chosen
}

// eulas chooses by language as for texts, and of each language those for the region, or else those for all regions.
func (w *want) eulas(all []fragment.EULA) []string {
	var have []string
	for _, e := range all {
		if !slices.Contains(have, e.Language) {
			have = append(have, e.Language)
		}
	}
	var xml []string
	for _, i := range w.languages(have) {
		xml = append(xml, w.region(all, have[i])...)
	}
	return xml
}

func (w *want) region(all []fragment.EULA, language string) []string {
	var here, world []string
	for _, e := range all {
		switch {
		case e.Language != language:
		case e.GeoID == "":
			world = append(world, e.XML)
		case strings.EqualFold(e.GeoID, w.geoID):
			here = append(here, e.XML)
		}
	}
	if len(here) > 0 {
		return here
	}
	return world
}
