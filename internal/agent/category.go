package agent

import (
	"fmt"
	"strings"

	"github.com/redx-update/redx/internal/guid"
)

// Category is a category of updates that is scanned for: a product, and of it, unless it is zero, one classification.
type Category struct {
	Product, Classification guid.GUID
}

// UnmarshalText reads one or two GUIDs, with "+" between.
func (c *Category) UnmarshalText(b []byte) error {
	product, classification, two := strings.Cut(string(b), "+")
	var err error
	c.Product, err = guid.Parse(strings.TrimSpace(product))
	if err == nil && two {
		c.Classification, err = guid.Parse(strings.TrimSpace(classification))
	}
	if err != nil {
		return fmt.Errorf("%q is neither the GUID of a product nor those of a product and a classification with + between", b)
	}
	return nil
}
