package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	rpprof "runtime/pprof"
	"strings"
	"sync/atomic"
	"time"
)

// face is what is served, and may change while it runs: "pprof", "profiles" (no index), "metrics", "html", "missing",
// "login", "silent", "ends" (it closes what it was asked on), "endless"; "none" listens nowhere.
var face atomic.Value

func serve(name, path string) int {
	face.Store(name)
	if name == "none" {
		return 0
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		show(face.Load().(string), path, w, r)
	}))
	return listener.Addr().(*net.TCPAddr).Port
}

func show(name, path string, w http.ResponseWriter, r *http.Request) {
	below := strings.HasPrefix(r.URL.Path, path)
	profile := strings.TrimPrefix(r.URL.Path, path)
	switch {
	case name == "html":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintln(w, "<!doctype html><title>shop</title><p>welcome")
	case name == "login":
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case name == "silent":
		<-r.Context().Done()
	case name == "ends":
		panic(http.ErrAbortHandler)
	case name == "endless":
		for r.Context().Err() == nil {
			fmt.Fprint(w, strings.Repeat("profile ", 128))
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	case name == "metrics" && r.URL.Path == "/metrics":
		metrics(w)
	case name == "pprof" && below && profile == "":
		r.URL.Path = "/debug/pprof/"
		pprof.Index(w, r)
	case (name == "pprof" || name == "profiles") && below && rpprof.Lookup(profile) != nil:
		pprof.Handler(profile).ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

func metrics(w http.ResponseWriter) {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Fprintf(w, "# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(w, "go_memstats_heap_inuse_bytes %g\n", float64(stats.HeapInuse))
	fmt.Fprintf(w, "go_memstats_stack_inuse_bytes %g\n", float64(stats.StackInuse))
	fmt.Fprintf(w, "go_memstats_heap_alloc_bytes %g\n", float64(stats.HeapAlloc))
}
