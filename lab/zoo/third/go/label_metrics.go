//: says = "a latency histogram vector has the raw request path and the trace id as labels, so each request makes a new child with its own buckets"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["HistogramVec", "children"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"fmt"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

type Bucket struct {
	UpperBound float64
	Count      uint64
	Exemplar   *Exemplar
}

type Exemplar struct {
	Labels map[string]string
	Value  float64
	At     time.Time
}

type Histogram struct {
	mu      sync.Mutex
	buckets []*Bucket
	sum     float64
	total   uint64
}

func newHistogram(bounds []float64) *Histogram {
	h := &Histogram{}
	for _, b := range bounds {
		h.buckets = append(h.buckets, &Bucket{UpperBound: b, Exemplar: &Exemplar{Labels: map[string]string{"le": fmt.Sprint(b)}}})
	}
	return h
}

func (h *Histogram) Observe(v float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := sort.Search(len(h.buckets), func(i int) bool { return h.buckets[i].UpperBound >= v })
	if i < len(h.buckets) {
		h.buckets[i].Count++
		h.buckets[i].Exemplar.Value = v
		h.buckets[i].Exemplar.At = time.Now()
	}
	h.sum += v
	h.total++
}

type HistogramVec struct {
	mu       sync.RWMutex
	names    []string
	bounds   []float64
	children map[string]*Histogram
}

func (v *HistogramVec) With(values ...string) *Histogram {
	key := strings.Join(values, "\xff")
	v.mu.RLock()
	h, ok := v.children[key]
	v.mu.RUnlock()
	if ok {
		return h
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if h, ok = v.children[key]; !ok {
		h = newHistogram(v.bounds)
		v.children[key] = h
	}
	return h
}

var latency = &HistogramVec{
	names:    []string{"method", "route"},
	children: make(map[string]*Histogram),
}

func instrument(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t0 := time.Now()
		next(w, r)
		route := r.URL.Path  //~ leak
		route := "/:article" //~ fixed
		latency.With(r.Method, route).Observe(time.Since(t0).Seconds())
	}
}

var texts sync.Map

func article(w http.ResponseWriter, r *http.Request) {
	slug := strings.Trim(r.URL.Path, "/")
	section := len(slug)*10 + int(slug[len(slug)-1]-'0')
	v, _ := texts.LoadOrStore(section, strings.Repeat(fmt.Sprintf("section %d. ", section), 8))
	fmt.Fprintf(w, "%s: %s", slug, v)
}

func main() {
	for e := -4.0; e < 1; e += 0.3 {
		latency.bounds = append(latency.bounds, math.Round(math.Pow(10, e)*1e5)/1e5)
	}
	http.HandleFunc("GET /{id}", instrument(article))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	go func() { log.Fatal(srv.Serve(l)) }()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), l.Addr().(*net.TCPAddr).Port)
	_, _ = io.ReadAll(os.Stdin)
	os.Exit(0)
}
