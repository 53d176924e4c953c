//: says = "each order gets a context with a deadline of a day, derived from the server's; cancel is called on the way of an error only, so its timer keeps the order"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["Desk).Place"]
//: per_s = 300
//: for_s = 20
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

type orderKey struct{}

// Order is what was asked for, as it came.
type Order struct {
	number int
	sheet  []byte
}

func readOrder(number int) *Order {
	order := &Order{number, make([]byte, 7000)}
	copy(order.sheet, fmt.Sprintf("order %d: rope, tar, canvas", number))
	return order
}

// Shelf counts what is left of each good.
type Shelf struct {
	mu   sync.Mutex
	left map[string]int
}

func (s *Shelf) Take(ctx context.Context, good string) error {
	order, _ := ctx.Value(orderKey{}).(*Order)
	s.mu.Lock()
	defer s.mu.Unlock()
	if order == nil || order.number%1000 == 0 {
		return errors.New("nothing to take " + good + " for")
	}
	s.left[good]--
	if s.left[good] < 0 {
		s.left[good] = 1000
	}
	return nil
}

type Desk struct {
	ctx   context.Context
	shelf *Shelf
}

func (d *Desk) Place(number int) string {
	ctx := context.WithValue(d.ctx, orderKey{}, readOrder(number))
	ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
	defer cancel() //~ fixed
	if err := d.shelf.Take(ctx, "rope"); err != nil {
		cancel()
		return err.Error()
	}
	return fmt.Sprintf("order %d is placed\n", number)
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	desk := &Desk{ctx, &Shelf{left: map[string]int{"rope": 1000, "tar": 400}}}
	serve(func(number int, path string) string { return desk.Place(number) })
}
