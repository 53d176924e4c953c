//: says = "A fare search gives an airline three milliseconds; when it answers later, the asking goroutine waits for ever to send to a channel that nobody reads."
//: kind = "leak"
//: causes = ["goroutine"]
//: holder = ["askAirline"]
//: per_s = 350
//: for_s = 20
//: limit_mib = 512

// Fare search: asks one airline for each search and falls back to the price list.
package main

import (
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type offer struct {
	airline string
	fares   [640]uint64
}

type priceList struct {
	mu   sync.RWMutex
	fare map[string]uint64
}

func (p *priceList) usual(airline string) uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.fare[airline]
}

type desk struct {
	airlines []string
	usual    *priceList
	searches atomic.Int64
	late     atomic.Int64
}

func askAirline(airline string, number int64, answers chan<- *offer) {
	found := &offer{airline: airline}
	for i := range found.fares {
		found.fares[i] = uint64(number)*31 + uint64(i*i)
	}
	time.Sleep(time.Duration(2+rand.Intn(40)) * time.Millisecond)
	answers <- found
}

func (d *desk) search() string {
	number := d.searches.Add(1)
	airline := d.airlines[number%int64(len(d.airlines))]
	answers := make(chan *offer)    //~ leak
	answers := make(chan *offer, 1) //~ fixed
	go askAirline(airline, number, answers)
	patience := time.NewTimer(3 * time.Millisecond)
	defer patience.Stop()
	select {
	case found := <-answers:
		return fmt.Sprintf("%s offers %d", found.airline, found.fares[0])
	case <-patience.C:
		d.late.Add(1)
		return fmt.Sprintf("%s usually takes %d, late %d times", airline, d.usual.usual(airline), d.late.Load())
	}
}

func main() {
	list := &priceList{fare: map[string]uint64{"Auk": 120, "Bittern": 90, "Crane": 210}}
	d := &desk{airlines: []string{"Auk", "Bittern", "Crane"}, usual: list}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, d.search())
	}))
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
