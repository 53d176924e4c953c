// A service that loses goroutines as it is told, with net/http/pprof for who looks from outside and goleak inside.
//
// It prints "ready pid=N port=N". Each line on standard input is a question: "lose N" (each of three kinds in turn), "rate
// N" (so many a second from now on), "find" (goleak looks), "reset" and "pause" (the longest time for which a thread that
// reads the clock each millisecond could not). It ends with standard input.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/goleak"
)

var (
	jobs    = make(chan int)
	gate    sync.Mutex
	longest atomic.Int64
	rate    atomic.Int64
)

func worker() {
	for range jobs {
	}
}

// send waits for a reader that has gone.
func send() {
	answers := make(chan []byte)
	go func() { answers <- make([]byte, 1024) }()
}

// watch waits in a select that nobody ends.
func watch() {
	events, stop := make(chan int), make(chan struct{})
	go func() {
		select {
		case <-events:
		case <-stop:
		}
	}()
}

// lock waits for a mutex that is held for good.
func lock() {
	go func() {
		gate.Lock()
		defer gate.Unlock()
	}()
}

func lose(count int) {
	kinds := []func(){send, watch, lock}
	for at := 0; at < count; at++ {
		kinds[at%len(kinds)]()
	}
}

func steadily() {
	for range time.Tick(20 * time.Millisecond) {
		lose(int(rate.Load() / 50))
	}
}

func measure() {
	runtime.LockOSThread()
	for {
		before := time.Now()
		time.Sleep(time.Millisecond)
		if gap := int64(time.Since(before) - time.Millisecond); gap > longest.Load() {
			longest.Store(gap)
		}
	}
}

func main() {
	gate.Lock()
	for at := 0; at < 32; at++ {
		go worker()
	}
	go measure()
	go steadily()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, nil)
	time.Sleep(50 * time.Millisecond)
	known := goleak.IgnoreCurrent()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		verb, word, _ := strings.Cut(lines.Text(), " ")
		var count int
		fmt.Sscan(word, &count)
		switch verb {
		case "lose":
			lose(count)
			fmt.Println("ok")
		case "rate":
			rate.Store(int64(count))
			fmt.Println("ok")
		case "reset":
			longest.Store(0)
			fmt.Println("ok")
		case "pause":
			fmt.Printf("pause_s=%.6f\n", time.Duration(longest.Load()).Seconds())
		case "find":
			find(known)
		}
	}
}

// find tells how long goleak took, how many it names, and where: each function once.
func find(known goleak.Option) {
	begun := time.Now()
	err := goleak.Find(known)
	took := time.Since(begun)
	said := ""
	if err != nil {
		said = err.Error()
	}
	where := ""
	for _, name := range []string{"main.send", "main.watch", "main.lock"} {
		if strings.Contains(said, name) {
			where += " " + name
		}
	}
	fmt.Printf("took_s=%.6f named=%d bytes=%d where=%s\n", took.Seconds(), strings.Count(said, "with "), len(said), strings.ReplaceAll(strings.TrimSpace(where), " ", ","))
}
