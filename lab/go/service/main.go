// A service that works at a pace of its own: "service KIND [FACE] [PATH]".
//
// KIND: channels (goroutines that wait for good), sessions (a map that only grows), pool (bounded; leaks nothing).
// FACE: what it serves, see face.go. It prints "ready pid=N port=N", and answers each line on standard input: "serve"
// with "served=N" once one more piece of work is done, "pause" with "pause_s=S", "reset" with "ok", "count" with
// "goroutines=N", "park N" (N goroutines more, which wait) and "quit FACE" with "ok". It ends with standard input.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const tick = 20 * time.Millisecond

var kinds = map[string]struct {
	work    func(int)
	perTick int
}{
	"channels": {fetch, 4},
	"sessions": {remember, 6},
	"pool":     {compute, 6},
}

var served int64

func main() {
	kind, known := kinds[word(1, "")]
	if !known {
		panic("service channels|sessions|pool [FACE] [PATH]")
	}
	port := serve(word(2, "pprof"), word(3, "/debug/pprof/"))
	go measure()
	go work(kind.work, kind.perTick)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(answer(lines.Text()))
	}
}

func word(at int, otherwise string) string {
	if at < len(os.Args) {
		return os.Args[at]
	}
	return otherwise
}

func work(one func(int), perTick int) {
	number := 0
	for range time.Tick(tick) {
		for i := 0; i < perTick; i++ {
			one(number)
			number++
		}
		atomic.StoreInt64(&served, int64(number))
	}
}

func answer(line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "serve":
		before := atomic.LoadInt64(&served)
		for atomic.LoadInt64(&served) == before {
			time.Sleep(time.Millisecond)
		}
		return fmt.Sprintf("served=%d", atomic.LoadInt64(&served))
	case "pause":
		return fmt.Sprintf("pause_s=%.6f", time.Duration(atomic.LoadInt64(&longest)).Seconds())
	case "reset":
		atomic.StoreInt64(&longest, 0)
		return "ok"
	case "count":
		return fmt.Sprintf("goroutines=%d", runtime.NumGoroutine())
	case "park":
		park(rest)
		return "ok"
	case "quit":
		face.Store(rest)
		return "ok"
	}
	return "what?"
}

var longest int64

// measure keeps the longest time for which a thread could not read the clock, beyond its sleep.
func measure() {
	runtime.LockOSThread()
	for {
		before := time.Now()
		time.Sleep(time.Millisecond)
		if gap := int64(time.Since(before) - time.Millisecond); gap > atomic.LoadInt64(&longest) {
			atomic.StoreInt64(&longest, gap)
		}
	}
}

// park starts goroutines that wait, as many as are asked for.
func park(count string) {
	var wanted int
	fmt.Sscan(count, &wanted)
	var begun sync.WaitGroup
	begun.Add(wanted)
	for i := 0; i < wanted; i++ {
		go func() {
			begun.Done()
			<-make(chan int)
		}()
	}
	begun.Wait()
}
