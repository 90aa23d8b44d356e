package hresult

import "sort"

// entry is one code and one name; a code with several names has several entries, side by side.
type entry struct {
	code uint32
	name string
}

// find gives the entries of one code from a sorted table, none when it is not there.
func find(table []entry, code uint32) []entry {
	i := sort.Search(len(table), func(i int) bool { return table[i].code >= code })
	j := i
	for j < len(table) && table[j].code == code {
		j++
	}
	return table[i:j]
}
