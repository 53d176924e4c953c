// A shop that leaks in three places. Each line on standard input is "serve N" or "dump FILE"; it answers "served N" or
// "dumped FILE".
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
)

func main() {
	runtime.MemProfileRate = 4096
	served := 0
	lines := bufio.NewScanner(os.Stdin)
	fmt.Println("ready")
	for lines.Scan() {
		verb, word, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "serve":
			var count int
			fmt.Sscan(word, &count)
			for i := 0; i < count; i++ {
				serve(served)
				served++
			}
			fmt.Println("served", served)
		case "dump":
			dump(word)
			fmt.Println("dumped", word)
		}
	}
}

func serve(number int) {
	store.Put(fmt.Sprintf("session-%d", number), number)
	Subscribe(number)
	Passing(number)
}

func dump(path string) {
	runtime.GC()
	file, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := pprof.WriteHeapProfile(file); err != nil {
		panic(err)
	}
}
