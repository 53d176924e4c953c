//: says = "the price lists of 10000 stores are loaded lazily at a store's first request, one new store per request for 40 seconds, after which all are loaded and each request only makes garbage"
//: kind = "healthy"
//: per_s = 250
//: limit_mib = 512
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sort"
	"strconv"
	"sync"
)

const storeCount = 10000

type Price struct {
	Article string `json:"article"`
	Cents   int    `json:"cents"`
	Promo   bool   `json:"promo,omitempty"`
}

type Store struct {
	once   sync.Once
	number int
	byName map[string]*Price
	names  []string
}

func (s *Store) load() {
	s.byName = make(map[string]*Price)
	for i := 0; i < 40; i++ {
		name := fmt.Sprintf("art-%05d", (s.number*131+i*977)%100000)
		s.byName[name] = &Price{Article: name, Cents: 99 + (s.number*i)%5000, Promo: i%9 == 0}
		s.names = append(s.names, name)
	}
	sort.Strings(s.names)
}

type Chain struct {
	stores []*Store
}

func (c *Chain) store(number int) *Store {
	s := c.stores[number]
	s.once.Do(s.load)
	return s
}

func (c *Chain) handle(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Path[1:])
	if err != nil {
		http.NotFound(w, r)
		return
	}
	s := c.store(n * 7919 % storeCount)

	offers := make([]Price, 0, len(s.names))
	for _, name := range s.names {
		p := *s.byName[name]
		if p.Promo {
			p.Cents = p.Cents * 9 / 10
		}
		offers = append(offers, p)
	}
	sort.Slice(offers, func(i, j int) bool { return offers[i].Cents < offers[j].Cents })
	var page bytes.Buffer
	if err := json.NewEncoder(&page).Encode(offers); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "store %d: %d articles, %d bytes, cheapest %s at %d\n",
		s.number, len(offers), page.Len(), offers[0].Article, offers[0].Cents)
}

func main() {
	chain := &Chain{stores: make([]*Store, storeCount)}
	for i := range chain.stores {
		chain.stores[i] = &Store{number: i}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", chain.handle)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(http.Serve(ln, mux)) }()
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
