//: says = "the package-level registry keeps a family of histograms for each label set, and the raw URL path is one of the labels, so every request makes a new series"
//: kind = "leak"
//: causes = ["global", "unbounded-cache"]
//: holder = ["registry"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"fmt"
	"hash/fnv"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"sync"
	"time"
)

type histogram struct {
	bounds []float64
	counts []uint64
	sum    float64
}

func newHistogram(n int) *histogram {
	h := &histogram{bounds: make([]float64, n), counts: make([]uint64, n+1)}
	for i := range h.bounds {
		h.bounds[i] = 1e-6 * math.Pow(1.25, float64(i))
	}
	return h
}

func (h *histogram) observe(v float64) {
	i := 0
	for i < len(h.bounds) && h.bounds[i] < v {
		i++
	}
	h.counts[i]++
	h.sum += v
}

type series struct {
	labels map[string]string
	phases map[string]*histogram
	total  int
}

var registry = struct {
	sync.Mutex
	byLabels map[string]*series
}{byLabels: map[string]*series{}}

func record(method, path string, status int, phases map[string]time.Duration) {
	key := method + " " + path + " " + strconv.Itoa(status)
	registry.Lock()
	defer registry.Unlock()
	s := registry.byLabels[key]
	if s == nil {
		s = &series{
			labels: map[string]string{"method": method, "path": path, "status": strconv.Itoa(status)},
			phases: make(map[string]*histogram),
		}
		registry.byLabels[key] = s
	}
	s.total++
	for name, took := range phases {
		h := s.phases[name]
		if h == nil {
			h = newHistogram(72)
			s.phases[name] = h
		}
		h.observe(took.Seconds())
	}
}

func reading(n int) (sum uint32, mean float64) {
	h := fnv.New32a()
	for hour := 0; hour < 24; hour++ {
		fmt.Fprintf(h, "%d/%d", n, hour)
		mean += float64(h.Sum32()%4000) / 24
	}
	return h.Sum32(), mean
}

func serveReading(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	n, err := strconv.Atoi(r.URL.Path[1:])
	status := http.StatusOK
	if err != nil {
		status = http.StatusNotFound
	}
	parsed := time.Now()
	sum, mean := reading(n)
	computed := time.Now()
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	fmt.Fprintf(w, "meter %d: mean %.2f W, checksum %08x\n", n, mean, sum)

	record(r.Method, r.URL.Path, status, map[string]time.Duration{ //~ leak
	record(r.Method, "/{meter}", status, map[string]time.Duration{ //~ fixed
		"parse":   parsed.Sub(begun),
		"compute": computed.Sub(parsed),
		"write":   time.Since(computed),
		"all":     time.Since(begun),
	})
}

func main() {
	http.HandleFunc("/", serveReading)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(ln, nil)) }()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}
