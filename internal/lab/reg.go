package lab

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/registry"
	"github.com/redx-update/redx/internal/winbin"
	"github.com/redx-update/redx/internal/write/hive"
)

// hiveFile writes a registry hive. Its keys bear one time, that of the lab's story.
func hiveFile(name string, data []byte) ([]byte, error) {
	keys, err := parseReg(data)
	if err != nil {
		return nil, err
	}
	root := &hive.Key{Name: "ROOT", Time: storyTime}
	for _, k := range keys {
		to := root.Sub(k.path)
		for _, v := range k.values {
			to.Set(v.Name, v.Type, v.Data)
		}
	}
	return hive.Encode(root, hive.Options{Name: path.Base(name), Written: storyTime})
}

// storyTime is when what has no time of its own was written.
var storyTime = time.Date(2024, 1, 10, 8, 0, 0, 0, time.UTC)

// regKey is one key of a registry file in readable form, with its path from the hive's root.
type regKey struct {
	path   string
	values []registry.Value
}

// parseReg reads the form of Windows' .reg files without their head: [key] lines, and "name"=value lines with a
// string, dword:, qword:, hex:, hex(N):, and two forms of ours, expand:"..." and multi:"a","b". ; begins a comment.
func parseReg(data []byte) ([]regKey, error) {
	var keys []regKey
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == ';':
		case line[0] == '[' && line[len(line)-1] == ']':
			keys = append(keys, regKey{path: strings.Trim(line, "[]")})
		case len(keys) == 0:
			return nil, fmt.Errorf("line %d: a value before the first key", n)
		default:
			v, err := parseRegValue(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			last := &keys[len(keys)-1]
			last.values = append(last.values, v)
		}
	}
	return keys, nil
}

func parseRegValue(line string) (registry.Value, error) {
	name, text, ok := strings.Cut(line, "=")
	if !ok {
		return registry.Value{}, fmt.Errorf("%q is not name=value", line)
	}
	if name != "@" {
		var err error
		if name, err = strconv.Unquote(strings.ReplaceAll(name, `\`, `\\`)); err != nil {
			return registry.Value{}, fmt.Errorf("name %s: %w", name, err)
		}
	} else {
		name = ""
	}
	typ, data, err := parseRegData(text)
	return registry.Value{Name: name, Type: typ, Data: data}, err
}

func parseRegData(text string) (registry.Type, []byte, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch {
	case strings.HasPrefix(text, `"`):
		return registry.SZ, sz(text), nil
	case kind == "expand":
		return registry.ExpandSZ, sz(rest), nil
	case kind == "multi":
		var b []byte
		for part := range strings.SplitSeq(rest, `","`) {
			b = append(b, sz(part)...)
		}
		return registry.MultiSZ, append(b, 0, 0), nil
	case kind == "dword":
		v, err := strconv.ParseUint(rest, 16, 32)
		return registry.DWord, binary.LittleEndian.AppendUint32(nil, uint32(v)), err
	case kind == "qword":
		v, err := strconv.ParseUint(rest, 16, 64)
		return registry.QWord, binary.LittleEndian.AppendUint64(nil, v), err
	case kind == "hex":
		b, err := hex.DecodeString(strings.ReplaceAll(rest, ",", ""))
		return registry.Binary, b, err
	default:
		return 0, nil, fmt.Errorf("%q is no value that the lab knows", text)
	}
}

// sz encodes a quoted string with its NUL. Backslashes stand for themselves: the paths in a scenario stay readable.
func sz(quoted string) []byte {
	return append(winbin.PutUTF16(strings.Trim(quoted, `"`)), 0, 0)
}
