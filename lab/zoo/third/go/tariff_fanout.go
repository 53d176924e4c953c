//: says = "each request asks three suppliers in goroutines over an unbuffered channel and takes the first answer; the slower two block on the send for good with their rate tables"
//: kind = "leak"
//: causes = ["goroutine"]
//: holder = ["askSupplier"]
//: per_s = 300
//: limit_mib = 512
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type rate struct {
	Code  string
	Cents int
	Valid time.Time
}

type answer struct {
	supplier string
	rates    []*rate
	took     time.Duration
}

type board struct {
	mu     sync.Mutex
	wins   map[string]int
	recent [64]string
	pos    int
}

func (b *board) won(s string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wins[s]++
	b.recent[b.pos%len(b.recent)] = s + "/" + strconv.Itoa(n)
	b.pos++
}

var (
	suppliers = []string{"nordgas", "alpstrom", "küstenwind"}
	scores    = &board{wins: map[string]int{}}
)

func buildRates(supplier string, n int) []*rate {
	out := make([]*rate, 0, 12)
	for i := 0; i < 12; i++ {
		out = append(out, &rate{
			Code:  fmt.Sprintf("%s-%d-%02d", supplier, n, i),
			Cents: 2100 + (n*7+i*13)%900,
			Valid: time.Unix(int64(n), 0),
		})
	}
	return out
}

func askSupplier(name string, n int, replies chan<- answer) {
	start := time.Now()
	rates := buildRates(name, n)
	replies <- answer{supplier: name, rates: rates, took: time.Since(start)}
}

func cheapest(n int) answer {
	replies := make(chan answer)                 //~ leak
	replies := make(chan answer, len(suppliers)) //~ fixed
	for _, s := range suppliers {
		go askSupplier(s, n, replies)
	}
	return <-replies
}

func quote(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	a := cheapest(n)
	scores.won(a.supplier, n)
	best := a.rates[0]
	for _, x := range a.rates {
		if x.Cents < best.Cents {
			best = x
		}
	}
	fmt.Fprintf(w, "%s %d\n", best.Code, best.Cents)
}

func main() {
	http.HandleFunc("/", quote)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(ln, nil)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
