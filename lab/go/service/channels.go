package main

// fetch leaks: it goes with the first answer, and whoever answers second waits for good, with its basket.
func fetch(number int) {
	answers := make(chan []byte)
	for _, from := range []string{"near", "far"} {
		go ask(from, number, answers)
	}
	<-answers
}

func ask(from string, number int, answers chan<- []byte) {
	basket := newBasket(number)
	copy(basket, from)
	answers <- basket
}

func newBasket(number int) []byte {
	basket := make([]byte, 16<<10)
	for at := 0; at < len(basket); at += 4096 {
		basket[at] = byte(number)
	}
	return basket
}
