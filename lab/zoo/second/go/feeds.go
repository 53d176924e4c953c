//: says = "each visitor's follower is taken out of the broker but its event channel is never closed, so the pump goroutine waits on it for ever (no pprof)"
//: kind = "leak"
//: causes = ["goroutine"]
//: holder = ["Follower).pump"]
//: per_s = 300
//: limit_mib = 512
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
)

// Event is one item of a feed.
type Event struct {
	Seq         int
	Topic, Text string
}

// Follower receives the events of one topic on behalf of one visitor.
type Follower struct {
	id     int
	topic  string
	events chan Event
	seen   []Event
	ready  sync.WaitGroup
}

func (f *Follower) pump() {
	for ev := range f.events {
		f.seen = append(f.seen, ev)
		f.ready.Done()
	}
}

// Broker knows who follows which topic.
type Broker struct {
	mu        sync.Mutex
	followers map[*Follower]struct{}
	history   map[string][]Event
	seq       int
}

// Follow starts a follower and replays the topic's history to it.
func (b *Broker) Follow(id int, topic string) *Follower {
	f := &Follower{id: id, topic: topic, events: make(chan Event, 96)}
	go f.pump()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.followers[f] = struct{}{}
	for _, ev := range b.history[topic] {
		f.ready.Add(1)
		f.events <- ev
	}
	return f
}

// Unfollow ends the visitor's interest.
func (b *Broker) Unfollow(f *Follower) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.followers, f)
	close(f.events) //~ fixed
}

// Publish adds an event and hands it to the followers of its topic.
func (b *Broker) Publish(topic, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seq++
	ev := Event{Seq: b.seq, Topic: topic, Text: text}
	past := append(b.history[topic], ev)
	if len(past) > 16 {
		past = append([]Event(nil), past[len(past)-16:]...)
	}
	b.history[topic] = past
	for f := range b.followers {
		if f.topic == topic {
			f.ready.Add(1)
			f.events <- ev
		}
	}
}

func (b *Broker) visit(n int) string {
	topic := "topic-" + strconv.Itoa(n%25)
	f := b.Follow(n, topic)
	b.Publish(topic, fmt.Sprintf("visitor %d came by", n))
	f.ready.Wait()
	b.Unfollow(f)
	return fmt.Sprintf("%s: %d events for visitor %d\n", topic, len(f.seen), f.id)
}

func (b *Broker) converse(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		for header := line; strings.TrimSpace(header) != ""; {
			if header, err = in.ReadString('\n'); err != nil {
				return
			}
		}
		number, _, _ := strings.Cut(strings.TrimPrefix(line, "GET /"), " ")
		n, _ := strconv.Atoi(number)
		body := b.visit(n)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
}

func main() {
	broker := &Broker{followers: make(map[*Follower]struct{}), history: make(map[string][]Event)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			go broker.converse(conn)
		}
	}()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	io.ReadAll(os.Stdin)
}
