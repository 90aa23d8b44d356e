package main

import (
	"bytes"
	"errors"
	"os"

	"www.velocidex.com/golang/regparser"

	"github.com/redx-update/redx/internal/format/hive"
	"github.com/redx-update/redx/internal/registry"
)

// compareHive reads every value of every key of a SYSTEM hive. hivexml writes them out besides.
func compareHive(o options, dir string) ([]row, error) {
	path, err := sample(dir, "windows/hives/SYSTEM_WIN_10_1709.xz")
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	const what = "hive, SYSTEM, 15.5 MB, all values"
	const limit = "cells by offset, a string for each name"
	ours := self("redx hive", path, info.Size())
	t, err := alternate(o.pairs, ours, self("regparser", path, info.Size()))
	if err != nil {
		return nil, err
	}
	rows := []row{speedRow(what, goal{}, t[0], t[1], limit).counted(t[0], t[1], "keys")}
	xml, err := tool("hivexml", info.Size(), countNodes, path)
	if err != nil {
		return rows, err
	}
	if t, err = alternate(o.pairs, ours, xml); err != nil {
		return rows, err
	}
	return append(rows, speedRow(what, goal{}, t[0], t[1], limit).counted(t[0], t[1], "keys")), nil
}

func countNodes(out []byte) (figures, error) {
	return figures{Count: bytes.Count(out, []byte("<node "))}, nil
}

func hiveValues(path string) (f figures, err error) {
	file, size, err := open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	h, err := hive.Open(file, size)
	if err != nil {
		return f, err
	}
	return f, walkKey(h.Root(), &f)
}

func walkKey(k registry.Key, f *figures) (err error) {
	f.Count++
	for _, e := range k.Values() {
		err = errors.Join(err, e)
	}
	for sub, e := range k.Subkeys() {
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		err = errors.Join(err, walkKey(sub, f))
	}
	return err
}

func regparserValues(path string) (f figures, err error) {
	file, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	r, err := regparser.NewRegistry(file)
	if err != nil {
		return f, err
	}
	walkNode(r.OpenKey(""), &f)
	return f, nil
}

func walkNode(k *regparser.CM_KEY_NODE, f *figures) {
	f.Count++
	for _, v := range k.Values() {
		_, _ = v.ValueName(), v.ValueData()
	}
	for _, sub := range k.Subkeys() {
		walkNode(sub, f)
	}
}
