//: says = "a currency desk asks three banks for each request and takes the first quote; the others wait for good to hand theirs over a channel without room"
//: kind = "leak"
//: causes = ["goroutine"]
//: holder = ["chan send", "Desk).Best"]
//: per_s = 200
//: for_s = 20
package main

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Quote is what a bank offers, with the statement that it signed.
type Quote struct {
	bank      string
	rate      float64
	statement []byte
}

type Bank struct {
	name   string
	spread float64
}

func (b *Bank) Quote(pair string) Quote {
	statement := make([]byte, 3000)
	copy(statement, b.name+" offers "+pair)
	return Quote{b.name, 1.08 + b.spread, statement}
}

// Ledger keeps the last trades.
type Ledger struct {
	mu    sync.Mutex
	last  [256]string
	count int
}

func (l *Ledger) Write(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[l.count%len(l.last)] = line
	l.count++
}

type Desk struct {
	banks  []*Bank
	ledger Ledger
}

// Best is the first quote that comes in.
func (d *Desk) Best(pair string) (Quote, error) {
	quotes := make(chan Quote) //~ leak
	quotes := make(chan Quote, len(d.banks)) //~ fixed
	for _, bank := range d.banks {
		go func(bank *Bank) {
			quotes <- bank.Quote(pair)
		}(bank)
	}
	select {
	case quote := <-quotes:
		return quote, nil
	case <-time.After(time.Second):
		return Quote{}, errors.New("no bank answers")
	}
}

func main() {
	desk := &Desk{banks: []*Bank{{"north", 0.001}, {"harbour", 0.002}, {"guild", 0.0015}}}
	serve(func(number int, path string) string {
		quote, err := desk.Best("EUR" + strings.ToUpper(path[1:]))
		if err != nil {
			return err.Error()
		}
		desk.ledger.Write(fmt.Sprintf("%d %s %.4f", number, quote.bank, quote.rate))
		return fmt.Sprintf("%s %.4f\n", quote.bank, quote.rate)
	})
}
