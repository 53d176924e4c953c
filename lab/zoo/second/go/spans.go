//: says = "in-house tracer keeps open spans in a map until End; the pricing span is ended on the error path only, so every good request leaves its span open (no pprof)"
//: kind = "leak"
//: causes = ["static-collection"]
//: holder = ["Tracer", "open"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// Attr is a key with a value, attached to a span.
type Attr struct{ Key, Value string }

// Span is one timed piece of work.
type Span struct {
	tracer *Tracer
	id     uint64
	parent uint64
	name   string
	start  time.Time
	attrs  []Attr
}

// Set attaches an attribute.
func (s *Span) Set(key, value string) { s.attrs = append(s.attrs, Attr{key, value}) }

// End closes the span and hands it to the exporter's ring.
func (s *Span) End() { s.tracer.finish(s) }

// Tracer knows the open spans and the last finished ones.
type Tracer struct {
	mu       sync.Mutex
	next     uint64
	open     map[uint64]*Span
	finished [256]*Span
	exported int
}

var tracer = &Tracer{open: make(map[uint64]*Span)}

// Start opens a span below parent (nil for a root).
func (t *Tracer) Start(name string, parent *Span) *Span {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	span := &Span{tracer: t, id: t.next, name: name, start: time.Now()}
	if parent != nil {
		span.parent = parent.id
	}
	t.open[span.id] = span
	return span
}

func (t *Tracer) finish(s *Span) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.open[s.id]; ok {
		delete(t.open, s.id)
		t.finished[t.exported%len(t.finished)] = s
		t.exported++
	}
}

type basket struct {
	id    int
	items []int
}

type shop struct{ prices []float64 }

var errEmpty = errors.New("empty basket")

func (s *shop) load(n int, parent *Span) *basket {
	span := tracer.Start("load", parent)
	defer span.End()
	b := &basket{id: n}
	for i := 0; n%400 != 0 && i < n%13+40; i++ {
		b.items = append(b.items, (n*31+i*17)%len(s.prices))
	}
	return b
}

func (s *shop) price(b *basket, parent *Span) (float64, error) {
	span := tracer.Start("price", parent)
	defer span.End() //~ fixed
	if len(b.items) == 0 {
		span.Set("error", errEmpty.Error())
		span.End()
		return 0, errEmpty
	}
	sum := 0.0
	for i, item := range b.items {
		sum += s.prices[item]
		span.Set("basket."+strconv.Itoa(b.id)+".line."+strconv.Itoa(i), fmt.Sprintf("%d at %.2f", item, s.prices[item]))
	}
	return sum, nil
}

func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.URL.Path[1:])
	root := tracer.Start("GET /basket", nil)
	defer root.End()
	sum, err := s.price(s.load(n, root), root)
	body := fmt.Sprintf("basket %d costs %.2f\n", n, sum)
	if err != nil {
		body = fmt.Sprintf("basket %d: %v\n", n, err)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write([]byte(body))
}

func main() {
	s := &shop{prices: make([]float64, 3000)}
	for i := range s.prices {
		s.prices[i] = float64(i%700) + 0.95
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(ln, s)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
