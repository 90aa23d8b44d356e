package location

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// ErrCategories says that a scan of some categories alone cannot be made. It is not made of all instead: more would be
// installed than was asked for.
var ErrCategories = errors.New("the update location has no scan of these categories")

// maxCategories is what a request stays below (MS-WUSP note 52).
const maxCategories = 200

// categories asks which categories to name, to scan for some only (3.1.5.6). None: it is a scan of all.
func (v *visit) categories(ctx context.Context) ([]clientws.CategoryIdentifier, error) {
	want := v.c.o.Categories
	if len(want) == 0 {
		return nil, nil
	}
	if err := v.settle(ctx); err != nil {
		return nil, err
	}
	if c := v.c.state.Config; !c.since(3, 2) {
		return nil, fmt.Errorf("%w: it speaks version %q of the protocol, and 3.2 has them", ErrCategories, c.Protocol)
	}
	var answer clientws.StartCategoryScanResponse
	err := v.call(ctx, clientPath, func(*clientws.Cookie) soap.Body {
		return &clientws.StartCategoryScan{RequestedCategories: relationships(want)}
	}, &answer)
	if err != nil {
		return nil, err
	}
	for _, id := range answer.RequestedCategoryIDsInError {
		v.c.o.Log.WarnContext(ctx, "category not known to the update location", slog.String("category", id))
	}
	var filter []clientws.CategoryIdentifier
	for _, id := range answer.PreferredCategoryIDs[:min(len(answer.PreferredCategoryIDs), maxCategories-1)] {
		filter = append(filter, clientws.CategoryIdentifier{ID: id})
	}
	if len(filter) == 0 {
		return nil, fmt.Errorf("%w: it prefers none of them", ErrCategories)
	}
	return filter, nil
}

// relationships writes each wanted category as a group of its own: a product, and with it the classification.
func relationships(want []agent.Category) []clientws.CategoryRelationship {
	var all []clientws.CategoryRelationship
	for i, c := range want {
		all = append(all, clientws.CategoryRelationship{IndexOfAndGroup: int32(i), CategoryID: c.Product.String()})
		if !c.Classification.IsZero() {
			all = append(all, clientws.CategoryRelationship{IndexOfAndGroup: int32(i), CategoryID: c.Classification.String()})
		}
	}
	return all
}

// since tells whether the server speaks at least that version of the protocol.
func (c *Config) since(major, minor int) bool {
	first, rest, _ := strings.Cut(c.Protocol, ".")
	second, _, _ := strings.Cut(rest, ".")
	a, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return false
	}
	b, _ := strconv.Atoi(strings.TrimSpace(second)) // "4" is 4.0
	return a > major || a == major && b >= minor
}
