// Runs out of its address space.
package main

import "fmt"

var kept [][]byte

func fill() {
	for {
		page := make([]byte, 16<<20)
		for at := 0; at < len(page); at += 4096 {
			page[at] = 1
		}
		kept = append(kept, page)
	}
}

func main() {
	fmt.Println("ready")
	fill()
}
