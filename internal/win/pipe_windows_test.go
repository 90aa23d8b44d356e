package win_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"testing"
	"time"

	"github.com/redx-update/redx/internal/win"
)

func listening(t *testing.T) (string, net.Listener) {
	t.Helper()
	name := fmt.Sprintf("redx-test-%d-%d", os.Getpid(), time.Now().UnixNano())
	l, err := win.ListenPipe(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return name, l
}

func TestPipe(t *testing.T) {
	name, l := listening(t)
	if second, err := win.ListenPipe(name); err == nil {
		second.Close()
		if !win.Wine() { // which knows no first instance
			t.Error("the same name was taken twice")
		}
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, io.LimitReader(conn, 4)) //nolint:errcheck // the other end sees what came
			}()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 20 {
		conn, err := win.DialPipe(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != "hell" {
			t.Errorf("%q, %v", got, err)
		}
		conn.Close()
	}
	if _, err := win.DialPipe(ctx, name+"-none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nobody listens there: %v", err)
	}
}

// A client that says nothing is waited for no longer than one wants, and closing ends what waits for the next.
func TestPipeDeadlineAndClose(t *testing.T) {
	name, l := listening(t)
	accepted := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			err = conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			if _, rerr := conn.Read(make([]byte, 1)); !errors.Is(rerr, os.ErrDeadlineExceeded) {
				err = errors.Join(err, fmt.Errorf("it read: %w", rerr))
			}
			conn.Close()
		}
		accepted <- err
	}()
	conn, err := win.DialPipe(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := <-accepted; err != nil {
		t.Errorf("a silent client: %v", err)
	}
	go func() {
		_, err := l.Accept()
		accepted <- err
	}()
	time.Sleep(50 * time.Millisecond)
	l.Close()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}
