package main

import (
	"strings"

	"github.com/BurntSushi/toml"
)

// settingLine finds the line of a settings file on which a setting or a table stands, from 1; 0 when it is written in a
// way that is not looked for, such as inside a value. The decoder does not tell it of names that it does not know.
func settingLine(text string, name toml.Key) int {
	var table []string
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		key, _, isSetting := strings.Cut(line, "=")
		var words []string
		if header := strings.Trim(strings.TrimSpace(line), "[]"); !isSetting && strings.HasPrefix(line, "[") {
			table = dotted(header)
			words = table
		} else if isSetting {
			words = append(append(words, table...), dotted(key)...)
		}
		if len(words) >= len(name) && strings.Join(words[:len(name)], "\x00") == strings.Join(name, "\x00") {
			return n + 1
		}
	}
	return 0
}

// dotted divides a name such as a."b" into its words.
func dotted(name string) []string {
	var words []string
	for word := range strings.SplitSeq(name, ".") {
		words = append(words, strings.Trim(strings.TrimSpace(word), `"'`))
	}
	return words
}
