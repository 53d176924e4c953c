//: says = "The mark of each device is a few bytes sliced out of its whole report, and the list of marks is never shortened, so every report stays."
//: kind = "leak"
//: causes = ["global", "static-collection"]
//: holder = ["recognise"]
//: per_s = 360
//: for_s = 20
//: limit_mib = 512

// Device check: reads a device's report and tells whether its mark was seen lately.
package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

var (
	marksMu sync.Mutex
	marks   [][]byte
)

type Policy struct {
	Oldest  time.Duration
	Denied  map[byte]bool
	Version int
}

type Totals struct {
	mu      sync.Mutex
	byClass [16]int
}

func (t *Totals) Add(class byte) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byClass[class&15]++
	return t.byClass[class&15]
}

func recognise(number int) (mark []byte, class byte, again int) {
	report := make([]byte, 8000)
	for i := range report {
		report[i] = byte(i*number>>3) ^ byte(i)
	}
	copy(report, fmt.Sprintf("mark:%016x;", uint64(number)*0x9e3779b97f4a7c15))
	mark, class = report[5:21], report[100]
	marksMu.Lock()
	defer marksMu.Unlock()
	for i := len(marks) - 1; i >= 0 && i > len(marks)-200; i-- {
		if bytes.Equal(marks[i], mark) {
			again++
		}
	}
	marks = append(marks, mark)              //~ leak
	marks = append(marks, bytes.Clone(mark)) //~ fixed
	if len(marks) > 2000 {                   //~ fixed
		marks = append(marks[:0:0], marks[1000:]...) //~ fixed
	} //~ fixed
	return mark, class, again
}

type checker struct {
	policy Policy
	totals Totals
	mu     sync.Mutex
	number int
}

func (c *checker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.number++
	number := c.number
	c.mu.Unlock()
	mark, class, again := recognise(number)
	verdict := "welcome"
	if c.policy.Denied[class] || again > 0 {
		verdict = "ask again"
	}
	fmt.Fprintf(w, "%s %s %d\n", hex.EncodeToString(mark[:4]), verdict, c.totals.Add(class))
}

func main() {
	c := &checker{policy: Policy{Oldest: time.Hour, Denied: map[byte]bool{7: true, 99: true}, Version: 3}}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server := &http.Server{Handler: c, IdleTimeout: time.Minute}
	go server.Serve(listener)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	one := make([]byte, 1)
	for {
		if n, err := os.Stdin.Read(one); n == 0 || err != nil {
			os.Exit(0)
		}
	}
}
