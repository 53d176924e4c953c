//: says = "each request asks four hauliers in goroutines that send on an unbuffered channel, and only the first bid is received; the other three goroutines block in the send for good, each holding its bid"
//: kind = "leak"
//: causes = ["goroutine"]
//: holder = ["requestBid"]
//: per_s = 200
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
	"time"
)

type leg struct {
	from, to string
	km       int
}

type bid struct {
	Haulier string
	Cents   int
	legs    []leg
}

type haulier struct {
	name  string
	perKm int
}

func (h *haulier) requestBid(job int, out chan<- *bid) {
	b := &bid{Haulier: h.name}
	for i := 0; i < 6; i++ {
		l := leg{from: fmt.Sprintf("yard-%d", (job+i)%50), to: fmt.Sprintf("dock-%d", (job*3+i)%70), km: 20 + (job*7+i)%300}
		b.legs = append(b.legs, l)
		b.Cents += l.km * h.perKm
	}
	time.Sleep(time.Duration(1+(job+h.perKm)%3) * time.Millisecond)
	out <- b
}

type exchange struct {
	hauliers []*haulier
	patience time.Duration
}

func (x *exchange) quickest(job int) (*bid, error) {
	out := make(chan *bid) //~ leak
	out := make(chan *bid, len(x.hauliers)) //~ fixed
	for _, h := range x.hauliers {
		go h.requestBid(job, out)
	}
	select {
	case b := <-out:
		return b, nil
	case <-time.After(x.patience):
		return nil, fmt.Errorf("no bid for job %d", job)
	}
}

func main() {
	x := &exchange{patience: 500 * time.Millisecond}
	for i, name := range []string{"Brandt", "Okafor", "Lindqvist", "Moreau"} {
		x.hauliers = append(x.hauliers, &haulier{name: name, perKm: 90 + i*4})
	}

	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		job, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			http.NotFound(w, r)
			return
		}
		b, err := x.quickest(job)
		if err != nil {
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(b)
	})

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(ln, nil)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
