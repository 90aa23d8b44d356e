package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// clients is how many send at a time.
const clients = 8

// steady is the request of some computers that have been here for months: a message each.
type steady struct {
	agents   []*agent
	messages [clients][][]byte
}

// newSteady has each client play some of the computers that are known. One of them asks for everything, the others know
// the same: the same groups are offered the same.
func newSteady(ctx context.Context, w *world, computers int) (*steady, error) {
	var s steady
	var p clientws.SyncUpdateParameters
	var err error
	each := max(1, min(computers, few*10)/clients)
	for c := range clients {
		connection := newAgent(w.server.base, 0, oldGroup)
		s.agents = append(s.agents, connection)
		for i := range each {
			a := newAgent(w.server.base, (c*each+i)*(computers/(each*clients)), oldGroup)
			a.http = connection.http
			if err := a.handshake(ctx); err != nil {
				return nil, err
			}
			if p, err = a.settle(ctx, p); err != nil {
				return nil, err
			}
			m, err := soap.Agent.Append(nil, &clientws.SyncUpdates{Cookie: a.cookie, Parameters: &p})
			if err != nil {
				return nil, err
			}
			s.messages[c] = append(s.messages[c], m)
		}
	}
	if len(p.InstalledNonLeafUpdateIDs) != nonLeaf || len(p.OtherCachedUpdateIDs) != leaves {
		return nil, fmt.Errorf("a computer has %d and %d updates", len(p.InstalledNonLeafUpdateIDs), len(p.OtherCachedUpdateIDs))
	}
	return &s, nil
}

// measure sends for some time, and gives the server's processor time for one request as well.
func (s *steady) measure(ctx context.Context, w *world) (*load, time.Duration, error) {
	var l *load
	next := make([]int, clients)
	cpu, err := w.server.spent(func() (err error) {
		l, err = hammer(ctx, clients, w.o.take, func(ctx context.Context, c int) error {
			all := s.messages[c]
			next[c] = (next[c] + 1) % len(all)
			return s.agents[c].sent(ctx, all[next[c]])
		})
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return l, cpu / time.Duration(l.count), nil
}

// settle brings a computer to where nothing is new or changed for it. It gives what the computer has then, from which the
// next one may begin.
func (a *agent) settle(ctx context.Context, p clientws.SyncUpdateParameters) (clientws.SyncUpdateParameters, error) {
	if p.OtherCachedUpdateIDs == nil {
		p, _, err := a.scan(ctx)
		return p, err
	}
	var answer clientws.SyncUpdatesResponse
	err := a.call(ctx, clientPath, &clientws.SyncUpdates{Cookie: a.cookie, Parameters: &p}, &answer)
	if err == nil && len(answer.Result.NewUpdates) > 0 {
		err = fmt.Errorf("%d updates are new for a computer that has been here for months", len(answer.Result.NewUpdates))
	}
	if err == nil {
		a.cookie = answer.Result.NewCookie
	}
	return p, err
}

// sent sends a message and makes sure that it was answered.
func (a *agent) sent(ctx context.Context, message []byte) error {
	got, err := a.send(ctx, clientPath, message)
	if err != nil {
		return err
	}
	return got.right()
}

// steadySync is the request that every computer sends some times a day, with few computers known and with all, beside the
// rate at which xml.Unmarshal alone, on one processor of this process, reads the same bytes.
func steadySync(ctx context.Context, w *world) ([]row, error) {
	at, err := newSteady(ctx, w, min(few, w.o.computers))
	if err != nil {
		return nil, err
	}
	_, cpuFew, err := at.measure(ctx, w)
	if err != nil {
		return nil, err
	}
	if err := w.fillComputers(ctx, min(few, w.o.computers), w.o.computers); err != nil {
		return nil, err
	}
	if at, err = newSteady(ctx, w, w.o.computers); err != nil {
		return nil, err
	}
	l, cpuAll, err := at.measure(ctx, w)
	if err != nil {
		return nil, err
	}
	message := at.messages[0][0]
	bare := unmarshalRate(message, w.o.take/2)
	grown := float64(cpuAll) / float64(cpuFew)
	const slack = 1.3
	return []row{{
		what: fmt.Sprintf("steady SyncUpdates, %d + %d ids, %d bytes, Xpress", nonLeaf, leaves, len(message)), figure: l.String(),
		goal: "300/s, p99 50 ms", met: yes(l.rate() >= 300 && l.p99() <= 50*time.Millisecond),
		beside: fmt.Sprintf("server %s of CPU each", fine(cpuAll)),
	}, {
		what: "the same beside bare xml.Unmarshal of the bytes", figure: fmt.Sprintf("%.1fx", l.rate()/bare), goal: "above 1x",
		met: yes(l.rate() > bare), beside: fmt.Sprintf("xml.Unmarshal %.0f/s", bare),
	}, {
		what: fmt.Sprintf("the same with %d computers beside %d", w.o.computers, few), figure: fmt.Sprintf("%.2fx the CPU", grown),
		goal: "constant", met: yes(grown < slack), beside: fmt.Sprintf("%s beside %s", fine(cpuAll), fine(cpuFew)),
	}}, nil
}

func unmarshalRate(message []byte, take time.Duration) float64 {
	var v struct {
		Installed []int32 `xml:"Body>SyncUpdates>parameters>InstalledNonLeafUpdateIDs>int"`
		Other     []int32 `xml:"Body>SyncUpdates>parameters>OtherCachedUpdateIDs>int"`
	}
	n, start := 0, time.Now()
	for time.Since(start) < take {
		v.Installed, v.Other = nil, nil
		if xml.Unmarshal(message, &v) != nil || len(v.Other) != leaves {
			return 0
		}
		n++
	}
	return float64(n) / time.Since(start).Seconds()
}

// smallRequests are those before a synchronisation, in turns.
func smallRequests(ctx context.Context, w *world) ([]row, error) {
	config, err := soap.Agent.Append(nil, &clientws.GetConfig{ProtocolVersion: "2.90"})
	if err != nil {
		return nil, err
	}
	agents, cookies := make([]*agent, clients), make([][]byte, clients)
	for c := range agents {
		agents[c] = newAgent(w.server.base, c, oldGroup)
		if err := agents[c].handshake(ctx); err != nil {
			return nil, err
		}
		if cookies[c], err = soap.Agent.Append(nil, agents[c].getCookie()); err != nil {
			return nil, err
		}
	}
	sent := make([]int, clients)
	l, err := hammer(ctx, clients, w.o.take, func(ctx context.Context, c int) error {
		if sent[c]++; sent[c]%2 == 0 {
			return agents[c].sent(ctx, config)
		}
		return agents[c].sent(ctx, cookies[c])
	})
	if err != nil {
		return nil, err
	}
	return []row{{
		what: "GetConfig and GetCookie in turns", figure: l.String(), goal: "2000/s, p99 50 ms",
		met: yes(l.rate() >= 2000 && l.p99() <= 50*time.Millisecond), beside: "-",
	}}, nil
}
