package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/powercut"
	"github.com/redx-update/redx/internal/testdata"
)

// The environment makes the test longer: how often the power is cut, and how long computers and administrators work before.
const (
	cutsVariable = "REDX_POWERCUTS"
	workVariable = "REDX_POWERCUT_WORK"
)

// promise is something that was acknowledged, and when.
type promise struct {
	at   time.Time
	what string // "registered", "event", "update", "approval" or "file"
	key  string // the computer; the computer and the event; the update; the update; the path below Content
}

// promises are gathered by all who work at once.
type promises struct {
	mu  sync.Mutex
	all []promise
}

func (p *promises) add(what, key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, promise{time.Now(), what, key})
}

// TestServerPowerCut records what the server and the commands beside it write while computers register and report and an
// administrator takes in updates and approves them. Then it makes what may be left of the data when the power goes, at many
// moments and in many ways, and opens it: what was acknowledged by then is there, and no number is given twice.
func TestServerPowerCut(t *testing.T) {
	withoutRaces(t)
	strace := tracer(t)
	w := record(t, strace)
	cuts, at := w.moments(number(t, cutsVariable, 12))
	disk := powercut.NewDisk(w.data)
	tried := 0
	err := disk.Replay(w.trace, at, func(line int) error {
		tried++
		return w.cut(disk, line, uint64(tried))
	})
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for _, p := range w.promised.all {
		made[p.what]++
	}
	t.Logf("%v, %d system calls, %d cuts", made, len(w.trace.Calls), cuts)
	// A disk that forgets what was synced must be noticed.
	deaf := powercut.NewDisk(w.data)
	deaf.Deaf = true
	if err := deaf.Replay(w.trace, at[len(at)-1:], func(line int) error { return w.cut(deaf, line, 1) }); err == nil {
		t.Error("on a disk that forgets, nothing was missed")
	} else {
		t.Logf("on a disk that forgets: %.200s", err)
	}
}

// tracer finds strace, if it is allowed to do its work.
func tracer(t *testing.T) string {
	t.Helper()
	strace := testdata.Tool(t, "strace")
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace must not trace here (%v): %s", err, out)
	}
	return strace
}

func number(t *testing.T, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q", variable, text)
	}
	return n
}

// work is a server that was worked with, and what was written meanwhile.
type work struct {
	t        *testing.T
	data     string
	promised promises
	trace    *powercut.Record
	final    known
}

// traced is a shell below strace: what it runs is recorded, in one order.
type traced struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   *watched
	file  string // of the record
	mu    sync.Mutex
	in    io.Writer
	out   *bufio.Reader
	redx  string
	data  string
	count int
}

// record has everybody work for a while.
func record(t *testing.T, strace string) *work {
	t.Helper()
	w := &work{t: t, data: t.TempDir()}
	sh := shell(t, strace, w.data)
	sh.say(shellLine(sh.redx, "server", "run", "--data", w.data, "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0") + " &")
	s := &served{t: t, data: w.data, cmd: sh.cmd, log: sh.log}
	s.base = "http://" + s.listening("clients")
	w.everybody(s.base, sh, time.Duration(number(t, workVariable, 3))*time.Second)
	sh.say("kill $!; wait")
	w.trace = sh.end()
	var err error
	if w.final, err = w.know(w.data); err != nil {
		t.Fatal(err)
	}
	return w
}

// shell starts a shell whose commands are about a server's data.
func shell(t *testing.T, strace, data string) *traced {
	t.Helper()
	sh := &traced{t: t, redx: redx(t), data: data, file: filepath.Join(t.TempDir(), "trace"), log: &watched{}}
	sh.cmd = exec.Command(strace, "-f", "-ttt", "-y", "-xx", "-s", "4194304", "--seccomp-bpf", "-e", "signal=none",
		"-e", "trace="+powercut.Calls, "-o", sh.file, "sh")
	sh.cmd.Stderr = sh.log
	out, err := sh.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if sh.in, err = sh.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := sh.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sh.out = bufio.NewReader(out)
	return sh
}

// end ends the shell and gives what was recorded.
func (sh *traced) end() *powercut.Record {
	sh.t.Helper()
	sh.say("exit")
	if err := sh.cmd.Wait(); err != nil {
		sh.t.Fatalf("%v: %s", err, sh.log)
	}
	f, err := os.Open(sh.file)
	if err != nil {
		sh.t.Fatal(err)
	}
	defer f.Close()
	rec, err := powercut.Parse(f)
	if err != nil {
		sh.t.Fatal(err)
	}
	return rec
}

