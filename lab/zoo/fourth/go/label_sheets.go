//: says = "Printer caches composed label sheets in a map whose struct key holds a pointer to the request's options, so equal options compare as different keys and every request adds a sheet"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["Printer", "sheets"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

type Options struct {
	DPI     int
	Margin  int
	Rotated bool
}

type sheetKey struct {
	template string
	options  *Options //~ leak
	options  Options //~ fixed
}

type cell struct {
	row, col int
	text     string
	width    float64
}

type sheet struct {
	cells []*cell
	area  float64
}

type Printer struct {
	mu     sync.RWMutex
	sheets map[sheetKey]*sheet
	made   int
	reused int
}

func compose(template string, o *Options) *sheet {
	s := &sheet{}
	for row := 0; row < 8; row++ {
		for col := 0; col < 8; col++ {
			c := &cell{row: row, col: col, text: strings.Repeat(template[:1], 3) + strconv.Itoa(row*o.DPI+col*o.Margin)}
			c.width = float64(len(c.text)*o.DPI)/25.4 + float64(o.Margin)
			if o.Rotated {
				c.row, c.col = col, row
			}
			s.area += c.width * 4
			s.cells = append(s.cells, c)
		}
	}
	return s
}

func (p *Printer) sheet(template string, o *Options) *sheet {
	key := sheetKey{template, o} //~ leak
	key := sheetKey{template, *o} //~ fixed
	p.mu.RLock()
	s, ok := p.sheets[key]
	p.mu.RUnlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if ok {
		p.reused++
		return s
	}
	s = compose(template, o)
	p.sheets[key] = s
	p.made++
	return s
}

var templates = []string{"address", "barcode", "cold-chain", "fragile", "pallet"}

func parseOptions(n int) *Options {
	return &Options{DPI: 150 * (1 + n%4), Margin: 2 + n%6, Rotated: n%3 == 0}
}

func (p *Printer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		http.Error(w, "bad job number", http.StatusBadRequest)
		return
	}
	s := p.sheet(templates[n%len(templates)], parseOptions(n))
	var line strings.Builder
	for _, c := range s.cells[:8] {
		fmt.Fprintf(&line, "%s@%.1f ", c.text, c.width)
	}
	fmt.Fprintf(w, "job %d area %.0f: %s\n", n, s.area, line.String())
}

func main() {
	printer := &Printer{sheets: make(map[sheetKey]*sheet)}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(ln, printer)) }()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
