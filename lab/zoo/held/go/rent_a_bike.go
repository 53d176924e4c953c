//: says = "Each hired bike sets an AfterFunc for an hour later that holds the hire with its track; giving the bike back does not stop it."
//: kind = "leak"
//: causes = ["timer", "closure"]
//: holder = ["(*Station).Hire"]
//: per_s = 380
//: for_s = 20
//: limit_mib = 512

// Bike hire: a bike that is not given back within the hour is reported.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

type Point struct{ Lat, Lon float32 }

type Hire struct {
	Number   int
	Rider    string
	Track    []Point
	Returned bool
	overdue  *time.Timer
}

type Station struct {
	mu     sync.Mutex
	bikes  map[int]bool
	hires  map[int]*Hire
	serial int
	missed int
}

type Bell struct {
	mu   sync.Mutex
	last [16]string
	at   int
}

func (b *Bell) Ring(text string) {
	b.mu.Lock()
	b.last[b.at%len(b.last)] = text
	b.at++
	b.mu.Unlock()
}

func NewStation(bikes int) *Station {
	s := &Station{bikes: make(map[int]bool), hires: make(map[int]*Hire)}
	for i := 0; i < bikes; i++ {
		s.bikes[i] = true
	}
	return s
}

func (s *Station) Hire(bell *Bell) *Hire {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	hire := &Hire{Number: s.serial, Rider: fmt.Sprintf("rider %d", s.serial%900), Track: make([]Point, 0, 850)}
	hire.overdue = time.AfterFunc(time.Hour, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !hire.Returned {
			s.missed++
			bell.Ring(fmt.Sprintf("%s is overdue after %d points", hire.Rider, len(hire.Track)))
		}
	})
	s.hires[hire.Number] = hire
	return hire
}

func (s *Station) Ride(hire *Hire) {
	for i := 0; i < cap(hire.Track); i++ {
		hire.Track = append(hire.Track, Point{55 + float32(i)/1000, 12 - float32(i*hire.Number%77)/1000})
	}
}

func (s *Station) Return(hire *Hire) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	hire.Returned = true
	hire.overdue.Stop() //~ fixed
	delete(s.hires, hire.Number)
	return len(s.hires)
}

func serve(conn net.Conn, s *Station, bell *Bell) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if strings.TrimSpace(line) != "" {
			continue
		}
		hire := s.Hire(bell)
		s.Ride(hire)
		out := s.Return(hire)
		body := fmt.Sprintf("%d by %s, %d out\n", hire.Number, hire.Rider, out)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
}

func main() {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	station, bell := NewStation(200), &Bell{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn, station, bell)
		}
	}()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	for buffer := make([]byte, 256); ; {
		if _, err := os.Stdin.Read(buffer); err != nil {
			return
		}
	}
}
