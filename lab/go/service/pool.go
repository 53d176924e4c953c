package main

import "sync"

const workers = 32

var (
	jobs    = make(chan int)
	results [1024][]byte
	start   sync.Once
)

// compute hands a job to a pool that has a bound. Results are kept in a ring.
func compute(number int) {
	start.Do(func() {
		for i := 0; i < workers; i++ {
			go worker()
		}
	})
	jobs <- number
}

func worker() {
	for number := range jobs {
		results[number%len(results)] = newBasket(number)
	}
}
