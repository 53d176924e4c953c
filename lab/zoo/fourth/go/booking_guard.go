//: says = "each booking registers a context.AfterFunc roll-back on the service's lifetime context and does not call the returned stop on success, so the context's children keep the callbacks and their bookings"
//: kind = "leak"
//: causes = ["listener"]
//: holder = ["lifetime"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
)

type Night struct {
	Date  string
	Cents int
	Notes []string
}

type Booking struct {
	Ref    string
	Room   int
	Nights []*Night
	extras map[string]int
	state  atomic.Int32
}

func (b *Booking) Total() (sum int) {
	for _, n := range b.Nights {
		sum += n.Cents
	}
	for _, c := range b.extras {
		sum += c
	}
	return sum
}

func (b *Booking) rollback() {
	b.state.CompareAndSwap(0, -1)
}

type Desk struct {
	lifetime context.Context
	taken    atomic.Int64
	refused  atomic.Int64
}

var errFull = errors.New("room is taken")

func (d *Desk) reserve(b *Booking) error {
	stop := context.AfterFunc(d.lifetime, b.rollback)
	if b.Room%23 == 0 {
		stop()
		d.refused.Add(1)
		return errFull
	}
	defer stop() //~ fixed
	b.state.Store(1)
	d.taken.Add(1)
	return nil
}

func draft(n int) *Booking {
	b := &Booking{Ref: fmt.Sprintf("BK-%07d", n), Room: 100 + n%300, extras: map[string]int{}}
	for i := 0; i < 24; i++ {
		night := &Night{Date: fmt.Sprintf("2026-%02d-%02d", 1+(n+i)%12, 1+(n*3+i)%28), Cents: 7900 + (n*17+i*29)%6000}
		for k := 0; k < 3; k++ {
			night.Notes = append(night.Notes, "wish "+strconv.Itoa((n*11+i*k)%5000))
		}
		b.Nights = append(b.Nights, night)
	}
	for _, e := range []string{"breakfast", "parking", "cot", "late-out"} {
		b.extras[e] = 500 + (n*len(e))%900
	}
	return b
}

func (d *Desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.Trim(r.URL.Path, "/"))
	if err != nil {
		http.Error(w, "what booking?", http.StatusBadRequest)
		return
	}
	b := draft(n)
	if err := d.reserve(b); err != nil {
		fmt.Fprintf(w, "%s: %v (%d refused)\n", b.Ref, err, d.refused.Load())
		return
	}
	total := b.Total()
	fmt.Fprintf(w, "%s room %d, %d nights, %d.%02d EUR, %d taken\n",
		b.Ref, b.Room, len(b.Nights), total/100, total%100, d.taken.Load())
}

func main() {
	lifetime, cancel := context.WithCancel(context.Background())
	defer cancel()
	desk := &Desk{lifetime: lifetime}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: desk}
	go srv.Serve(ln)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
