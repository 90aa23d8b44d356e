// Package powercut says what a power cut may leave of a folder, from a record of the system calls by which programs wrote to
// it. It is for tests: it runs nothing and cuts nothing. Its invariant: what a sync promised before the cut is there; of all
// else each part may be there or not, in any order.
//
// A sync of a file makes its bytes last, and its name if it is new, as every file system with a journal does; a sync of a
// folder makes the names in it last. Nothing else lasts before it is synced.
package powercut

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Calls are the system calls that strace must record (-e trace=), with -f -ttt -y -xx and an -s that no write exceeds.
const Calls = "open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,truncate,fallocate," +
	"rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile,splice"

// Call is a system call. With Left 0 it never came back.
type Call struct {
	Name   string
	Args   []string // as strace writes them
	Result string
	// Entered and Left are the lines of the record, from 1.
	Entered, Left int
}

// Record is what strace recorded.
type Record struct {
	Calls []Call
	// Times has when each line was written; no program went on meanwhile.
	Times []time.Time
}

const maxLine = 64 << 20

var (
	lineForm     = regexp.MustCompile(`^(\d+) +(\d+)\.(\d{6}) (.*)$`)
	completeForm = regexp.MustCompile(`^(\w+)\((.*)\) += (.*)$`)
	halfForm     = regexp.MustCompile(`^(\w+)\((.*?),? ?<unfinished \.\.\.>$`)
	restForm     = regexp.MustCompile(`^<\.\.\. (\w+) resumed>(.*)\) += (.*)$`)
)

// Parse reads what strace wrote. A last line that is cut off is left out.
func Parse(r io.Reader) (*Record, error) {
	rec := &Record{}
	open := map[string]int{} // the call that each thread is in
	lines := bufio.NewReaderSize(r, 1<<20)
	for n := 1; ; n++ {
		line, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			return rec, nil
		}
		if err == nil {
			err = rec.add(n, line, open)
		}
		if err != nil {
			return rec, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// readLine gives io.EOF for a last line without an end.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return "", fmt.Errorf("more than %d bytes", maxLine)
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return strings.TrimSuffix(string(line), "\n"), err
		}
	}
}

func (rec *Record) add(n int, line string, open map[string]int) error {
	m := lineForm.FindStringSubmatch(line)
	if m == nil {
		return fmt.Errorf("no call: %.100q", line)
	}
	seconds, err := strconv.ParseInt(m[2], 10, 64)
	if err != nil {
		return err
	}
	micros, err := strconv.ParseInt(m[3], 10, 64)
	if err != nil {
		return err
	}
	rec.Times = append(rec.Times, time.Unix(seconds, micros*1000))
	thread, text := m[1], m[4]
	if m := completeForm.FindStringSubmatch(text); m != nil {
		rec.Calls = append(rec.Calls, Call{Name: m[1], Args: split(m[2]), Result: m[3], Entered: n, Left: n})
	} else if m := halfForm.FindStringSubmatch(text); m != nil {
		rec.Calls = append(rec.Calls, Call{Name: m[1], Args: split(m[2]), Entered: n})
		open[thread] = len(rec.Calls)
	} else if m := restForm.FindStringSubmatch(text); m != nil && open[thread] > 0 {
		c := &rec.Calls[open[thread]-1]
		c.Args, c.Result, c.Left = append(c.Args, split(m[2])...), m[3], n
		delete(open, thread)
	}
	return nil
}

func split(args string) []string {
	args = strings.Trim(args, ", ")
	if args == "" {
		return nil
	}
	return strings.Split(args, ", ")
}

// text reads a string that is written in hexadecimal: "\x2f\x61".
func text(s string) (string, error) {
	if len(s)%4 != 0 {
		return "", fmt.Errorf("no string in hexadecimal: %.100q", s)
	}
	digits := make([]byte, 0, len(s)/2)
	for ; s != ""; s = s[4:] {
		if s[:2] != `\x` {
			return "", fmt.Errorf("no string in hexadecimal: %.100q", s)
		}
		digits = append(digits, s[2:4]...)
	}
	b, err := hex.DecodeString(string(digits))
	return string(b), err
}

// quoted reads an argument that is a whole string.
func quoted(arg string) (string, error) {
	if len(arg) < 2 || arg[0] != '"' || arg[len(arg)-1] != '"' {
		return "", fmt.Errorf("no whole string: %.100q", arg)
	}
	return text(arg[1 : len(arg)-1])
}

// described gives the path of a descriptor: 3<\x2f\x61>.
func described(arg string) (string, error) {
	_, rest, ok := strings.Cut(arg, "<")
	path, _, end := strings.Cut(rest, ">")
	if !ok || !end {
		return "", fmt.Errorf("no descriptor with its path: %.100q", arg)
	}
	if !strings.HasPrefix(path, `\x`) {
		return "", nil // a socket or the like
	}
	return text(path)
}
