package main

import "runtime"

var last []byte

// Subscribe leaks: a goroutine waits for a message that nobody sends, and keeps its basket.
func Subscribe(number int) {
	basket := make([]byte, 512)
	messages := make(chan int)
	go func() {
		basket[0] = byte(<-messages)
	}()
}

// Passing allocates much and keeps none of it.
func Passing(number int) {
	last = make([]byte, 10000)
	runtime.KeepAlive(last)
}
