package wua_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/go-ole/go-ole"

	"github.com/redx-update/redx/internal/win/wua"
)

const childWord = "fake-agent"

// script says how the fake agent behaves; the child gets it as JSON.
type script struct {
	Search, Download, Install    uint32 // what these calls fail with
	Thrown                       bool   // as an exception of the object, not as a failure of the call
	DownloadResult, UpdateResult uint32 // HRESULTs in results
	DownloadOutcome              int
	InstallOutcome               int
	InstallResult                uint32
	SearchOutcome                int
	Busy, Installed, NoLicence   bool
	NotOffered                   bool
	History                      int
	NoSession                    bool
	Real                         bool // no fake: the agent of the system
	Queue                        bool // there is a transfer service, also without jobs
	Jobs                         []fakeJob
	Enum                         uint32 // what listing the jobs fails with
}

// seen is what the fake agent has seen, written to a file when the child is done.
type seen struct {
	Searches []string
	Server   int
	Service  string
	Client   string
	Pages    [][2]int
	Priority int
	Quiet    bool
	Added    int
	Leaked   int

	Cancelled []string
	Flags     int
}

// child is the program as wuaclient starts it: it registers the fake agent's classes, then does what redx wua-worker
// does.
func child(text, report string, in io.Reader, out io.Writer) error {
	var s script
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	if s.Real {
		return wua.Serve(in, out)
	}
	if err := ole.CoInitializeEx(0, ole.COINIT_MULTITHREADED); err != nil {
		return err
	}
	w, a := newWorld(), &agent{s: s}
	for clsid, what := range map[string]func() fake{
		"{4CB43D7F-7EEE-4906-8698-60DA1C38F2FE}": a.session,
		"{C01B9BA0-BEA7-41BA-B604-D0A36F469133}": func() fake { return fake{"rebootrequired": is(true)} },
		"{13639463-00DB-4646-803D-528026140D88}": a.collection,
	} {
		if err := w.class(clsid, what); err != nil {
			return fmt.Errorf("register %s: %w", clsid, err)
		}
	}
	q := &transferService{enum: s.Enum}
	for i := range s.Jobs {
		q.jobs = append(q.jobs, &s.Jobs[i])
	}
	if s.Queue || len(s.Jobs) > 0 {
		if err := q.register(); err != nil {
			return fmt.Errorf("register the transfer service: %w", err)
		}
		defer runtime.KeepAlive(q)
	}
	if err := wua.Serve(in, out); err != nil {
		return err
	}
	a.seen.Leaked = w.leaked() + q.leaked()
	a.seen.Cancelled, a.seen.Flags = q.cancelled, int(q.flags)
	b, err := json.Marshal(a.seen)
	if err != nil {
		return err
	}
	return os.WriteFile(report, b, 0o600)
}

type agent struct {
	s    script
	seen seen
}

// or gives a failure when there is a code.
func (a *agent) or(code uint32, v any) (any, error) {
	switch {
	case code == 0:
		return v, nil
	case a.s.Thrown:
		return nil, thrown(code)
	default:
		return nil, hr(code)
	}
}

func (a *agent) session() fake {
	return fake{
		"clientapplicationid": func(v []any) (any, error) {
			a.seen.Client, _ = v[0].(string)
			return nil, nil
		},
		"createupdatesearcher":   func([]any) (any, error) { return a.searcher(), nil },
		"createupdatedownloader": func([]any) (any, error) { return a.downloader(), nil },
		"createupdateinstaller":  func([]any) (any, error) { return a.installer(), nil },
	}
}

func (a *agent) searcher() fake {
	return fake{
		"serverselection": func(v []any) (any, error) {
			n, _ := v[0].(int32)
			a.seen.Server = int(n)
			return nil, nil
		},
		"serviceid": func(v []any) (any, error) {
			a.seen.Service, _ = v[0].(string)
			return nil, nil
		},
		"search":               a.search,
		"gettotalhistorycount": is(a.s.History),
		"queryhistory":         a.history,
	}
}

