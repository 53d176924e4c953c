package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"
)

// face is what is served, and may change while it runs: "pprof", "profiles" (no index), "metrics", "html", "missing",
// "login", "silent", "ends" (it closes what it was asked on), "endless"; "none" listens nowhere.
//
// Profiles are those of runtime/pprof, under net/http/pprof's names. That package itself would take half a minute to
// build, for all that it imports; its page is told as it tells it.
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
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go converse(connection, path)
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func converse(connection net.Conn, path string) {
	defer connection.Close()
	lines := bufio.NewReader(connection)
	first, _ := lines.ReadString('\n')
	for line := first; len(line) > 2; {
		line, _ = lines.ReadString('\n')
	}
	words := strings.Fields(first)
	if len(words) == 3 {
		asked, query, _ := strings.Cut(words[1], "?")
		show(face.Load().(string), path, asked, query, connection)
	}
}

func show(name, path, asked, query string, to net.Conn) {
	profile := strings.TrimPrefix(asked, path)
	below := profile != asked
	profiles := name == "pprof" || name == "profiles"
	switch {
	case name == "html":
		reply(to, "200 OK", "text/html", []byte("<!doctype html><title>shop</title><p>welcome"))
	case name == "login":
		reply(to, "401 Unauthorized", "text/plain", []byte("who are you?"))
	case name == "silent":
		io.Copy(io.Discard, to)
	case name == "ends":
	case name == "endless":
		fmt.Fprint(to, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n")
		for {
			if _, err := fmt.Fprint(to, strings.Repeat("profile ", 128)); err != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	case name == "metrics" && asked == "/metrics":
		reply(to, "200 OK", "text/plain", metrics())
	case name == "pprof" && below && profile == "":
		reply(to, "200 OK", "text/html", index())
	case profiles && below && pprof.Lookup(profile) != nil:
		reply(to, "200 OK", "application/octet-stream", written(pprof.Lookup(profile), query))
	default:
		reply(to, "404 Not Found", "text/plain", []byte("404 page not found\n"))
	}
}

func reply(to io.Writer, status, kind string, body []byte) {
	head := "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
	fmt.Fprintf(to, head, status, kind, len(body))
	to.Write(body)
}

func written(profile *pprof.Profile, query string) []byte {
	debug := 0
	for _, word := range strings.Split(query, "&") {
		fmt.Sscanf(word, "debug=%d", &debug)
		if word == "gc=1" {
			runtime.GC()
		}
	}
	var made bytes.Buffer
	profile.WriteTo(&made, debug)
	return made.Bytes()
}

func index() []byte {
	var page bytes.Buffer
	page.WriteString("<html>\n<head>\n<title>/debug/pprof/</title>\n</head>\n<body>\nTypes of profiles available:\n<table>\n")
	for _, each := range pprof.Profiles() {
		name := each.Name()
		fmt.Fprintf(&page, "<tr><td>%d</td><td><a href='%s?debug=1'>%s</a></td></tr>\n", each.Count(), name, name)
	}
	page.WriteString("</table>\n</body>\n</html>\n")
	return page.Bytes()
}

func metrics() []byte {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	var page bytes.Buffer
	fmt.Fprintf(&page, "# TYPE go_goroutines gauge\ngo_goroutines %d\n", runtime.NumGoroutine())
	fmt.Fprintf(&page, "go_memstats_heap_inuse_bytes %g\n", float64(stats.HeapInuse))
	fmt.Fprintf(&page, "go_memstats_stack_inuse_bytes %g\n", float64(stats.StackInuse))
	return page.Bytes()
}
