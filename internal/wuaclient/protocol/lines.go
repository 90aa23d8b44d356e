package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of both directions. A history of 10,000 entries takes about 3 MB.
const (
	maxRequest = 64 << 10
	MaxAnswer  = 8 << 20 // bytes of one line
	maxSteps   = 1000
)

// Errors of a conversation.
var (
	// ErrVersion tells another version on the other side.
	ErrVersion = errors.New("another version of the protocol")
	// ErrNoAnswer tells that the other side ended, or said something else, before it answered.
	ErrNoAnswer = errors.New("no answer")
)

// ReadRequest reads the child's one request.
func ReadRequest(r io.Reader) (Request, error) {
	var req Request
	b, err := io.ReadAll(io.LimitReader(r, maxRequest+1))
	if err != nil {
		return req, fmt.Errorf("read the request: %w", err)
	}
	if len(b) > maxRequest {
		return req, fmt.Errorf("read the request: more than %d bytes", maxRequest)
	}
	if err := json.Unmarshal(b, &req); err != nil {
		return req, fmt.Errorf("read the request: %w", err)
	}
	if req.Version != Version {
		return req, fmt.Errorf("read the request: version %d: %w", req.Version, ErrVersion)
	}
	if !req.Verb.Known() {
		return req, fmt.Errorf("read the request: verb %.40q is not known", req.Verb)
	}
	return req, nil
}

// Write writes one line of the child's.
func Write(w io.Writer, m Message) error {
	m.Version = Version
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// ReadAnswer reads lines up to the answer, and tells of each step. What comes behind the answer is not read.
func ReadAnswer(r io.Reader, step func(Step)) (*Answer, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), MaxAnswer)
	for n := 0; n < maxSteps && lines.Scan(); n++ {
		var m Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			return nil, fmt.Errorf("%w but %.80q", ErrNoAnswer, bytes.TrimSpace(lines.Bytes()))
		}
		switch {
		case m.Version != Version:
			return nil, fmt.Errorf("version %d: %w", m.Version, ErrVersion)
		case m.Answer != nil:
			return m.Answer, nil
		case m.Step != "" && step != nil:
			step(m.Step)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return nil, ErrNoAnswer
}
