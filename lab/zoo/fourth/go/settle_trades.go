//: says = "each request starts a goroutine that holds its trade through a 30 s cooling-off period and then ends, so goroutines and memory rise for 30 seconds (the collector's heap goal follows somewhat later) and level off"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const coolingOff = 30 * time.Second

type Lot struct {
	Venue string
	Units int
	Price float64
}

type Trade struct {
	ID     int
	Symbol string
	Lots   []*Lot
	Audit  map[string]string
}

func (t *Trade) Value() (v float64) {
	for _, l := range t.Lots {
		v += float64(l.Units) * l.Price
	}
	return v
}

type Clearing struct {
	mu      sync.Mutex
	pending map[int]*Trade
	settled atomic.Int64
	volume  float64
}

func (c *Clearing) accept(t *Trade) {
	c.mu.Lock()
	c.pending[t.ID] = t
	c.mu.Unlock()
	go c.settleLater(t)
}

func (c *Clearing) settleLater(t *Trade) {
	wait := time.NewTimer(coolingOff)
	defer wait.Stop()
	<-wait.C
	c.mu.Lock()
	delete(c.pending, t.ID)
	c.volume += t.Value()
	c.mu.Unlock()
	c.settled.Add(1)
}

var symbols = []string{"ALDR", "BIRC", "CEDR", "ELMX", "MAPL", "OAKW", "PINE", "YEWS"}

func parseTrade(n int) *Trade {
	t := &Trade{ID: n, Symbol: symbols[n%len(symbols)], Audit: map[string]string{}}
	for i := 0; i < 30; i++ {
		t.Lots = append(t.Lots, &Lot{
			Venue: fmt.Sprintf("V%02d-%s", (n+i)%40, t.Symbol),
			Units: 10 + (n*7+i*3)%500,
			Price: 12.5 + float64((n*13+i)%900)/10,
		})
	}
	for _, step := range []string{"received", "validated", "matched", "priced"} {
		t.Audit[step] = fmt.Sprintf("%s by desk %d for %s", step, n%17, t.Symbol)
	}
	return t
}

func (c *Clearing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Path[1:])
	if err != nil {
		http.Error(w, "trade id expected", http.StatusBadRequest)
		return
	}
	t := parseTrade(n)
	c.accept(t)
	fmt.Fprintf(w, "trade %d %s accepted, value %.2f, settled so far %d\n", t.ID, t.Symbol, t.Value(), c.settled.Load())
}

func main() {
	clearing := &Clearing{pending: make(map[int]*Trade)}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(ln, clearing)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
