package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/redx-update/redx/internal/server"
	"github.com/redx-update/redx/internal/server/backend"
)

// serverConfig is the file redx.toml. What is not in it has the value of defaultConfig; a name that is not known is an
// error, so that a slip of the pen does not pass for a setting.
type serverConfig struct {
	Listen  string `toml:"listen"`
	Console string `toml:"console"`
	// ConsoleURL is where people find the console, for the links that redx prints; empty: where it listens.
	ConsoleURL string `toml:"console_url"`
	Metrics    string `toml:"metrics"`
	KeepEvents int    `toml:"keep_events"` // days
	TLS        struct {
		Listen      string `toml:"listen"`
		Certificate string `toml:"certificate"`
		Key         string `toml:"key"`
		Console     bool   `toml:"console"`
	} `toml:"tls"`
	Clients struct {
		Targeting           string `toml:"targeting"`
		RequireRegistration bool   `toml:"require_registration"`
		ContentBase         string `toml:"content_base"`
		PackageServerShare  string `toml:"package_server_share"`
		PageSize            int    `toml:"page_size"`
	} `toml:"clients"`
	Content struct {
		Look  duration `toml:"look_every"`
		Scrub duration `toml:"scrub_every"`
	} `toml:"content"`
	Healing struct {
		Share     float64 `toml:"pause_share"`
		Computers int     `toml:"pause_computers"`
	} `toml:"healing"`
	Log struct {
		Format string `toml:"format"`
		Level  string `toml:"level"`
	} `toml:"log"`
}

// Who is shown /metrics.
const (
	metricsForThisMachine = "loopback"
	metricsForAll         = "everyone"
)

// duration is a time.Duration as text, such as "90s".
type duration time.Duration

func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err == nil && v < 0 {
		err = errors.New("a negative duration")
	}
	*d = duration(v)
	return err
}

func defaultConfig() serverConfig {
	var c serverConfig
	c.Listen, c.Console = ":8530", "127.0.0.1:8540"
	c.Clients.Targeting, c.Clients.RequireRegistration, c.Clients.PageSize = "client", true, 200
	c.Content.Look, c.Content.Scrub = duration(5*time.Minute), duration(7*24*time.Hour)
	c.Metrics, c.KeepEvents = metricsForThisMachine, 90
	rule := backend.DefaultHealingRule()
	c.Healing.Share, c.Healing.Computers = rule.Share, rule.Computers
	c.Log.Format, c.Log.Level = "text", "info"
	return c
}

// readConfig reads the file of a flag, or the one in the data folder if it is there.
func readConfig(file, folder string) (serverConfig, error) {
	c := defaultConfig()
	path := file
	if path == "" {
		path = filepath.Join(folder, configName)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && file == "" {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	m, err := toml.Decode(string(b), &c)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if unknown := m.Undecoded(); len(unknown) > 0 {
		return c, unknownSetting(path, string(b), unknown[0])
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func unknownSetting(path, text string, name toml.Key) error {
	if line := settingLine(text, name); line > 0 {
		path = fmt.Sprintf("%s: line %d", path, line)
	}
	return &problem{exit: exitFailed, err: fmt.Errorf("%s: no such setting: %s", path, name), hint: "docs/server.md lists them all"}
}

func (c *serverConfig) check() error {
	oneOf := func(name, value string, allowed ...string) error {
		for _, a := range allowed {
			if value == a {
				return nil
			}
		}
		return fmt.Errorf("%s is %q and must be one of %s", name, value, strings.Join(allowed, ", "))
	}
	errs := []error{
		oneOf("clients.targeting", c.Clients.Targeting, "client", "server"),
		oneOf("metrics", c.Metrics, metricsForThisMachine, metricsForAll),
		oneOf("log.format", c.Log.Format, "text", "json"),
		oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error"),
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") || (c.TLS.Listen != "" || c.TLS.Console) && c.TLS.Key == "" {
		errs = append(errs, errors.New("tls wants certificate and key"))
	}
	if c.KeepEvents < 0 || c.KeepEvents > 36500 {
		errs = append(errs, errors.New("keep_events must be between 0 and 36500 days"))
	}
	if c.Healing.Share < 0 || c.Healing.Share > 1 || c.Healing.Computers < 1 {
		errs = append(errs, errors.New("healing.pause_share must be between 0 and 1, healing.pause_computers at least 1"))
	}
	if c.Content.Look == 0 {
		errs = append(errs, errors.New("content.look_every must not be 0"))
	}
	if c.Clients.PageSize < 1 || c.Clients.PageSize > 10000 {
		errs = append(errs, errors.New("clients.page_size must be between 1 and 10000"))
	}
	return errors.Join(errs...)
}

func (c *serverConfig) settings(plainPort int) server.Settings {
	s := server.Settings{
		RequireRegistration: c.Clients.RequireRegistration, ContentBase: c.Clients.ContentBase,
		PackageServerShare: c.Clients.PackageServerShare,
	}
	if c.TLS.Listen != "" {
		s.PlainPort = plainPort
	}
	return s
}
