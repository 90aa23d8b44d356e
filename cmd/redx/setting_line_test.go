package main

import (
	"testing"

	"github.com/BurntSushi/toml"
)

func TestSettingLine(t *testing.T) {
	const text = "# lisen = 1\nlisten = \":1\"\n\n[tls] # of the clients\ncertificate = 'a'\n  \"certificat\" = 2\n[ log . extra ]\nlisten = 3\nclients.page = 4\n[[many]]\na = 1\n"
	for _, tt := range []struct {
		name toml.Key
		want int
	}{
		{toml.Key{"listen"}, 2},
		{toml.Key{"tls"}, 4},
		{toml.Key{"tls", "certificat"}, 6},
		{toml.Key{"log", "extra", "listen"}, 8},
		{toml.Key{"log", "extra", "clients", "page"}, 9},
		{toml.Key{"many", "a"}, 11},
		{toml.Key{"lisen"}, 0},
	} {
		if got := settingLine(text, tt.name); got != tt.want {
			t.Errorf("%s: line %d, want %d", tt.name, got, tt.want)
		}
	}
}