func (sh *traced) say(line string) {
	if _, err := io.WriteString(sh.in, line+"\n"); err != nil {
		sh.t.Error(err)
	}
}

// shellLine is a command as a shell reads it; no word has an apostrophe.
func shellLine(all ...string) string { return "'" + strings.Join(all, "' '") + "'" }

// run runs a command on the data, and says whether it went well.
func (sh *traced) run(args ...string) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.count++
	well := fmt.Sprintf("well %d\n", sh.count)
	command := shellLine(append(append([]string{sh.redx}, args...), "--data", sh.data)...)
	sh.say(fmt.Sprintf("%s >/dev/null 2>&1 && echo well %d || echo failed", command, sh.count))
	answer, err := sh.out.ReadString('\n')
	if err != nil {
		sh.t.Error(err)
	}
	return answer == well
}

// everybody works: computers that register and report, and an administrator who takes in updates and approves them.
func (w *work) everybody(base string, sh *traced, while time.Duration) {
	ctx, stop := context.WithTimeout(w.t.Context(), while)
	defer stop()
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				w.computer(newComputer(base, numbered(n<<16+i), fmt.Sprintf("pc%d-%d.example", n, i)))
			}
		})
	}
	for n := 1; ctx.Err() == nil; n++ {
		w.administrator(sh, n)
	}
	all.Wait()
}

// computer registers and reports.
func (w *work) computer(c *computer) {
	if err := c.handshake(); err != nil {
		w.t.Errorf("register: %v", err)
		return
	}
	w.promised.add("registered", c.id)
	for i := range 5 {
		instance := fmt.Sprintf("%s%02x", c.id[:34], i)
		if err := c.report(failed(c.id, instance, madeID(1))); err != nil {
			w.t.Errorf("report: %v", err)
			return
		}
		w.promised.add("event", c.id+" "+instance)
	}
}

// administrator takes in the nth update with a file, and approves it.
func (w *work) administrator(sh *traced, n int) {
	content := powerCutFile(n)
	u := madeUpdate{n: n, files: map[string]string{"made.cab": content}}
	dir := w.t.TempDir()
	write(w.t, filepath.Join(dir, "made.xml"), u.document())
	write(w.t, filepath.Join(dir, "made.cab"), []byte(content))
	if !sh.run("server", "import", dir) {
		w.t.Errorf("update %d was not taken in", n)
		return
	}
	w.promised.add("update", madeID(n))
	w.promised.add("file", contentPath(content))
	if !sh.run("approval", "set", madeID(n)) {
		w.t.Errorf("update %d was not approved", n)
		return
	}
	w.promised.add("approval", madeID(n))
}

// powerCutFile is what the nth update's file holds.
func powerCutFile(n int) string {
	return strings.Repeat(fmt.Sprintf("content of the file of update %d\n", n), 700)
}

// TestBackupPowerCut cuts the power just after a backup and a restore said that they are done: both are whole.
func TestBackupPowerCut(t *testing.T) {
	withoutRaces(t)
	strace := tracer(t)
	top := t.TempDir()
	in := filepath.Join(t.TempDir(), "in")
	write(t, filepath.Join(in, "one.xml"), (&madeUpdate{n: 1}).document())
	old, restored, backup := filepath.Join(top, "old"), filepath.Join(top, "new"), filepath.Join(top, "copy.db")
	sh := shell(t, strace, old)
	if !sh.run("server", "import", in) || !sh.run("server", "backup", backup) {
		t.Fatal("no backup")
	}
	sh.data = restored
	if !sh.run("server", "restore", backup) {
		t.Fatal("not restored")
	}
	rec := sh.end()
	disk := powercut.NewDisk(top)
	err := disk.Replay(rec, []int{len(rec.Times)}, func(int) error {
		for seed := range uint64(20) {
			dir := t.TempDir()
			if err := disk.Cut(dir, rand.New(rand.NewPCG(seed, 3))); err != nil {
				return err
			}
			if err := os.Rename(filepath.Join(dir, "copy.db"), filepath.Join(dir, "old", databaseName)); err != nil {
				return err
			}
			for folder, epoch := range map[string]int64{"old": 1, "new": 2} {
				w := &work{t: t}
				k, err := w.know(filepath.Join(dir, folder))
				if err != nil || k.server.Epoch != epoch || len(k.updates) != 1 {
					return fmt.Errorf("%s: epoch %d, %d updates, %w", folder, k.server.Epoch, len(k.updates), err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
