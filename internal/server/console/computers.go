package console

import (
	"net/http"
	"strconv"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
)

const pageSize = 50

// maxSearch bounds what is searched for, in bytes.
const maxSearch = 255

// paging says which part of a list is shown.
type paging struct {
	Page, Pages, All, First, Last int
}

func newPaging(all, number int) paging {
	p := paging{All: all, Pages: max(1, (all+pageSize-1)/pageSize)}
	p.Page = min(max(number, 1), p.Pages)
	p.First = min(all, (p.Page-1)*pageSize+1)
	p.Last = min(all, p.Page*pageSize)
	return p
}

func (p paging) Previous() int { return p.Page - 1 }

// Next is 0 on the last page.
func (p paging) Next() int {
	if p.Page >= p.Pages {
		return 0
	}
	return p.Page + 1
}

// pageNumber reads the number of a page that somebody asked for.
func pageNumber(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > 1_000_000 {
		return 1
	}
	return n
}

// computerList is the body of the page computers.
type computerList struct {
	paging
	Rows       []store.ComputerRow
	Query      store.ComputerQuery
	Conditions []store.ComputerCondition
	Update     string // the id, when the list is about one
	Title      string // of that update
}

func (c *Console) computers(v *visit) error {
	q := v.r.URL.Query()
	number := pageNumber(q.Get("page"))
	list := computerList{
		Conditions: conditions(),
		Query: store.ComputerQuery{
			Search: q.Get("q"), Condition: store.ComputerCondition(q.Get("state")), SeenSince: c.Now().Add(-silentAfter),
			Cause: q.Get("cause"), Offset: (number - 1) * pageSize, Limit: pageSize,
		},
	}
	if len(list.Query.Search) > maxSearch {
		return &refusal{http.StatusBadRequest, "This is too long to search for."}
	}
	if g, err := guid.Parse(q.Get("update")); err == nil {
		list.Query.Update, list.Query.Standing = g, store.Standing(q.Get("standing"))
		list.Update, list.Title = g.String(), c.title(g)
	}
	rows, all, err := c.Store.ComputerRows(v.r.Context(), list.Query)
	if err != nil {
		return err
	}
	list.paging = newPaging(all, number)
	if list.Page != number { // the list has become shorter
		list.Query.Offset = (list.Page - 1) * pageSize
		if rows, _, err = c.Store.ComputerRows(v.r.Context(), list.Query); err != nil {
			return err
		}
	}
	list.Rows = rows
	return c.show(v, http.StatusOK, "computers", page{Title: "Computers", Section: "computers", Body: list})
}
