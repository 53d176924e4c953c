//: says = "healthy: a 50 MB tile index, and per request a goroutine that lingers 4 seconds over the answered tile for late viewers, so goroutines and heap rise at first and then hold (serves pprof)"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
package main

import (
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const linger = 4 * time.Second

// Tile is a rendered square of the map.
type Tile struct {
	number int
	pixels []byte
	views  int
}

// Index holds the terrain from which tiles are drawn.
type Index struct {
	heights [][]int32
}

func newIndex(rows, cols int) *Index {
	index := &Index{heights: make([][]int32, rows)}
	for y := range index.heights {
		row := make([]int32, cols)
		for x := range row {
			row[x] = int32((x*y + x ^ y) % 2900)
		}
		index.heights[y] = row
	}
	return index
}

var strips = sync.Pool{New: func() any { return make([]int32, 1024) }}

func (ix *Index) draw(n int) *Tile {
	strip := strips.Get().([]int32)
	defer strips.Put(strip)
	tile := &Tile{number: n, pixels: make([]byte, 6*1024)}
	row := ix.heights[n*37%len(ix.heights)]
	copy(strip, row[n*11%(len(row)-1024):])
	for i := range tile.pixels {
		tile.pixels[i] = byte(strip[i%len(strip)] >> 4)
	}
	return tile
}

// Server draws tiles and keeps each at hand for a short while.
type Server struct {
	index *Index
	mu    sync.Mutex
	warm  map[int]*Tile
	drawn int
}

func (s *Server) tile(n int) *Tile {
	s.mu.Lock()
	defer s.mu.Unlock()
	if tile, ok := s.warm[n]; ok {
		tile.views++
		return tile
	}
	tile := s.index.draw(n)
	s.drawn++
	s.warm[n] = tile
	go s.attend(tile)
	return tile
}

func (s *Server) attend(tile *Tile) {
	seen := 0
	for {
		time.Sleep(linger)
		s.mu.Lock()
		if tile.views == seen {
			delete(s.warm, tile.number)
			s.mu.Unlock()
			return
		}
		seen = tile.views
		s.mu.Unlock()
	}
}

func (s *Server) count() (warm, drawn int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.warm), s.drawn
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil || n < 0 {
		n = 0
	}
	tile := s.tile(n)
	warm, drawn := s.count()
	body := fmt.Sprintf("tile %d crc %08x, %d warm of %d drawn\n", n, crc32.ChecksumIEEE(tile.pixels), warm, drawn)
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write([]byte(body))
}

func main() {
	server := &Server{index: newIndex(3200, 4096), warm: make(map[int]*Tile)}
	http.HandleFunc("/", server.handle)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, nil)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), listener.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
