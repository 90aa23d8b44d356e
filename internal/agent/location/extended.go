package location

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// ErrRenumbered says that the server gave its revisions other numbers in between: the caller has to synchronise again.
var ErrRenumbered = errors.New("the update location numbers its revisions anew")

// Extend asks for the details of revisions and the places of their files, as far as they are not known yet. What the server
// no longer deploys to this computer has none afterwards.
func (c *Client) Extend(ctx context.Context, ids []int32) error {
	var want []int32
	for _, id := range ids {
		if _, ok := c.state.Details[id]; !ok && c.state.Revisions[id] != nil && !slices.Contains(want, id) {
			want = append(want, id)
		}
	}
	v := c.visit()
	numbers := c.state.renumbered
	for size := len(want); len(want) > 0; {
		if err := v.settle(ctx); err != nil {
			return fmt.Errorf("ask for details: %w", err)
		}
		if c.state.renumbered != numbers {
			return ErrRenumbered
		}
		n := min(len(want), size, c.state.Config.MaxExtended)
		err := v.extend(ctx, want[:n])
		if f := (*soap.Fault)(nil); errors.As(err, &f) && f.Code == soap.InvalidParameters && n > 1 {
			size = n / 2 // the server said a maximum that it does not keep
			continue
		}
		if err != nil {
			return fmt.Errorf("ask for details: %w", err)
		}
		want = want[n:]
	}
	return nil
}

func (v *visit) extend(ctx context.Context, ids []int32) error {
	c, numbers := v.c, v.c.state.renumbered
	var answer clientws.GetExtendedUpdateInfoResponse
	err := v.call(ctx, clientPath, func(cookie *clientws.Cookie) soap.Body {
		if c.state.renumbered != numbers {
			return nil
		}
		return &clientws.GetExtendedUpdateInfo{
			Cookie: cookie, RevisionIDs: ids, Locales: c.o.Locales,
			InfoTypes: []clientws.XMLUpdateFragmentType{clientws.Extended, clientws.LocalizedProperties},
		}
	}, &answer)
	if err != nil {
		return err
	}
	r := answer.Result
	if r == nil {
		return &AnswerError{"GetExtendedUpdateInfo", errors.New("it has no result")}
	}
	for _, id := range ids {
		c.state.Details[id] = Details{}
	}
	for _, u := range r.Updates {
		if d, ok := c.state.Details[u.ID]; ok && slices.Contains(ids, u.ID) {
			c.state.Details[u.ID] = d.with(u.XML, c.o.Locales)
		}
	}
	for _, id := range r.OutOfScopeRevisionIDs {
		if slices.Contains(ids, id) {
			c.o.Log.InfoContext(ctx, "revision no longer deployed", slog.Int("revision", int(id)))
			c.state.forget(id)
		}
	}
	c.place(r.FileLocations)
	c.state.changed = true
	return nil
}

// with adds a fragment, whose kind only its first element tells. Of texts in several languages the one is kept whose
// language comes first among the locales.
func (d Details) with(fragment string, locales []string) Details {
	switch text := strings.TrimSpace(fragment); {
	case len(fragment) > metadata.MaxFragment:
	case strings.HasPrefix(text, "<LocalizedProperties"):
		if d.Texts == "" || rank(fragment, locales) < rank(d.Texts, locales) {
			d.Texts = fragment
		}
	case strings.HasPrefix(text, "<ExtendedProperties"), strings.HasPrefix(text, "<Files"), strings.HasPrefix(text, "<HandlerSpecificData"):
		d.Extended += fragment
	}
	return d
}

// rank is the place of a text's language among the locales: that locale, or its language alone ("en" for "en-US").
func rank(fragment string, locales []string) int {
	texts, err := metadata.ParseTexts(fragment)
	if err != nil {
		return 2*len(locales) + 2
	}
	for i, l := range locales {
		language, _, _ := strings.Cut(l, "-")
		switch {
		case strings.EqualFold(texts.Language, l):
			return 2 * i
		case strings.EqualFold(texts.Language, language):
			return 2*i + 1
		}
	}
	if texts.Language == "en" {
		return 2 * len(locales)
	}
	return 2*len(locales) + 1
}
