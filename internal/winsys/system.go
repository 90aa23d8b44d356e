package winsys

import (
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"github.com/redx-update/redx/internal/registry"
)

// System is a SYSTEM hive, seen through the control set that Windows started with last.
type System struct {
	root registry.Key
	set  string
}

// NewSystem finds the current control set of a SYSTEM hive. The root may also be HKLM\SYSTEM of a running Windows.
// A hive without it wraps fs.ErrNotExist.
func NewSystem(root registry.Key) (*System, error) {
	n := newNode(root, "SYSTEM").open("Select")
	current, ok := n.number("Current")
	if !ok {
		if err := n.err(); err != nil {
			return nil, fmt.Errorf("find the current control set: %w", err)
		}
		return nil, fmt.Errorf("find the current control set: %w", registry.NotExist("read value", `SYSTEM\Select\Current`))
	}
	s := &System{root, controlSet(current)}
	if !s.node().there() {
		return nil, fmt.Errorf("find the current control set: %w", registry.NotExist("open key", `SYSTEM\`+s.set))
	}
	return s, nil
}

// ControlSet is the name of the current control set, such as ControlSet001.
func (s *System) ControlSet() string { return s.set }

// node is the current control set.
func (s *System) node() node { return newNode(s.root, "SYSTEM").open(s.set) }

// StartType says when a service or driver is started.
type StartType uint32

// The start types of winnt.h.
const (
	StartBoot StartType = iota
	StartSystem
	StartAuto
	StartDemand
	StartDisabled
)

func (t StartType) String() string {
	names := [...]string{"boot", "system", "auto", "demand", "disabled"}
	if int64(t) < int64(len(names)) {
		return names[t]
	}
	return fmt.Sprintf("start type %d", uint32(t))
}

// Service is a service or driver. Texts are as stored, variables not expanded.
type Service struct {
	Name       string
	Where      string // key of Start, ImagePath, ObjectName, DependOnService, Type
	Start      StartType
	HasStart   bool // keys without Start are no services but hold data of one
	Delayed    bool // DelayedAutostart
	Type       uint32
	ImagePath  string
	ObjectName string // account
	DependsOn  []string
	DLL        string // ServiceDll of a service in a shared process
	DLLWhere   string // key of ServiceDll: Parameters, or the service's own
	Deleted    bool   // DeleteFlag: goes away at the next start
}

// Service reads one service. One that is not there wraps fs.ErrNotExist.
func (s *System) Service(name string) (Service, error) {
	n := s.node().open(`Services\` + name)
	if !n.there() {
		if err := n.err(); err != nil {
			return Service{}, err
		}
		return Service{}, &fs.PathError{Op: "open service", Path: n.path, Err: fs.ErrNotExist}
	}
	return readService(n), n.err()
}

// Services lists all services and drivers.
func (s *System) Services() iter.Seq2[Service, error] {
	return one(s.node().open("Services"), readService)
}

func readService(n node) Service {
	start, ok := n.number("Start")
	typ, _ := n.number("Type")
	v := Service{
		Name: n.key.Name(), Where: n.path, Start: StartType(start), HasStart: ok, Delayed: n.flag("DelayedAutostart"),
		Type: uint32(typ), ImagePath: n.text("ImagePath"), ObjectName: n.text("ObjectName"),
		DependsOn: n.list("DependOnService"), Deleted: n.flag("DeleteFlag"),
	}
	for _, at := range []node{n.open("Parameters"), n} {
		if dll := at.text("ServiceDll"); dll != "" {
			v.DLL, v.DLLWhere = dll, at.path
			break
		}
	}
	return v
}

// Rename is a file that is renamed or deleted when Windows starts.
type Rename struct {
	Where   string // the value
	From    string // without \??\
	To      string // without \??\; empty: From is deleted
	Replace bool   // an existing To is replaced
}

// PendingRenames lists what is renamed and deleted at the next start, in that order.
func (s *System) PendingRenames() ([]Rename, error) {
	n := s.node().open(`Control\Session Manager`)
	var list []Rename
	for _, name := range []string{"PendingFileRenameOperations", "PendingFileRenameOperations2"} {
		v, _ := n.value(name)
		names := v.Strings()
		for i := 0; i < len(names); i += 2 {
			r := Rename{Where: n.path + `\` + name, From: plainPath(names[i])}
			if i+1 < len(names) {
				to, replace := strings.CutPrefix(names[i+1], "!")
				r.To, r.Replace = plainPath(to), replace
			}
			if r.From != "" {
				list = append(list, r)
			}
		}
	}
	return list, n.err()
}

// plainPath removes \??\ and a number with an asterisk before it, which newer Windows writes.
func plainPath(p string) string {
	if strings.HasPrefix(p, "*") {
		if i := strings.IndexByte(p, '\\'); i > 0 {
			p = p[i:]
		}
	}
	return strings.TrimPrefix(p, `\??\`)
}

// Environment is the environment of all processes; users' own variables are not in it, nor is SystemRoot.
type Environment struct {
	Where string
	vars  map[string]string // by name in capitals
}

// Get gives a variable, not expanded. Case does not matter.
func (e Environment) Get(name string) (string, bool) {
	v, ok := e.vars[strings.ToUpper(name)]
	return v, ok
}

// Environment reads the environment of all processes.
func (s *System) Environment() (Environment, error) {
	n := s.node().open(`Control\Session Manager\Environment`)
	e := Environment{n.path, map[string]string{}}
	for v := range n.values() {
		e.vars[strings.ToUpper(v.Name)] = v.String()
	}
	return e, n.err()
}
