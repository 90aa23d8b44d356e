package applicability

import (
	"strings"

	"github.com/redx-update/redx/internal/registry"
)

// cache holds what was asked of the computer in one scan.
type cache struct {
	system   *answered[Windows]
	files    map[string]answered[File]
	versions map[string]answered[Version]
	keys     map[string]answered[registry.Key]
	hardware *answered[[]Device]
	listed   *answered[[]string] // the names of all packages of servicing
}

type answered[T any] struct {
	value T
	err   error
}

func (s *Scan) windows() (Windows, error) {
	if s.system == nil {
		w, err := s.facts.Windows()
		s.system = &answered[Windows]{w, err}
	}
	return s.system.value, s.system.err
}

func (s *Scan) devices() ([]Device, error) {
	if s.hardware == nil {
		all, err := s.facts.Devices()
		s.hardware = &answered[[]Device]{all, err}
	}
	return s.hardware.value, s.hardware.err
}

func (s *Scan) file(path string) (File, error) { return once(&s.files, path, s.facts.File) }

func (s *Scan) version(path string) (Version, error) {
	return once(&s.versions, path, s.facts.FileVersion)
}

func (s *Scan) key(path string, view32 bool) (registry.Key, error) {
	mark := "64 "
	if view32 {
		mark = "32 "
	}
	return once(&s.keys, mark+path, func(string) (registry.Key, error) { return s.facts.Key(path, view32) })
}

// packages gives the names of all packages of servicing, whatever their state.
func (s *Scan) packages() ([]string, error) {
	if s.listed == nil {
		names, err := s.listPackages()
		s.listed = &answered[[]string]{names, err}
	}
	return s.listed.value, s.listed.err
}

func (s *Scan) listPackages() (names []string, err error) {
	k, err := s.key(cbsPackages, false)
	if err != nil {
		return nil, err
	}
	for sub, damage := range k.Subkeys() {
		if damage != nil {
			err = damage
			continue
		}
		names = append(names, sub.Name())
	}
	return names, err
}

// once asks for a thing the first time. Names compare without case.
func once[T any](m *map[string]answered[T], name string, ask func(string) (T, error)) (T, error) {
	folded := strings.ToLower(name)
	a, ok := (*m)[folded]
	if !ok {
		a.value, a.err = ask(name)
		if *m == nil {
			*m = map[string]answered[T]{}
		}
		(*m)[folded] = a
	}
	return a.value, a.err
}
