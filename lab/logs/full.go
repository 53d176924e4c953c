// Runs out of its address space.
package main

var kept [][]byte

func fill() {
	for {
		kept = append(kept, make([]byte, 16<<20))
	}
}

func main() {
	println("ready")
	fill()
}
