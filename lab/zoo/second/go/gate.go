//: says = "rate limiter with a sliding-window bucket per client key; keys come and go but buckets are never swept (serves pprof)"
//: kind = "leak"
//: causes = ["session-state", "unbounded-cache"]
//: holder = ["Limiter", "buckets"]
//: per_s = 300
//: limit_mib = 512
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	slotCount = 720
	slotWidth = 50 * time.Millisecond
	idleFor   = 2 * time.Second
)

// Bucket counts one client's requests in slots of a sliding window.
type Bucket struct {
	owner    string
	slots    []int64
	lastSlot int64
	lastSeen time.Time
	total    int64
}

func (b *Bucket) hit(now time.Time) int64 {
	slot := now.UnixNano() / int64(slotWidth)
	if gap := slot - b.lastSlot; gap > 0 {
		for i := int64(1); i <= gap && i <= slotCount; i++ {
			at := (b.lastSlot + i) % slotCount
			b.total -= b.slots[at]
			b.slots[at] = 0
		}
		b.lastSlot = slot
	}
	b.slots[slot%slotCount]++
	b.total++
	b.lastSeen = now
	return b.total
}

// Limiter decides per client whether a request may pass.
type Limiter struct {
	mu      sync.Mutex
	limit   int64
	buckets map[string]*Bucket
	calls   int
}

// Allow counts the request and tells whether it is within the limit.
func (l *Limiter) Allow(client string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.calls%256 == 0 { //~ fixed
		l.sweep(now) //~ fixed
	} //~ fixed
	b, ok := l.buckets[client]
	if !ok {
		b = &Bucket{owner: client, slots: make([]int64, slotCount)}
		l.buckets[client] = b
	}
	return b.hit(now) <= l.limit
}

func (l *Limiter) sweep(now time.Time) {
	for client, b := range l.buckets {
		if now.Sub(b.lastSeen) > idleFor {
			delete(l.buckets, client)
		}
	}
}

// Journal is a ring of the last decisions.
type Journal struct {
	mu   sync.Mutex
	ring [512]string
	at   int
}

// Note writes a decision into the ring.
func (j *Journal) Note(client string, passed bool) {
	j.mu.Lock()
	j.ring[j.at%len(j.ring)] = client + "=" + strconv.FormatBool(passed)
	j.at++
	j.mu.Unlock()
}

func limited(l *Limiter, j *Journal, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		client := "key-" + r.PathValue("client")
		passed := l.Allow(client, time.Now())
		j.Note(client, passed)
		if !passed {
			w.Header().Set("X-Limited", "soon")
		}
		next(w, r)
	}
}

func hello(w http.ResponseWriter, r *http.Request) {
	body := "welcome, client " + r.PathValue("client") + "\n"
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write([]byte(body))
}

func main() {
	limiter := &Limiter{limit: 600, buckets: map[string]*Bucket{}}
	http.HandleFunc("GET /{client}", limited(limiter, &Journal{}, hello))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(ln, nil)) }()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
