//: says = "a worker pool adds a goroutine with its own scratch image every 200 ms under load until its maximum of 80 workers, then stays there"
//: kind = "healthy"
//: per_s = 200
//: limit_mib = 512
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxWorkers = 80
	width      = 192
	height     = 128
)

type pixel struct{ r, g, b, a float32 }

type job struct {
	n     int
	reply chan string
}

type worker struct {
	id      int
	scratch [][]pixel
	done    int
}

func newWorker(id int) *worker {
	w := &worker{id: id}
	for y := 0; y < height; y++ {
		row := make([]pixel, width)
		for x := range row {
			row[x] = pixel{float32(x), float32(y), float32(id), 1}
		}
		w.scratch = append(w.scratch, row)
	}
	return w
}

func (w *worker) shade(n int) string {
	var sum float32
	for i := range w.scratch[n%height] {
		p := &w.scratch[n%height][i]
		p.r = (p.r + float32(n%7)) / 2
		sum += p.r*0.3 + p.g*0.6
	}
	w.done++
	return fmt.Sprintf("image %d shade %.1f by %d", n, sum, w.id)
}

type pool struct {
	jobs    chan job
	size    atomic.Int32
	mu      sync.Mutex
	workers []*worker
	grown   time.Time
}

func (p *pool) submit(j job) {
	p.mu.Lock()
	if int(p.size.Load()) < maxWorkers && time.Since(p.grown) > 200*time.Millisecond {
		p.grown = time.Now()
		p.grow()
	}
	p.mu.Unlock()
	p.jobs <- j
}

func (p *pool) grow() {
	w := newWorker(int(p.size.Add(1)))
	p.workers = append(p.workers, w)
	go func() {
		for j := range p.jobs {
			j.reply <- w.shade(j.n)
		}
	}()
}

func main() {
	p := &pool{jobs: make(chan job, 32)}
	p.grow()
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		reply := make(chan string, 1)
		p.submit(job{n, reply})
		io.WriteString(w, <-reply)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(l, nil)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), l.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
