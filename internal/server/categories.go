package server

import (
	"github.com/redx-update/redx/internal/catalog"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/wsus/clientws"
	"github.com/redx-update/redx/internal/wsus/soap"
)

// maxCategories is what a scan must stay below (MS-WUSP note 52).
const maxCategories = 200

// startCategoryScan says which categories to ask for (3.1.5.6): of each group its product, as classifications are judged by
// the client.
func (s *Server) startCategoryScan(_ *call, r *clientws.StartCategoryScan) (soap.Body, error) {
	if r.RequestedCategories == nil || len(r.RequestedCategories) >= maxCategories {
		return nil, invalid("requestedCategories")
	}
	for _, c := range r.RequestedCategories {
		if _, err := guid.Parse(c.CategoryID); err != nil {
			return nil, invalid("requestedCategories.CategoryRelationship.CategoryId")
		}
	}
	groups, unknown := groupCategories(s.deps.Updates.Plan().Catalog(), r.RequestedCategories)
	return &clientws.StartCategoryScanResponse{
		PreferredCategoryIDs: preferred(groups), RequestedCategoryIDsInError: unknown,
	}, nil
}

// categoryGroup is the categories of one AND group.
type categoryGroup struct {
	products        []string // as the client wrote them
	classifications int
	broken          bool // it has a category that is not known: it counts for nothing
}

// groupCategories sorts the categories into groups, in the order in which these begin.
func groupCategories(cat *catalog.Catalog, all []clientws.CategoryRelationship) (groups []*categoryGroup, unknown []string) {
	byIndex := map[int32]*categoryGroup{}
	for _, c := range all {
		g := byIndex[c.IndexOfAndGroup]
		if g == nil {
			g = &categoryGroup{}
			byIndex[c.IndexOfAndGroup] = g
			groups = append(groups, g)
		}
		id, _ := guid.Parse(c.CategoryID) // it was checked before
		switch r := cat.Newest(id); {
		case r == nil || r.Type != catalog.Category:
			g.broken = true
			unknown = append(unknown, c.CategoryID)
		case r.CategoryType == "UpdateClassification":
			g.classifications++
		default:
			g.products = append(g.products, c.CategoryID)
		}
	}
	return groups, unknown
}

// preferred takes the products. A group that is not one product, with a classification or without, is not allowed, and ends
// it with nothing.
func preferred(groups []*categoryGroup) []string {
	var ids []string
	for _, g := range groups {
		if g.broken {
			continue
		}
		if len(g.products) != 1 || g.classifications > 1 {
			return nil
		}
		ids = append(ids, g.products[0])
	}
	return ids
}
