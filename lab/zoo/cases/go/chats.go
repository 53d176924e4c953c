//: says = "a chat has a goroutine for each of six hundred rooms, which all stand in select most of the time, and keeps the last lines of each: many, and no more than that"
//: kind = "healthy"
//: per_s = 300
//: for_s = 20
//: warm = 6000
package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const rooms, lines = 600, 8

type Line struct {
	from string
	at   time.Time
	text []byte
}

// Room is run by one goroutine, which alone touches its lines.
type Room struct {
	name  string
	inbox chan Line
	asked chan chan int
	last  []Line
}

func (r *Room) run(ctx context.Context) {
	for {
		select {
		case line := <-r.inbox:
			r.last = append(r.last, line)
			if len(r.last) > lines {
				r.last = append([]Line(nil), r.last[1:]...)
			}
		case answer := <-r.asked:
			answer <- len(r.last)
		case <-ctx.Done():
			return
		}
	}
}

// House opens rooms when they are first spoken in.
type House struct {
	ctx  context.Context
	mu   sync.Mutex
	open map[int]*Room
}

func (h *House) Room(number int) *Room {
	h.mu.Lock()
	defer h.mu.Unlock()
	room, ok := h.open[number]
	if !ok {
		room = &Room{name: fmt.Sprintf("room-%d", number), inbox: make(chan Line, 4), asked: make(chan chan int)}
		h.open[number] = room
		go room.run(h.ctx)
	}
	return room
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	house := &House{ctx: ctx, open: map[int]*Room{}}
	serve(func(number int, path string) string {
		room := house.Room(number * 7919 % rooms)
		room.inbox <- Line{"guest", time.Now(), make([]byte, 6000)}
		answer := make(chan int)
		room.asked <- answer
		return fmt.Sprintf("%s: %d lines\n", room.name, <-answer)
	})
}
