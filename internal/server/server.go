// Package server is the update location: it speaks MS-WUSP with Windows' update agents, gives them the files, and takes
// what they report. What there is to give, to whom, and where it is kept, is behind interfaces (Deps).
//
// It holds no state about clients: that is in their cookies, sealed. Its invariant: what one client sends cannot change what
// another one gets, costs no more than its size, and never stops the server.
package server

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/xpress"
)

// Server answers clients. It is an http.Handler for the port that clients know.
type Server struct {
	deps    Deps
	limits  Limits
	now     func() time.Time
	routes  map[string]http.Handler
	held    atomic.Int64  // bytes of bodies that come in
	inside  chan struct{} // requests, from the last byte of their body to the last of the answer
	large   chan struct{} // of these, those with a large body
	working chan struct{} // of these, those that are worked on
	sending chan struct{} // of these, those with a large answer
	packers chan *packer  // all there are
	cores   coreCache
}

// packer has what an answer is made in, kept for the next one.
type packer struct {
	xpress  xpress.Compressor
	message []byte
	packed  []byte
}

const (
	// packersEach is how many answers are made at a time for each processor: more than one, since others may hold it up. Made is
	// an answer without waiting for anything, so that more of them would take memory and no less time.
	packersEach = 2
	// maxKept bounds what a packer keeps for the next answer, in bytes; a page of new updates has some 1 MB.
	maxKept = 4 << 20
)

// NewServer makes a Server. All of deps but what may be nil must be there.
func NewServer(deps Deps) *Server {
	s := &Server{deps: deps, limits: deps.Limits.withDefaults(), now: deps.Now}
	if s.now == nil {
		s.now = time.Now
	}
	s.inside = make(chan struct{}, s.limits.Inside)
	s.large = make(chan struct{}, largeBodies)
	s.working = make(chan struct{}, s.limits.Working)
	s.packers = make(chan *packer, packersEach*runtime.NumCPU())
	for range cap(s.packers) {
		s.packers <- &packer{}
	}
	s.sending = make(chan struct{}, largeAnswers)
	s.routes = s.makeRoutes()
	return s
}

func (l Limits) withDefaults() Limits {
	l.PageSize = cmp.Or(l.PageSize, 200)
	l.Inside = cmp.Or(l.Inside, 512)
	l.Working = cmp.Or(l.Working, 16*runtime.NumCPU())
	l.Wait = cmp.Or(l.Wait, 20*time.Second)
	l.Body = cmp.Or(l.Body, 30*time.Second)
	l.Cookie = cmp.Or(l.Cookie, time.Hour)
	return l
}

// newID makes a random GUID (version 4), for a fault to be found by in the log.
func newID() guid.GUID {
	var g guid.GUID
	rand.Read(g[:]) // gives all of the bytes or ends the program
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}
