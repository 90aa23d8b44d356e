package applicability

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// path compiles where a file rule looks: a path alone, below a shell folder (Csidl), or behind a text of the registry
// (the PrependRegSz forms).
func (e *element) path() (func(*Scan) (string, error), error) {
	path := e.attr("Path")
	switch {
	case path == "":
		return nil, fmt.Errorf("%s has no path", e.name)
	case e.has("Csidl"):
		n, err := strconv.Atoi(e.attr("Csidl"))
		if err != nil {
			return nil, fmt.Errorf("attribute Csidl of %s: %w", e.name, err)
		}
		return func(s *Scan) (string, error) {
			dir, err := s.facts.Folder(n)
			return joined(dir, path), err
		}, nil
	case e.has("Key"):
		value := e.regValue()
		return func(s *Scan) (string, error) {
			v, err := value(s)
			dir := v.String()
			if err == nil && dir == "" {
				err = fs.ErrNotExist
			}
			return joined(dir, path), err
		}, nil
	}
	return func(*Scan) (string, error) { return path, nil }, nil
}

// joined puts a path behind a folder. What is prepended from the registry may as well be the begin of a name.
func joined(dir, path string) string {
	dir = strings.TrimRight(dir, `\`)
	for strings.Contains(path, `\\`) {
		path = strings.ReplaceAll(path, `\\`, `\`)
	}
	return dir + `\` + strings.TrimLeft(path, `\`)
}

// at compiles a rule about one file: a file that is not there makes it False.
func at(e *element, holds func(s *Scan, path string) (bool, error)) (func(*Scan) (Truth, error), error) {
	where, err := e.path()
	if err != nil {
		return nil, err
	}
	return func(s *Scan) (Truth, error) {
		path, err := where(s)
		if err != nil {
			return known(false, err)
		}
		return known(holds(s, path))
	}, nil
}

func fileVersion(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	if err != nil {
		return nil, err
	}
	want, err := ParseVersion(e.attr("Version"))
	if err != nil {
		return nil, err
	}
	return at(e, func(s *Scan, path string) (bool, error) {
		v, err := s.version(path)
		return err == nil && compare(v.Compare(want)), err
	})
}

func fileSize(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	if err != nil {
		return nil, err
	}
	want, err := e.number("Size")
	if err != nil {
		return nil, err
	}
	return at(e, func(s *Scan, path string) (bool, error) {
		f, err := s.file(path)
		return err == nil && compare(cmp.Compare(uint64(f.Size), want)), err
	})
}

func fileModified(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	return fileTime(e, "Modified", func(f File) time.Time { return f.Modified })
}

func fileCreated(_ *builder, e *element) (func(*Scan) (Truth, error), error) {
	return fileTime(e, "Created", func(f File) time.Time { return f.Created })
}

func fileTime(e *element, attr string, of func(File) time.Time) (func(*Scan) (Truth, error), error) {
	compare, err := parseScalar(e.attr("Comparison"))
	if err != nil {
		return nil, err
	}
	want, err := parseTime(e.attr(attr))
	if err != nil {
		return nil, err
	}
	return at(e, func(s *Scan, path string) (bool, error) {
		f, err := s.file(path)
		if err == nil && of(f).IsZero() {
			err = fmt.Errorf("when %s was made: %w", path, ErrUnknown)
		}
		return err == nil && compare(of(f).Compare(want)), err
	})
}

// parseTime reads a time of the schemas; without a zone it is UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q is not readable", s)
}

// fileExists wants the file, and of it all that the rule names.
func fileExists(b *builder, e *element) (func(*Scan) (Truth, error), error) {
	if e.has("Language") {
		return nil, fmt.Errorf("language of a file: %w", ErrUnknown)
	}
	exists, err := at(e, func(s *Scan, path string) (bool, error) {
		_, err := s.file(path)
		return err == nil, err
	})
	if err != nil {
		return nil, err
	}
	parts := []func(*Scan) (Truth, error){exists}
	equal := &element{name: e.name, attrs: append(slices.Clone(e.attrs), attribute("Comparison", "EqualTo"))}
	for _, more := range []struct {
		attr    string
		compile func(*builder, *element) (func(*Scan) (Truth, error), error)
	}{{"Size", fileSize}, {"Version", fileVersion}, {"Created", fileCreated}, {"Modified", fileModified}} {
		if !e.has(more.attr) {
			continue
		}
		part, err := more.compile(b, equal)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return every(parts), nil
}

// every is And over what was compiled already.
func every(parts []func(*Scan) (Truth, error)) func(*Scan) (Truth, error) {
	return func(s *Scan) (Truth, error) {
		truth, why := True, error(nil)
		for _, p := range parts {
			t, err := p(s)
			switch {
			case t == False:
				return False, nil
			case t == Unknown:
				truth, why = Unknown, err
			}
		}
		return truth, why
	}
}
