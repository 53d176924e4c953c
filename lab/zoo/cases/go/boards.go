//: says = "a departures board starts a refresher with a time.Ticker for each visitor, and nobody tells it when the visitor has gone"
//: kind = "leak"
//: causes = ["goroutine", "timer"]
//: holder = ["Board).refresh", "select"]
//: per_s = 150
//: for_s = 20
package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

var harbours = []string{"Lerwick", "Kirkwall", "Stromness", "Aberdeen"}

// Board is what one visitor looks at.
type Board struct {
	harbour string
	rows    []string
	page    []byte
	done    chan struct{}
}

func newBoard(harbour string) *Board {
	board := &Board{harbour: harbour, page: make([]byte, 8000), done: make(chan struct{})}
	board.draw(time.Now())
	return board
}

func (b *Board) draw(now time.Time) {
	b.rows = b.rows[:0]
	for slot := 1; slot <= 6; slot++ {
		b.rows = append(b.rows, now.Add(time.Duration(slot)*time.Hour).Format("15:04")+" "+b.harbour)
	}
	copy(b.page, strings.Join(b.rows, "\n"))
}

// refresh draws the board anew each ten seconds.
func (b *Board) refresh(ctx context.Context) {
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			b.draw(now)
		case <-b.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

type Visitors struct {
	ctx   context.Context
	count int
}

func (v *Visitors) Show(number int) string {
	board := newBoard(harbours[number%len(harbours)])
	go board.refresh(v.ctx)
	defer close(board.done) //~ fixed
	v.count++
	return fmt.Sprintf("%s: %d departures\n", board.harbour, len(board.rows))
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	visitors := &Visitors{ctx: ctx}
	serve(func(number int, path string) string { return visitors.Show(number) })
}
