package catalog

// pageBits is the size of a numbering's page. A restored server begins its numbers far beyond the old ones, so they
// are dense in stretches only.
const pageBits = 12

// numbering finds the place of a RevisionID without hashing: a steady synchronisation looks up some 4,000.
type numbering struct{ pages [][]int32 }

func (n *numbering) set(id RevisionID, i int32) {
	page := int(id >> pageBits)
	for len(n.pages) <= page {
		n.pages = append(n.pages, nil)
	}
	if n.pages[page] == nil {
		n.pages[page] = make([]int32, 1<<pageBits)
	}
	n.pages[page][id&(1<<pageBits-1)] = i + 1
}

// get gives -1 for a number that was never given.
func (n *numbering) get(id RevisionID) int32 {
	page := int(id >> pageBits)
	if id < 0 || page >= len(n.pages) || n.pages[page] == nil {
		return -1
	}
	return n.pages[page][id&(1<<pageBits-1)] - 1
}
