//: says = "Every request starts a goroutine that follows a ferry for six seconds with its own buffer; their number levels off at six seconds' worth."
//: kind = "healthy"
//: causes = []
//: holder = []
//: per_s = 340
//: for_s = 20
//: limit_mib = 512

// Ferry line: whoever asks for a ferry is told of it for a while, into a buffer that can be fetched.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

type ferry struct {
	name string
	km   float64
}

type line struct {
	mu        sync.Mutex
	ferries   []ferry
	followers map[int]*follower
	serial    int
}

type follower struct {
	number int
	log    []byte
}

func (l *line) sail(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.mu.Lock()
			for i := range l.ferries {
				l.ferries[i].km += 0.1
			}
			l.mu.Unlock()
		}
	}
}

func (l *line) follow(ctx context.Context, f *follower, ship int) {
	ctx, cancel := context.WithTimeout(ctx, 6*time.Second)
	defer cancel()
	tick := time.NewTicker(1500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.mu.Lock()
			f.log = fmt.Appendf(f.log, "%s %.1f km;", l.ferries[ship].name, l.ferries[ship].km)
			l.mu.Unlock()
		case <-ctx.Done():
			l.mu.Lock()
			delete(l.followers, f.number)
			l.mu.Unlock()
			return
		}
	}
}

func (l *line) begin(ctx context.Context) (int, int) {
	f := &follower{log: make([]byte, 0, 6144)}
	l.mu.Lock()
	l.serial++
	f.number = l.serial
	l.followers[f.number] = f
	count, ship := len(l.followers), f.number%len(l.ferries)
	l.mu.Unlock()
	go l.follow(ctx, f, ship)
	return f.number, count
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	l := &line{ferries: []ferry{{"Aurora", 3}, {"Boreas", 9}, {"Castor", 14}}, followers: map[int]*follower{}}
	go l.sail(ctx)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		number, count := l.begin(ctx)
		fmt.Fprintf(w, "follower %d of %d\n", number, count)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := http.Server{Handler: mux}
	go server.Serve(listener)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
	}
	stop()
	server.Close()
}
