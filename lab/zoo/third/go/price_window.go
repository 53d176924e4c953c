//: says = "quotes are kept in a clock-evicted cache of 6000 entries that is full after some twenty seconds, and a capped temporary spool grows the page cache meanwhile"
//: kind = "healthy"
//: per_s = 300
//: limit_mib = 512
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
)

type leg struct {
	From, To string
	Price    float64
	Steps    []float64
}

type quote struct {
	ID   string
	Legs []*leg
}

type entry struct {
	q    *quote
	slot int
	ref  bool
}

// clockCache holds at most len(ring) quotes, second-chance eviction.
type clockCache struct {
	mu    sync.Mutex
	byID  map[string]*entry
	ring  []*entry
	hand  int
	evict int
}

func newClockCache(size int) *clockCache {
	return &clockCache{byID: make(map[string]*entry), ring: make([]*entry, size)}
}

func (c *clockCache) get(id string, build func() *quote) *quote {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok {
		e.ref = true
		return e.q
	}
	for c.ring[c.hand] != nil && c.ring[c.hand].ref {
		c.ring[c.hand].ref = false
		c.hand = (c.hand + 1) % len(c.ring)
	}
	if old := c.ring[c.hand]; old != nil {
		delete(c.byID, old.q.ID)
		c.evict++
	}
	e := &entry{q: build(), slot: c.hand}
	c.ring[c.hand], c.byID[id] = e, e
	c.hand = (c.hand + 1) % len(c.ring)
	return e.q
}

type spool struct {
	mu  sync.Mutex
	f   *os.File
	buf *bufio.Writer
	n   int64
}

const spoolCap = 20 << 20

func (s *spool) write(q *quote) error {
	b, err := json.Marshal(q)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n += int64(len(b)); s.n > spoolCap {
		s.buf.Flush()
		s.f.Seek(0, io.SeekStart)
		s.n = int64(len(b))
	}
	_, err = s.buf.Write(b)
	return err
}

func build(id string) *quote {
	q := &quote{ID: id}
	for i := 0; i < 16; i++ {
		l := &leg{From: fmt.Sprintf("%s-a%d", id, i), To: fmt.Sprintf("%s-b%d", id, i), Price: float64(i) * 3.5}
		for k := 0; k < 24; k++ {
			l.Steps = append(l.Steps, l.Price+float64(k)/10)
		}
		q.Legs = append(q.Legs, l)
	}
	return q
}

func main() {
	f, err := os.CreateTemp("", "spool")
	if err != nil {
		log.Fatal(err)
	}
	os.Remove(f.Name())
	cache, sp := newClockCache(6000), &spool{f: f, buf: bufio.NewWriter(f)}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := "q" + strings.TrimPrefix(r.URL.Path, "/")
		q := cache.get(id, func() *quote { return build(id) })
		if err := sp.write(q); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "%s with %d legs at %.2f\n", q.ID, len(q.Legs), q.Legs[3].Price)
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(ln, h)) }()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