func (a *agent) search(v []any) (any, error) {
	what, _ := v[0].(string)
	a.seen.Searches = append(a.seen.Searches, what)
	found := []any{other()}
	if !a.s.NotOffered {
		found = append(found, a.update())
	}
	warnings := list()
	if a.s.SearchOutcome == 4 {
		warnings = list(fake{"hresult": is(uint32(0x80244022))})
	}
	return a.or(a.s.Search, fake{"resultcode": is(max(a.s.SearchOutcome, 2)), "updates": is(list(found...)), "warnings": is(warnings)})
}

func describe(id, title, article string) fake {
	return fake{
		"title": is(title), "kbarticleids": is(list(article)), "isinstalled": is(false), "eulaaccepted": is(true),
		"identity": is(fake{"updateid": is(id), "revisionnumber": is(200)}),
	}
}

func other() fake {
	u := describe("b1f9e1f4-0c6e-4f39-8c56-6d1b0e2a7c11", "Definition", "2267602")
	u["isdownloaded"] = is(false)
	u["installationbehavior"] = is(fake{"rebootbehavior": is(0)})
	return u
}

func (a *agent) update() fake {
	u := describe("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07", "Cumulative für Windows (KB5034122)", "5034122")
	u["isinstalled"], u["eulaaccepted"] = is(a.s.Installed), is(!a.s.NoLicence)
	u["isdownloaded"] = is(a.s.DownloadOutcome == 2)
	u["installationbehavior"] = is(fake{"rebootbehavior": is(2)})
	u["maxdownloadsize"] = is(decimal(5 << 30))
	u["downloadcontents"] = is(list())
	u["bundledupdates"] = is(list(fake{
		"downloadcontents": is(list(fake{"downloadurl": is("http://server/a.cab")}, fake{"downloadurl": is("http://server/b.psf")})),
		"bundledupdates":   is(list()),
	}))
	return u
}

func (a *agent) collection() fake {
	return fake{"add": func(v []any) (any, error) {
		if _, ok := v[0].(*ole.IDispatch); !ok {
			return nil, hr(0x80070057)
		}
		a.seen.Added++
		return 0, nil
	}}
}

func (a *agent) downloader() fake {
	return fake{
		"priority": func(v []any) (any, error) {
			n, _ := v[0].(int32)
			a.seen.Priority = int(n)
			return nil, nil
		},
		"updates": func([]any) (any, error) { return nil, nil },
		"download": func([]any) (any, error) {
			one := fake{"resultcode": is(a.s.DownloadOutcome), "hresult": is(a.s.UpdateResult)}
			return a.or(a.s.Download, fake{"getupdateresult": is(one), "hresult": is(a.s.DownloadResult)})
		},
	}
}

func (a *agent) installer() fake {
	return fake{
		"isbusy": is(a.s.Busy),
		"forcequiet": func(v []any) (any, error) {
			a.seen.Quiet, _ = v[0].(bool)
			return nil, nil
		},
		"updates": func([]any) (any, error) { return nil, nil },
		"install": func([]any) (any, error) {
			one := fake{"resultcode": is(a.s.InstallOutcome), "hresult": is(a.s.InstallResult)}
			return a.or(a.s.Install, fake{"getupdateresult": is(one), "hresult": is(a.s.InstallResult), "rebootrequired": is(true)})
		},
	}
}

// history gives entries of which the n-th, counted from the newest, was n days before 11 January 2024, 06:00.
func (a *agent) history(v []any) (any, error) {
	from, _ := v[0].(int32)
	n, _ := v[1].(int32)
	a.seen.Pages = append(a.seen.Pages, [2]int{int(from), int(n)})
	if n == 0 || int(from+n) > a.s.History {
		return nil, hr(0x80240007)
	}
	var entries []any
	for i := range int(n) {
		e := fake{
			"date": is(date(45302.25 - float64(int(from)+i))), "operation": is(1), "resultcode": is(4),
			"hresult": is(uint32(0x80240022)), "unmappedresultcode": is(uint32(0x80070002)), "title": is("Cumulative (KB5034122)"),
			"updateidentity": is(fake{"updateid": is("5c2a3f60-7d41-4be9-9a0e-2f6f8e5b1d07"), "revisionnumber": is(200)}),
		}
		if i%2 == 1 {
			e["updateidentity"] = is(nil)
		}
		entries = append(entries, e)
	}
	return list(entries...), nil
}
