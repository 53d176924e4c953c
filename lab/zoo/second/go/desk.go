//: says = "asks three suppliers at once over an unbuffered channel and returns with the first answer; the two others block on their send for ever (serves pprof)"
//: kind = "leak"
//: causes = ["goroutine"]
//: holder = ["Desk).Best"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Line is one position of an offer.
type Line struct {
	Article string  `json:"article"`
	Amount  int     `json:"amount"`
	Price   float64 `json:"price"`
}

// Offer is what a supplier answers.
type Offer struct {
	Supplier string `json:"supplier"`
	Lines    []Line `json:"lines"`
}

// Total adds up the lines.
func (o *Offer) Total() float64 {
	sum := 0.0
	for _, l := range o.Lines {
		sum += l.Price * float64(l.Amount)
	}
	return sum
}

// Supplier answers inquiries from its price list.
type Supplier struct {
	Name   string
	Factor float64
	asked  atomic.Int64
}

// Offer computes the supplier's answer to an inquiry.
func (s *Supplier) Offer(inquiry int) *Offer {
	s.asked.Add(1)
	offer := &Offer{Supplier: s.Name, Lines: make([]Line, 0, 40)}
	for i := 0; i < 40; i++ {
		offer.Lines = append(offer.Lines, Line{
			Article: "A-" + strconv.Itoa(inquiry%5000*40+i),
			Amount:  1 + (inquiry+i)%9,
			Price:   s.Factor * float64(10+(inquiry*7+i*3)%90),
		})
	}
	return offer
}

// Desk sends inquiries to all its suppliers.
type Desk struct {
	suppliers []*Supplier
	mu        sync.Mutex
	wins      map[string]int
}

// Best returns the offer that comes in first.
func (d *Desk) Best(inquiry int) *Offer {
	offers := make(chan *Offer)                   //~ leak
	offers := make(chan *Offer, len(d.suppliers)) //~ fixed
	for _, s := range d.suppliers {
		go func() {
			offers <- s.Offer(inquiry)
		}()
	}
	first := <-offers
	d.mu.Lock()
	d.wins[first.Supplier]++
	d.mu.Unlock()
	return first
}

// ServeHTTP answers GET /<inquiry>.
func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	inquiry, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
	if err != nil {
		inquiry = 0
	}
	offer := d.Best(inquiry)
	body, _ := json.Marshal(map[string]any{
		"inquiry":  inquiry,
		"supplier": offer.Supplier,
		"lines":    len(offer.Lines),
		"total":    offer.Total(),
	})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func main() {
	desk := &Desk{
		suppliers: []*Supplier{{Name: "Ahlers", Factor: 1.02}, {Name: "Brandt", Factor: 0.98}, {Name: "Carlsen", Factor: 1.0}},
		wins:      make(map[string]int),
	}
	http.Handle("/", desk)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(listener, nil)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
