package main

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/update"
)

const (
	// connections and rangeSize are how delivery optimisation downloads: closed ranges over some connections.
	connections = 7
	rangeSize   = 1 << 20
	// turns is how often each of the two servers is measured.
	turns = 21
)

// contentRows has both servers give out the same file of the same folder in turns: in ranges, and whole.
func contentRows(ctx context.Context, w *world) ([]row, error) {
	path, err := w.addFile(ctx)
	if err != nil {
		return nil, err
	}
	nginx, err := startNginx(ctx, w)
	if err != nil {
		return nil, err
	}
	defer nginx.stop()
	if err := offered(ctx, w.server.base+"/Content/"+path); err != nil {
		return nil, err
	}
	var rows []row
	for _, kind := range []struct {
		what     string
		download func(ctx context.Context, w *world, url string) error
	}{
		{fmt.Sprintf("content, %d MiB in ranges of 1 MiB over %d connections", w.o.mb, connections), inRanges},
		{fmt.Sprintf("content, %d MiB whole, over %d connections", w.o.mb, connections), whole},
	} {
		r, err := inTurns(kind.what, [2]string{w.server.base + "/Content/" + path, nginx.base + "/Content/" + path}, func(url string) error {
			return kind.download(ctx, w, url)
		})
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// inTurns compares redx, the first of the two, with its peer: the median of the turns' own ratios, since what else the machine
// does in a turn, it does to both. Each begins every other turn, as what runs second finds the machine warmer. A turn before
// warms the file.
func inTurns(what string, urls [2]string, download func(url string) error) (row, error) {
	var took [2][]time.Duration
	var ratios []float64
	for turn := range 1 + turns {
		var now [2]time.Duration
		for n := range urls {
			i := (n + turn) % len(urls)
			begin := time.Now()
			if err := download(urls[i]); err != nil {
				return row{}, fmt.Errorf("%s: %w", urls[i], err)
			}
			now[i] = time.Since(begin)
		}
		if turn == 0 {
			continue
		}
		ratios = append(ratios, float64(now[1])/float64(now[0]))
		for i := range took {
			took[i] = append(took[i], now[i])
		}
	}
	slices.Sort(ratios)
	for i := range took {
		slices.Sort(took[i])
	}
	ratio := ratios[turns/2]
	return row{
		what: what, figure: fmt.Sprintf("%.2fx the rate", ratio), goal: "0.9x nginx", met: yes(ratio >= 0.9),
		beside: fmt.Sprintf("%s beside nginx %s; %.2fx to %.2fx in %d turns", round(took[0][turns/2]), round(took[1][turns/2]), ratios[0], ratios[turns-1], turns),
	}, nil
}

// addFile has redx take in an update with a large file, and gives the file's path below Content.
func (w *world) addFile(ctx context.Context) (string, error) {
	in := filepath.Join(w.dir, "in")
	if err := os.Mkdir(in, 0o700); err != nil {
		return "", err
	}
	b := make([]byte, w.o.mb<<20)
	random := rand.NewChaCha8([32]byte{})
	if _, err := random.Read(b); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(in, "large.cab"), b, 0o600); err != nil {
		return "", err
	}
	file := store.File{Name: "large.cab", Size: int64(len(b)), SHA1: sha1.Sum(b), SHA256: sha256.Sum256(b)}
	err := w.inStore(ctx, func(s store.Store) error {
		u := store.Update{Info: store.Info{Title: "Large", Files: []store.File{file}}}
		u.Revision.ID = update.ID{GUID: guid.MustParse("cccccccc-0000-4000-8000-000000000000"), Revision: 1}
		_, err := s.AddUpdates(ctx, []store.Update{u})
		return err
	})
	if err != nil {
		return "", err
	}
	if out, err := exec.CommandContext(ctx, w.exe, "server", "import", "--data", w.data, in).CombinedOutput(); err != nil {
		return "", fmt.Errorf("import: %w: %s", err, out)
	}
	return fmt.Sprintf("%02X/%X.cab", file.SHA1[19], file.SHA1), nil
}

// offered waits until the server gives out the file.
func offered(ctx context.Context, url string) error {
	for range 300 {
		res, err := http.Head(url)
		if err != nil {
			return err
		}
		if err := res.Body.Close(); err != nil || res.StatusCode == http.StatusOK {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("the file is not offered")
}

const nginxConfig = `daemon off; pid %[1]s/nginx.pid; error_log stderr error; worker_processes auto;
events {}
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
	client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
	server { listen %[2]s; root %[3]s; }
}
`

// startNginx starts the one of REDX_NGINX, or that of the system.
func startNginx(ctx context.Context, w *world) (*process, error) {
	name := os.Getenv("REDX_NGINX")
	if name == "" {
		name = "nginx"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("apt-get install nginx-light, or set REDX_NGINX: %w", err)
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(w.dir, "nginx")
	config := filepath.Join(dir, "nginx.conf")
	// As root, nginx' workers are nobody, who must find the folder.
	err = errors.Join(os.Mkdir(dir, 0o755), os.Chmod(w.dir, 0o755), os.Chmod(w.data, 0o755),
		os.WriteFile(config, fmt.Appendf(nil, nginxConfig, dir, listen, w.data), 0o644))
	if err != nil {
		return nil, err
	}
	return start(ctx, "http://"+listen, "/", exec.Command(path, "-p", dir, "-c", config, "-e", "stderr"))
}

// inRanges downloads the file in closed ranges, some connections at a time.
func inRanges(ctx context.Context, w *world, url string) error {
	return overConnections(func(client *http.Client, c int) error {
		for n := c; n < w.o.mb<<20/rangeSize; n += connections {
			if err := fetch(ctx, client, url, fmt.Sprintf("bytes=%d-%d", n*rangeSize, (n+1)*rangeSize-1), rangeSize); err != nil {
				return err
			}
		}
		return nil
	})
}

func whole(ctx context.Context, w *world, url string) error {
	return overConnections(func(client *http.Client, _ int) error { return fetch(ctx, client, url, "", int64(w.o.mb)<<20) })
}

func overConnections(do func(client *http.Client, c int) error) error {
	return eachAtOnce(connections, func(c int) error {
		client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
		defer client.CloseIdleConnections()
		return do(client, c)
	})
}

// fetch reads an answer and makes sure that it is as long as was asked for.
func fetch(ctx context.Context, client *http.Client, url, ranges string, want int64) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if ranges != "" {
		r.Header.Set("Range", ranges)
		status = http.StatusPartialContent
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && (n != want || res.StatusCode != status) {
		err = fmt.Errorf("status %d and %d bytes", res.StatusCode, n)
	}
	return err
}
