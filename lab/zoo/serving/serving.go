package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync/atomic"
)

// serve answers each GET with what handle says, beside net/http/pprof, until standard input closes.
func serve(handle func(number int, path string) string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var served atomic.Int64
	http.HandleFunc("/", func(to http.ResponseWriter, request *http.Request) {
		io.WriteString(to, handle(int(served.Add(1)), request.URL.Path))
	})
	go http.Serve(listener, nil)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
