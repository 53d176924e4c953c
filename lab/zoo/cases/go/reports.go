//: says = "a report is drawn in large buffers and the last sixty-four are kept: the heap doubles between collections and falls back"
//: kind = "healthy"
//: per_s = 60
//: for_s = 20
//: warm = 200
package main

import (
	"bytes"
	"fmt"
	"sync"
)

// Row is one line of sales.
type Row struct {
	harbour string
	tons    [12]float64
}

type Book struct {
	rows []Row
}

func newBook() *Book {
	book := &Book{}
	for number := 0; number < 400; number++ {
		row := Row{harbour: fmt.Sprintf("harbour-%d", number)}
		for month := range row.tons {
			row.tons[month] = float64(number*month%97) / 3
		}
		book.rows = append(book.rows, row)
	}
	return book
}

func (b *Book) Report(number int) []byte {
	var page bytes.Buffer
	for _, row := range b.rows {
		fmt.Fprintf(&page, "%d %s %v\n", number, row.harbour, row.tons)
	}
	return page.Bytes()
}

// Shelf keeps what was asked for last.
type Shelf struct {
	mu    sync.Mutex
	pages [64][]byte
	next  int
}

func (s *Shelf) Put(page []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[s.next%len(s.pages)] = page
	s.next++
}

func main() {
	book, shelf := newBook(), &Shelf{}
	serve(func(number int, path string) string {
		page := book.Report(number)
		shelf.Put(page)
		return fmt.Sprintf("%d bytes\n", len(page))
	})
}
