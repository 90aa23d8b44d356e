package location

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/reporting"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// Report sends events, in parts. It gives how many of them, from the first on, the server has: with an error the rest is to
// be sent again. A server leaves out an event that it has already.
func (c *Client) Report(ctx context.Context, events []reporting.Event) (sent int, err error) {
	v := c.visit()
	for sent < len(events) {
		batch := events[sent:min(sent+maxEvents, len(events))]
		var answer reporting.ReportEventBatchResponse
		err := v.call(ctx, reportingPath, func(cookie *clientws.Cookie) soap.Body {
			return &reporting.ReportEventBatch{Cookie: cookie, ClientTime: c.o.Now().UTC(), EventBatch: batch}
		}, &answer)
		if err != nil {
			return sent, fmt.Errorf("report events: %w", err)
		}
		if !answer.Result {
			return sent, fmt.Errorf("report events: %w", errors.New("the server did not take them"))
		}
		sent += len(batch)
	}
	return sent, nil
}

// TakesFindings tells whether the server has announced that it takes findings; false before the first visit.
func (c *Client) TakesFindings() bool { return c.state.Config != nil && c.state.Config.Findings }

// findingsPath is a redx server's (docs/wsus.md).
const findingsPath = "redx/v1/findings"

// Tell sends what "redx diagnose --json" found, if the server takes that, and gives what it says to healing. To any other
// server nothing is sent, and the computer may heal.
func (c *Client) Tell(ctx context.Context, findings []byte) (agent.Verdict, error) {
	v := c.visit()
	for {
		if err := v.settle(ctx); err != nil {
			return agent.Verdict{}, fmt.Errorf("tell findings: %w", err)
		}
		if !c.TakesFindings() {
			return agent.Verdict{Heal: true, Why: "the update location takes no findings"}, nil
		}
		verdict, err := c.tell(ctx, findings)
		var status *StatusError
		if errors.As(err, &status) && status.Status == http.StatusUnauthorized {
			err = &soap.Fault{Code: soap.InvalidCookie} // it does not say what is wrong with the cookie
		}
		if err == nil {
			return verdict, nil
		}
		if err := v.heed(ctx, err); err != nil {
			return agent.Verdict{}, fmt.Errorf("tell findings: %w", err)
		}
	}
}

func (c *Client) tell(ctx context.Context, findings []byte) (agent.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url(findingsPath), bytes.NewReader(findings))
	if err != nil {
		return agent.Verdict{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", UserAgent)
	r.Header.Set("Authorization", "Redx-Cookie "+base64.StdEncoding.EncodeToString(c.state.Cookie.Data))
	res, err := c.http.Do(r)
	if err != nil {
		return agent.Verdict{}, err
	}
	defer res.Body.Close()
	switch res.StatusCode {
	case http.StatusNoContent:
		return agent.Verdict{Heal: true}, nil
	case http.StatusOK:
		return verdict(res.Body)
	}
	err = &StatusError{URL: r.URL.Redacted(), Status: res.StatusCode}
	if res.StatusCode == http.StatusServiceUnavailable {
		err = fmt.Errorf("%w: %w", agent.ErrUnreachable, err)
	}
	return agent.Verdict{}, err
}

func verdict(body io.Reader) (agent.Verdict, error) {
	var answer struct {
		Heal bool   `json:"heal"`
		Why  string `json:"why"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 64<<10)).Decode(&answer); err != nil {
		return agent.Verdict{}, &AnswerError{"findings", err}
	}
	return agent.Verdict{Heal: answer.Heal, Why: answer.Why}, nil
}
